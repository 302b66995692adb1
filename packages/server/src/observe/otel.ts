import {
  type Context,
  SpanKind as OtelKind,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Config } from '../config.ts'
import { within } from '../time-limit.ts'
import { traceOutgoing } from './outgoing.ts'
import { type Attributes, outside, type Span, type SpanKind, type Tracing } from './trace.ts'

const kinds: Readonly<Record<SpanKind, OtelKind>> = {
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  internal: OtelKind.INTERNAL,
}

const propagator = new W3CTraceContextPropagator()
const getter = {
  get: (carrier: Readonly<Record<string, string | string[] | undefined>>, key: string) => carrier[key],
  keys: (carrier: object) => Object.keys(carrier),
}
const setter = {
  set: (carrier: Record<string, string>, key: string, value: string) => {
    carrier[key] = value
  },
}

class Traced implements Span {
  readonly #tracer: Tracer
  readonly #context: Context
  readonly #span: OtelSpan
  #ended = false

  constructor(tracer: Tracer, parent: Context, name: string, kind: SpanKind, attributes: Attributes) {
    this.#tracer = tracer
    this.#span = tracer.startSpan(name, { kind: kinds[kind], attributes: { ...attributes } }, parent)
    this.#context = trace.setSpan(parent, this.#span)
  }

  get traceId(): string {
    return this.#span.spanContext().traceId
  }

  get traceparent(): string {
    const carrier: Record<string, string> = {}
    propagator.inject(this.#context, carrier, setter)
    return carrier.traceparent ?? ''
  }

  child(name: string, kind: SpanKind, attributes: Attributes): Span {
    return new Traced(this.#tracer, this.#context, name, kind, attributes)
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes({ ...attributes })
  }

  end(failure?: string): void {
    if (this.#ended) return
    this.#ended = true
    if (failure !== undefined)
      this.#span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', failure)
    this.#span.end()
  }
}

/** Sends outside of any span: else each export would be traced, and that exported. */
const untraced = (exporter: SpanExporter): SpanExporter => ({
  export: (spans, done) => outside(() => exporter.export(spans, done)),
  shutdown: () => outside(() => exporter.shutdown()),
  forceFlush: () => outside(async () => exporter.forceFlush?.()),
})

/** Traces by OpenTelemetry's own SDK, sent by OTLP over HTTP. Loaded by who wants them, and by nobody else. */
export function createTracing(
  { endpoint, headers, serviceName, share }: NonNullable<Config['traces']>,
  version: string,
  instanceId: string,
): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    headers: { ...headers },
    timeoutMillis: 5000,
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': serviceName,
      'service.version': version,
      'service.instance.id': instanceId,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: untraced(exporter), scheduledDelayMillis: 2000 })],
  })
  const tracer = provider.getTracer('wardline', version)
  const stopOutgoing = traceOutgoing()
  return {
    begin(name, kind, attributes, traceparent) {
      const carrier = { traceparent: Array.isArray(traceparent) ? traceparent[0] : traceparent }
      const parent = propagator.extract(ROOT_CONTEXT, carrier, getter)
      return new Traced(tracer, parent, name, kind, attributes)
    },
    async stop(limitMs) {
      stopOutgoing()
      // A collector that is away holds up no stop.
      await within(
        limitMs,
        provider.shutdown().catch(() => undefined),
        undefined,
      )
    },
  }
}

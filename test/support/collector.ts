import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import protobuf from 'protobufjs'

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly name: string
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly isError: boolean
}

export interface Collector {
  readonly url: string
  readonly spans: readonly ReceivedSpan[]
  /** What the resource says of itself, by the last export. */
  readonly resource: Readonly<Record<string, string | number | boolean>>
  readonly headers: readonly IncomingHttpHeaders[]
  close(): void
}

// Of opentelemetry-proto, what a test reads; fields that are not named here are skipped.
const { root } = protobuf.parse(`
  syntax = "proto3";
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message Status { string message = 2; int32 code = 3; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    repeated KeyValue attributes = 9; Status status = 15;
  }
  message ScopeSpans { repeated Span spans = 2; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }`)
const request = root.lookupType('ExportTraceServiceRequest')

interface Pair {
  key: string
  value: { stringValue?: string; boolValue?: boolean; intValue?: string; doubleValue?: number }
}

const toRecord = (pairs: readonly Pair[] = []): Record<string, string | number | boolean> =>
  Object.fromEntries(
    pairs.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue ?? 0),
    ]),
  )

const hex = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('hex')

/** Takes traces by OTLP over HTTP, in protobuf, as a collector does. */
export async function startCollector(): Promise<Collector> {
  const spans: ReceivedSpan[] = []
  const headers: IncomingHttpHeaders[] = []
  let resource = {}
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      headers.push(incoming.headers)
      if (incoming.url !== '/v1/traces') return response.writeHead(404).end()
      const message = request.toObject(request.decode(Buffer.concat(chunks)), {
        bytes: String,
        longs: String,
      })
      for (const one of message.resourceSpans ?? []) {
        resource = toRecord(one.resource?.attributes)
        for (const { spans: list = [] } of one.scopeSpans ?? [])
          for (const span of list)
            spans.push({
              name: span.name,
              kind: span.kind,
              traceId: hex(span.traceId),
              spanId: hex(span.spanId),
              parentSpanId: hex(span.parentSpanId),
              attributes: toRecord(span.attributes),
              isError: span.status?.code === 2,
            })
      }
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    get resource() {
      return resource
    },
    headers,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

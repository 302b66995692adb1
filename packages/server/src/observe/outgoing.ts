import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { activeSpan, failureOf, type Span } from './trace.ts'

/*
 * Requests that the server makes, by what Node and undici publish of them: nothing is patched. A span names the method
 * and the host. Paths and queries of others' addresses may let in whoever knows them, so they stay out.
 */

const field = (value: unknown, name: string): unknown => Object(value)[name]
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function begin(
  request: object,
  method: unknown,
  host: string,
  spans: WeakMap<object, Span>,
): Span | undefined {
  const name = textOf(method) || 'GET'
  const span = activeSpan()?.child(name, 'client', { 'http.request.method': name, 'server.address': host })
  if (span !== undefined) spans.set(request, span)
  return span
}

const hostOf = (origin: unknown): string => {
  const text = String(origin)
  return URL.canParse(text) ? new URL(text).hostname : ''
}

/**
 * Makes spans of requests by undici, `fetch` included, and by node:http and node:https.
 * @returns what ends that
 */
export function traceOutgoing(): () => void {
  const spans = new WeakMap<object, Span>()
  const answered = (request: object, status: unknown): void => {
    const span = spans.get(request)
    if (span === undefined) return
    spans.delete(request)
    const code = typeof status === 'number' ? status : 0
    span.set({ 'http.response.status_code': code })
    span.end(code >= 400 ? String(code) : undefined)
  }
  const failed = (request: object, error: unknown): void => {
    spans.get(request)?.end(failureOf(error))
    spans.delete(request)
  }
  const requestOf = (message: unknown): object => Object(field(message, 'request'))
  const on: readonly (readonly [channel: string, heard: (message: unknown) => void])[] = [
    [
      'undici:request:create',
      (message) => {
        const request = requestOf(message)
        const span = begin(request, field(request, 'method'), hostOf(field(request, 'origin')), spans)
        const addHeader: unknown = field(request, 'addHeader')
        if (span !== undefined && typeof addHeader === 'function')
          addHeader.call(request, 'traceparent', span.traceparent)
      },
    ],
    [
      'undici:request:headers',
      (message) => answered(requestOf(message), field(field(message, 'response'), 'statusCode')),
    ],
    ['undici:request:error', (message) => failed(requestOf(message), field(message, 'error'))],
    [
      'http.client.request.start',
      (message) => {
        const request = requestOf(message)
        begin(request, field(request, 'method'), textOf(field(request, 'host')), spans)
      },
    ],
    [
      'http.client.response.finish',
      (message) => answered(requestOf(message), field(field(message, 'response'), 'statusCode')),
    ],
    ['http.client.request.error', (message) => failed(requestOf(message), field(message, 'error'))],
  ]
  for (const [channel, heard] of on) subscribe(channel, heard)
  return () => {
    for (const [channel, heard] of on) unsubscribe(channel, heard)
  }
}

import { createServer, get, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { traceOutgoing } from '../../packages/server/src/observe/outgoing.ts'
import { type Attributes, outside, type Span, within } from '../../packages/server/src/observe/trace.ts'
import { freePort } from '../../scripts/free-port.ts'

interface Noted {
  readonly name: string
  attributes: Attributes
  failure: string | undefined
  ended: boolean
}

const noted: Noted[] = []

/** A span that writes down what is said of its children. */
const spanOf = (own?: Noted): Span => ({
  traceId: 'a'.repeat(32),
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  child(name, _kind, attributes) {
    const child: Noted = { name, attributes, failure: undefined, ended: false }
    noted.push(child)
    return spanOf(child)
  },
  set(attributes) {
    if (own) own.attributes = { ...own.attributes, ...attributes }
  },
  end(failure) {
    if (!own) return
    own.ended = true
    own.failure = failure
  },
})

const seen: IncomingHttpHeaders[] = []
const server = createServer((request, response) => {
  seen.push(request.headers)
  response.writeHead(request.url === '/no' ? 404 : 204).end()
})
let url = ''
let stop = () => {}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  stop = traceOutgoing()
})
afterAll(() => {
  stop()
  server.closeAllConnections()
  server.close()
})

const traced = async (work: () => Promise<unknown>): Promise<Noted[]> => {
  noted.length = 0
  await within(spanOf(), work)
  return [...noted]
}

const getIt = (address: string): Promise<unknown> =>
  new Promise((resolve) => {
    get(address, (response) => response.resume().on('end', resolve)).on('error', resolve)
  })

test.each([
  ['fetch', (address: string) => fetch(address).catch(() => undefined)],
  ['node:http', getIt],
])('a request by %s is a span with its host and status, and nothing of its path', async (_name, ask) => {
  expect(await traced(() => ask(`${url}/yes?key=secret`))).toEqual([
    {
      name: 'GET',
      ended: true,
      failure: undefined,
      attributes: {
        'http.request.method': 'GET',
        'server.address': '127.0.0.1',
        'http.response.status_code': 204,
      },
    },
  ])
  expect(await traced(() => ask(`${url}/no`))).toMatchObject([{ ended: true, failure: '404' }])
  const nowhere = `http://127.0.0.1:${await freePort()}/`
  expect(await traced(async () => ask(nowhere))).toMatchObject([{ ended: true, failure: 'ECONNREFUSED' }])
})

test('fetch hands the trace on; outside of one there is none, and no span', async () => {
  await traced(() => fetch(`${url}/`))
  expect(seen.at(-1)?.traceparent).toMatch(/^00-a{32}-b{16}-01$/)
  expect(await traced(() => outside(() => fetch(`${url}/`)))).toEqual([])
  expect(seen.at(-1)?.traceparent).toBeUndefined()
})

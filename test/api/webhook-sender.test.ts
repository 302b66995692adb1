import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createSender,
  type Resolve,
  type Sender,
} from '../../packages/server/src/domains/webhook-endpoints/sender.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'

let receiver: Receiver
const senders: Sender[] = []

beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(async () => {
  for (const sender of senders) await sender.close()
  await receiver.close()
})

interface Options {
  /** What the name leads to, one list for each time that it is asked. */
  answers?: readonly (readonly string[])[]
  allowPrivate?: boolean
  timeoutMs?: number
}

/** A sender, and how often it has asked for a name. */
function send({ answers = [], allowPrivate = false, timeoutMs = 500 }: Options) {
  let asked = 0
  const resolve: Resolve = async () => {
    const list = answers[Math.min(asked, answers.length - 1)] ?? []
    asked += 1
    return list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  const sender = createSender({ allowPrivate, timeoutMs, ...(answers.length > 0 && { resolve }) })
  senders.push(sender)
  return { post: (url: string) => sender.post(url, {}, '{}'), asked: () => asked }
}

const named = (protocol: string) => `${protocol}://rebound.example:${new URL(receiver.url).port}/hook`

describe('nothing is sent to a private network', () => {
  test('by its address, in any writing', async () => {
    const { post } = send({})
    for (const host of ['127.0.0.1', '[::1]', '2130706433', '169.254.169.254', '[::ffff:7f00:1]'])
      expect(await post(`https://${host}/`)).toMatchObject({
        error: 'ADDRESS_NOT_ALLOWED',
        responseCode: null,
      })
  })

  test('by a name that leads there, alone or among public addresses', async () => {
    for (const answers of [['127.0.0.1'], ['::1'], ['93.184.216.34', '10.0.0.1'], ['64:ff9b::7f00:1'], []]) {
      const { post } = send({ answers: [answers] })
      expect(await post(named('https'))).toMatchObject({ error: 'ADDRESS_NOT_ALLOWED' })
    }
  })

  test('by localhost, with the real resolver', async () => {
    const { post } = send({})
    const { error, responseCode } = await post('https://localhost/')
    // Whether name servers know that name differs; it leads nowhere either way.
    expect(['ADDRESS_NOT_ALLOWED', 'NAME_NOT_RESOLVED', 'TIMEOUT', 'CONNECTION_FAILED']).toContain(error)
    expect(responseCode).toBeNull()
  })

  test('by what never resolves: it is given up in time', async () => {
    const sender = createSender({ allowPrivate: false, timeoutMs: 300, resolve: () => new Promise(() => {}) })
    senders.push(sender)
    expect(await sender.post('https://silent.example/', {}, '{}')).toMatchObject({ error: 'TIMEOUT' })
  })

  test('by a name that changes its answer after it was looked at: it is asked once, and that answer is used', async () => {
    // As good as any public one, and nobody's: no route leads there.
    const { post, asked } = send({ answers: [['2e00::1'], ['127.0.0.1']] })
    const first = await post(named('https'))
    expect(['TIMEOUT', 'CONNECTION_FAILED']).toContain(first.error)
    expect(asked()).toBe(1)
    expect(await post(named('https'))).toMatchObject({ error: 'ADDRESS_NOT_ALLOWED' })
    expect(receiver.hooks).toHaveLength(0)
  })

  test('nor over plain HTTP', async () => {
    const { post, asked } = send({ answers: [['93.184.216.34']] })
    expect(await post(named('http'))).toMatchObject({ error: 'ADDRESS_NOT_ALLOWED' })
    expect(asked()).toBe(0)
  })
})

describe('where configuration allows it', () => {
  test('it goes to the address that the name had when it was looked at', async () => {
    const { post, asked } = send({ answers: [['127.0.0.1'], ['2e00::1']], allowPrivate: true })
    expect(await post(named('http'))).toMatchObject({ error: null, responseCode: 204 })
    expect(asked()).toBe(1)
    expect(receiver.hooks).toHaveLength(1)
  })

  test('what goes wrong has its name', async () => {
    const { post } = send({ allowPrivate: true })
    expect(await post('http://nowhere.invalid/')).toMatchObject({ error: 'NAME_NOT_RESOLVED' })
    expect(await post('http://127.0.0.1:1/')).toMatchObject({ error: 'CONNECTION_FAILED' })
    expect(await post(receiver.url.replace('http:', 'https:'))).toMatchObject({ error: 'TLS_FAILED' })
  })

  test('a receiver that takes the connection and says nothing, or drips its headers, is left in time', async () => {
    const drip = createServer((socket) => {
      socket.on('error', () => {})
      socket.write('HTTP/1.1 200 OK\r\n')
      const timer = setInterval(() => socket.write('x-more: y\r\n'), 50)
      socket.on('close', () => clearInterval(timer))
    })
    await new Promise<void>((resolve) => drip.listen(0, '127.0.0.1', resolve))
    try {
      const address = drip.address()
      const { post } = send({ allowPrivate: true })
      const sent = await post(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`)
      expect(sent.error).toBe('TIMEOUT')
      expect(sent.latencyMs).toBeLessThan(5000)
    } finally {
      drip.close()
    }
  })
})

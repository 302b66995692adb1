import { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { createClamd } from '../../packages/server/src/adapters/scanner/clamd.ts'
import { type Clamd, eicar, findRealClamd, type Manner, startFakeClamd } from '../support/clamd.ts'

let clamd: Clamd | undefined
afterEach(async () => {
  await clamd?.close()
  clamd = undefined
})

const at = (url: string, patienceMs = 5000) => {
  const { hostname, port } = new URL(url)
  return createClamd({ host: hostname, port: Number(port) }, patienceMs)
}
async function scannerThat(manner: Manner, patienceMs?: number) {
  clamd = await startFakeClamd(() => manner)
  return at(clamd.url, patienceMs)
}
const megabytes = (count: number) =>
  Readable.from(Array.from({ length: count * 16 }, () => Buffer.alloc(65_536, 'x')))

describe('the scanner', () => {
  test('tells what is infected from what is not, in whatever pieces it comes', async () => {
    const scanner = await scannerThat('scans')
    expect(await scanner.scan(Readable.from([Buffer.from('fine')]))).toEqual({ infected: false })
    const bytes = eicar()
    const pieces = [bytes.subarray(0, 10), Buffer.alloc(0), bytes.subarray(10)]
    const verdict = { infected: true, signature: 'Eicar-Test-Signature' }
    expect(await scanner.scan(Readable.from(pieces))).toEqual(verdict)
    await scanner.ping()
  })

  test.each([
    ['hangs up', /hung up|ECONNRESET|EPIPE/],
    ['says nothing', /does not answer/],
    ['finds it too large', /came to no verdict \(INSTREAM size limit exceeded/],
    ['talks nonsense', /came to no verdict/],
  ] as const)('gives no verdict when clamd %s', async (manner, message) => {
    const scanner = await scannerThat(manner, 300)
    await expect(scanner.scan(megabytes(8))).rejects.toThrow(message)
    if (manner === 'hangs up' || manner === 'says nothing')
      await expect(scanner.ping()).rejects.toThrow(message)
  })

  test('gives no verdict when nobody listens, or the file breaks off', async () => {
    await expect(at('tcp://127.0.0.1:1').scan(megabytes(1))).rejects.toThrow('ECONNREFUSED')
    const scanner = await scannerThat('scans')
    const source = async function* () {
      yield Buffer.from('begun')
      throw new Error('the store went away')
    }
    await expect(scanner.scan(Readable.from(source()))).rejects.toThrow('the store went away')
  })
})

const real = await findRealClamd()
const why = real ? '' : ' (skipped: neither TEST_CLAMD_URL nor a clamd on the path)'
test.skipIf(!real)(`ClamAV’s own clamd answers the same${why}`, async () => {
  const scanner = at(real?.url ?? '')
  await expect.poll(() => scanner.ping().then(() => 'answers', String)).toBe('answers')
  expect(await scanner.scan(Readable.from([Buffer.from('fine')]))).toEqual({ infected: false })
  expect(await scanner.scan(megabytes(50))).toEqual({ infected: false })
  expect(await scanner.scan(Readable.from([eicar()]))).toMatchObject({ infected: true })
  await real?.close()
})

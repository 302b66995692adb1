import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { extractText, MAX_CHARACTERS } from '../../packages/server/src/adapters/text/extract.ts'
import { pdf, pdfBomb } from '../support/files.ts'

const limits = { milliseconds: 30_000, megabytes: 512 }
const read = (bytes: Uint8Array, type: string, given = limits) =>
  extractText(Readable.from([bytes]), type, given)

describe('the text of a document', () => {
  test('of a pdf is that of its pages, in order', async () => {
    const text = await read(await pdf('Total cholesterol 182', 'LDL 101'), 'application/pdf')
    expect(text).toBe('Total cholesterol 182\nLDL 101')
  })

  test.each([
    ['UTF-8', Buffer.from('Müller, 37 °C')],
    ['UTF-8 with a mark', Buffer.from('\ufeffMüller, 37 °C')],
    ['UTF-16, little end first', Buffer.from('\ufeffMüller, 37 °C', 'utf16le')],
    ['UTF-16, big end first', Buffer.from('\ufeffMüller, 37 °C', 'utf16le').swap16()],
    ['Windows-1252', Buffer.from('Müller, 37 °C', 'latin1')],
  ])('is read whether it is %s', async (_name, bytes) => {
    expect(await read(bytes, 'text/plain')).toBe('Müller, 37 °C')
  })

  test('holds nothing that the database cannot store', async () => {
    const bytes = Buffer.from('\ufeffa\0b\ud800c', 'utf16le')
    expect(await read(bytes, 'text/csv')).toBe('ab\ufffdc')
  })

  test('is cut off at a million characters', async () => {
    const text = await read(Buffer.alloc(3 * MAX_CHARACTERS, 'x'), 'text/plain')
    expect(text).toHaveLength(MAX_CHARACTERS)
  })

  test('of nothing is nothing', async () => {
    expect(await read(Buffer.alloc(0), 'text/plain')).toBe('')
  })
})

describe('a file that is up to no good', () => {
  test('that is broken has no text', async () => {
    const whole = await pdf('x')
    expect(await read(Buffer.from('%PDF-1.7\ngarbage'), 'application/pdf')).toBeUndefined()
    expect(await read(whole.subarray(0, 40), 'application/pdf')).toBeUndefined()
  })

  test('that unpacks itself without end is stopped at its memory', async () => {
    const bomb = pdfBomb(500)
    expect(bomb.length).toBeLessThan(2 * 1024 * 1024)
    const before = process.memoryUsage.rss()
    expect(await read(bomb, 'application/pdf', { milliseconds: 60_000, megabytes: 250 })).toBeUndefined()
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024)
  }, 90_000)

  test('that keeps its reader busy is stopped at its time', async () => {
    const begun = performance.now()
    const slow = await pdf('x'.repeat(100))
    expect(await read(slow, 'application/pdf', { ...limits, milliseconds: 20 })).toBeUndefined()
    expect(performance.now() - begun).toBeLessThan(10_000)
  })
})

test('a source that breaks off is no broken file: it can be read again', async () => {
  const source = async function* () {
    yield Buffer.from('begun')
    throw new Error('the store went away')
  }
  await expect(extractText(Readable.from(source()), 'text/plain', limits)).rejects.toThrow(
    'the store went away',
  )
})

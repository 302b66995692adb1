/**
 * Reads the text of the file on its input, and writes it to its output: a program of its own, run by extract.ts.
 * Arguments: media type, megabytes that it may take, characters that are wanted.
 */
import { buffer } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'

const [type = '', megabytes = '', characters = ''] = process.argv.slice(2)
const limit = Number(characters)

// V8's own limit knows nothing of the buffers into which a file unpacks itself, so somebody beside watches all of it.
new Worker(
  `setInterval(() => {
     if (process.memoryUsage.rss() > ${Number(megabytes) * 1024 * 1024}) process.kill(process.pid, 'SIGKILL')
   }, 20)`,
  { eval: true },
).unref()

/** By its byte order mark, else UTF-8, else what Windows wrote. */
function decode(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

async function readPdf(bytes: Uint8Array): Promise<string> {
  const { getDocumentProxy } = await import('unpdf')
  const pdf = await getDocumentProxy(bytes, { disableFontFace: true, verbosity: 0 })
  let text = ''
  // Page by page, so that no more is read than is kept.
  for (let number = 1; number <= pdf.numPages && text.length < limit; number += 1) {
    const page = await pdf.getPage(number)
    const { items } = await page.getTextContent()
    for (const item of items) if ('str' in item) text += item.hasEOL ? `${item.str}\n` : item.str
    text += '\n'
    page.cleanup()
  }
  return text
}

const bytes = new Uint8Array(await buffer(process.stdin))
const text = type === 'application/pdf' ? await readPdf(bytes) : decode(bytes)
// What PostgreSQL cannot store: U+0000 and half of a surrogate pair.
process.stdout.write(text.trim().slice(0, limit).replaceAll('\0', '').toWellFormed())

import { createRequire } from 'node:module'
import PDFDocument from 'pdfkit'
import type { Row } from './sections.ts'

/** A heading and what stands under it. `group` is the practice, where it is one's. */
export interface Chapter {
  readonly title: string
  readonly group: string | null
  readonly rows: AsyncIterable<Row>
}

// The fonts of every PDF reader know Western European letters only, and people's names know more.
const { resolve } = createRequire(import.meta.url)
const font = (name: string): string => resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`)

const label = (name: string): string => name.replaceAll('_', ' ')

function text(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The chapters as a PDF, in pieces. Its pages are let go as they are full: any length takes the same memory. */
export async function* pdf(title: string, chapters: AsyncIterable<Chapter>): AsyncGenerator<Buffer> {
  const document = new PDFDocument({ size: 'LETTER', margin: 54, info: { Title: title } })
  document.registerFont('plain', font('DejaVuSans'))
  document.registerFont('bold', font('DejaVuSans-Bold'))
  function* written(): Generator<Buffer> {
    for (let piece = document.read(); piece !== null; piece = document.read()) yield piece
  }
  document.font('bold').fontSize(18).text(title).moveDown()
  let group: string | null = null
  for await (const { title: heading, group: of, rows } of chapters) {
    if (of !== group && of !== null) document.font('bold').fontSize(15).text(of).moveDown(0.5)
    group = of
    document.font('bold').fontSize(12).text(heading).moveDown(0.5)
    let count = 0
    for await (const row of rows) {
      count += 1
      for (const [name, value] of Object.entries(row))
        document
          .font('bold')
          .fontSize(8)
          .text(`${label(name)}: `, { continued: true })
          .font('plain')
          .text(text(value))
      document.moveDown(0.7)
      yield* written()
    }
    if (count === 0) document.font('plain').fontSize(8).text('Nothing.').moveDown(0.7)
  }
  document.end()
  // What is left; the document says itself when that was all.
  for await (const piece of document) yield piece
}

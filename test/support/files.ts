import { crc32, deflateSync } from 'node:zlib'
import { PDFDocument } from 'pdf-lib'
import type { DocumentType } from '../../packages/server/src/domains/documents/content.ts'

/** A file of a test's, and what it claims to be. */
export interface TestFile {
  readonly name: string
  readonly type: DocumentType
  readonly bytes: Buffer
}

/** A real pdf, a page for each text. */
export async function pdf(...pages: string[]): Promise<Buffer> {
  const document = await PDFDocument.create()
  for (const text of pages) document.addPage().drawText(text, { x: 50, y: 700, size: 12 })
  return Buffer.from(await document.save())
}

/** A pdf whose one page unpacks itself to as many zeros as asked for: small to send, large to read. */
export function pdfBomb(megabytes: number): Buffer {
  const packed = deflateSync(Buffer.alloc(megabytes * 1024 * 1024, '0 '))
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>',
  ].map((text, index) => Buffer.from(`${index + 1} 0 obj\n${text}\nendobj\n`))
  return Buffer.concat([
    Buffer.from('%PDF-1.7\n'),
    ...objects,
    Buffer.from(`4 0 obj\n<</Length ${packed.length}/Filter/FlateDecode>>stream\n`),
    packed,
    Buffer.from('\nendstream\nendobj\ntrailer<</Root 1 0 R/Size 5>>\n%%EOF\n'),
  ])
}

/** A zip that stores its entries as they are. */
function zip(entries: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(entries)) {
    const [path, data] = [Buffer.from(name), Buffer.from(text)]
    const header = Buffer.alloc(26)
    header.writeUInt16LE(20, 0)
    header.writeUInt32LE(crc32(data), 10)
    header.writeUInt32LE(data.length, 14)
    header.writeUInt32LE(data.length, 18)
    header.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), header, path, data])
    const entry = Buffer.alloc(14)
    entry.writeUInt32LE(offset, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), header, entry, path]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(central.length, 4)
  end.writeUInt16LE(central.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end])
}

const office = (kind: string, part: string): Buffer =>
  zip({
    '[Content_Types].xml': `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/${part}" ContentType="application/vnd.openxmlformats-officedocument.${kind}.main+xml"/></Types>`,
    [part]: '<?xml version="1.0"?><x/>',
  })

/** The container of Word and Excel before 2007, with one stream of this name in its directory. */
const container = (stream: string): Buffer => {
  const bytes = Buffer.alloc(2048)
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(bytes)
  Buffer.from(`${stream}\0`, 'utf16le').copy(bytes, 1024)
  return bytes
}

const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const OFFICE = 'application/vnd.openxmlformats-officedocument'

/** One small file of every type that is taken. */
export const samples = async (): Promise<TestFile[]> => [
  { name: 'report.pdf', type: 'application/pdf', bytes: await pdf('Total cholesterol 182') },
  {
    name: 'photo.jpg',
    type: 'image/jpeg',
    bytes: Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex'),
  },
  { name: 'scan.png', type: 'image/png', bytes: Buffer.from(pixel, 'base64') },
  { name: 'wave.gif', type: 'image/gif', bytes: Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1') },
  { name: 'letter.doc', type: 'application/msword', bytes: container('WordDocument') },
  { name: 'table.xls', type: 'application/vnd.ms-excel', bytes: container('Workbook') },
  {
    name: 'letter.docx',
    type: `${OFFICE}.wordprocessingml.document`,
    bytes: office('wordprocessingml.document', 'word/document.xml'),
  },
  {
    name: 'table.xlsx',
    type: `${OFFICE}.spreadsheetml.sheet`,
    bytes: office('spreadsheetml.sheet', 'xl/workbook.xml'),
  },
  { name: 'note.txt', type: 'text/plain', bytes: Buffer.from('BMI 24; nächster Termin im März\n') },
  { name: 'values.csv', type: 'text/csv', bytes: Buffer.from('day,value\n2026-03-02,182\n') },
]

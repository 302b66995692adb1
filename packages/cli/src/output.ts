/** How results are printed. */
export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const
export type Format = (typeof FORMATS)[number]

type Paint = (text: string) => string
export interface Style {
  bold: Paint
  dim: Paint
  red: Paint
  green: Paint
  yellow: Paint
  blue: Paint
  magenta: Paint
  inverse: Paint
}

/** Colours, or none. */
export const style = (color: boolean): Style => {
  const paint =
    (on: number, off: number): Paint =>
    (text) =>
      color ? `\u001b[${on}m${text}\u001b[${off}m` : text
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    inverse: paint(7, 27),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    blue: paint(34, 39),
    magenta: paint(35, 39),
  }
}

/** Text that others wrote must not steer the terminal: control characters go, line breaks and tabs stay. */
export const clean = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '')

/** One column of a table, and the key that it has in CSV. */
export interface Column<Row> {
  key: string
  value: (row: Row) => string | number | boolean | null | undefined
  /** Only in the table; the width is counted before it. */
  paint?: (text: string, row: Row, style: Style) => string
  /** Shortened first when the terminal is too narrow. */
  shrink?: boolean
}

export interface Sheet {
  format: Format
  color: boolean
  /** Columns of the terminal; undefined when the output is no terminal, and nothing is shortened. */
  width: number | undefined
}

/** A list in the wanted format, with its last line break; empty when there is nothing to print. */
export const renderList = <Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sheet: Sheet,
): string => {
  switch (sheet.format) {
    case 'json':
      return `${JSON.stringify(rows, null, 2)}\n`
    case 'ndjson':
      return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    case 'csv':
      return [
        columns.map((column) => column.key),
        ...rows.map((row) => columns.map((column) => cell(column.value(row)))),
      ]
        .map((line) => `${line.map(quoted).join(',')}\r\n`)
        .join('')
    case 'table':
      return table(rows, columns, sheet)
  }
}

/** One record: its fields, one a line; in JSON the whole of it. */
export const renderRecord = <Row>(row: Row, columns: readonly Column<Row>[], sheet: Sheet): string => {
  if (sheet.format === 'json') return `${JSON.stringify(row, null, 2)}\n`
  if (sheet.format !== 'table') return renderList([row], columns, sheet)
  const paint = style(sheet.color)
  const width = Math.max(...columns.map((column) => column.key.length))
  return columns
    .map((column) => {
      const text = clean(cell(column.value(row)))
      return `${paint.dim(column.key.padEnd(width))}  ${column.paint?.(text, row, paint) ?? text}\n`
    })
    .join('')
}

const cell = (value: string | number | boolean | null | undefined): string =>
  value === null || value === undefined ? '' : String(value)

/** RFC 4180; a spreadsheet must not take somebody's text for a formula. */
const quoted = (text: string): string => {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const table = <Row>(rows: readonly Row[], columns: readonly Column<Row>[], sheet: Sheet): string => {
  if (rows.length === 0) return ''
  const paint = style(sheet.color)
  const texts = rows.map((row) =>
    columns.map((column) => clean(cell(column.value(row))).replace(/\s+/g, ' ')),
  )
  const heads = columns.map((column) => column.key.replaceAll('_', ' ').toUpperCase())
  const widths = heads.map((head, at) =>
    Math.max(head.length, ...texts.map((line) => length(line[at] ?? ''))),
  )
  const total = widths.reduce((sum, width) => sum + width + 2, -2)
  const shrink = columns.findIndex((column) => column.shrink)
  if (sheet.width !== undefined && total > sheet.width && shrink >= 0) {
    widths[shrink] = Math.max(12, (widths[shrink] ?? 0) - (total - sheet.width))
  }
  const line = (cells: readonly string[], dress: (text: string, at: number) => string) =>
    cells
      .map((text, at) => {
        const width = widths[at] ?? 0
        const fitted = length(text) > width ? `${[...text].slice(0, width - 1).join('')}…` : text
        const gap = at === cells.length - 1 ? '' : ' '.repeat(width - length(fitted))
        return `${dress(fitted, at)}${gap}`
      })
      .join('  ')
      .trimEnd()
  const body = texts.map((cells, at) => {
    const row = rows[at]
    return line(cells, (text, column) =>
      row === undefined ? text : (columns[column]?.paint?.(text, row, paint) ?? text),
    )
  })
  return `${[line(heads, (text) => paint.dim(text)), ...body].join('\n')}\n`
}

const length = (text: string): number => [...text].length

/** `in 40 min`, `3 h late`; for due times. */
export const due = (iso: string, now: number): string => {
  const minutes = Math.round((Date.parse(iso) - now) / 60_000)
  const span = duration(Math.abs(minutes))
  return minutes >= 0 ? `in ${span}` : `${span} late`
}

/** `5 min ago`. */
export const ago = (iso: string, now: number): string =>
  `${duration(Math.max(0, Math.round((now - Date.parse(iso)) / 60_000)))} ago`

const duration = (minutes: number): string => {
  if (minutes < 100) return `${minutes} min`
  if (minutes < 48 * 60) return `${Math.round(minutes / 60)} h`
  return `${Math.round(minutes / 1440)} d`
}

/** `2026-03-02 14:30` in the terminal's time zone. */
export const localTime = (iso: string): string => {
  const at = new Date(iso)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`
}

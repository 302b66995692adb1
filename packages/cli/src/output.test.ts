import { describe, expect, it } from 'vitest'
import { clean, due, type Format, renderList, renderRecord, style } from './output.ts'

interface Row {
  name: string
  note: string | null
}
const columns = [
  { key: 'name', value: (row: Row) => row.name },
  { key: 'a_note', value: (row: Row) => row.note, shrink: true },
]
const sheet = (format: Format, width?: number) => ({ format, color: false, width })
const rows: Row[] = [
  { name: 'Ada', note: 'says "hi", twice' },
  { name: 'Bo', note: null },
]

describe('a list', () => {
  it('is a table with aligned columns', () => {
    expect(renderList(rows, columns, sheet('table'))).toBe('NAME  A NOTE\nAda   says "hi", twice\nBo\n')
  })

  it('is shortened only for a terminal', () => {
    const long = [{ name: 'Ada', note: 'x'.repeat(50) }]
    expect(renderList(long, columns, sheet('table', 30)).split('\n')[1]).toBe(`Ada   ${'x'.repeat(23)}…`)
    expect(renderList(long, columns, sheet('table'))).toContain('x'.repeat(50))
  })

  it('is JSON, NDJSON and CSV', () => {
    expect(JSON.parse(renderList(rows, columns, sheet('json')))).toEqual(rows)
    expect(
      renderList(rows, columns, sheet('ndjson'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(rows)
    expect(renderList(rows, columns, sheet('csv'))).toBe('name,a_note\r\nAda,"says ""hi"", twice"\r\nBo,\r\n')
  })

  it('that is empty prints what a program can read', () => {
    expect(renderList([], columns, sheet('table'))).toBe('')
    expect(renderList([], columns, sheet('json'))).toBe('[]\n')
    expect(renderList([], columns, sheet('csv'))).toBe('name,a_note\r\n')
  })

  it('gives a spreadsheet no formula that somebody wrote', () => {
    const csv = renderList([{ name: '=HYPERLINK("http://x")', note: '-3' }], columns, sheet('csv'))
    expect(csv).toContain(`"'=HYPERLINK(""http://x"")",-3`)
  })
})

it('a record is its fields, one a line', () => {
  expect(renderRecord({ name: 'Ada', note: 'n' }, columns, sheet('table'))).toBe('name    Ada\na_note  n\n')
})

it('text that others wrote does not steer the terminal', () => {
  expect(clean('\u001b]0;pwned\u0007\u001b[2Jhi\r\n\tthere\u202e')).toBe(']0;pwned[2Jhi\n\tthere')
  const table = renderList([{ name: '\u001b[31mred', note: 'a\nb' }], columns, sheet('table'))
  expect(table).toBe('NAME     A NOTE\n[31mred  a b\n')
})

it('colours are there or not', () => {
  expect(style(true).red('x')).toBe('\u001b[31mx\u001b[39m')
  expect(style(false).red('x')).toBe('x')
})

it('due times read as spans', () => {
  const now = Date.parse('2026-03-02T12:00:00Z')
  expect(due('2026-03-02T12:40:00Z', now)).toBe('in 40 min')
  expect(due('2026-03-02T09:00:00Z', now)).toBe('3 h late')
  expect(due('2026-03-06T12:00:00Z', now)).toBe('in 4 d')
})

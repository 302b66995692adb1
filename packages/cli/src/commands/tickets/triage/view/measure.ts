import sliceAnsi from 'slice-ansi'
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import { clean } from '../../../../output.ts'
import type { Editing } from '../text.ts'

/** Columns that a text takes on the screen; wide characters and emoji take two, marks none. */
export const width = (text: string): number => stringWidth(text)

/** What others wrote, on one line. */
export const oneLine = (text: string): string => clean(text).replace(/\s+/g, ' ').trim()

/** Exactly so many columns: cut with an ellipsis, or filled with blanks. */
export const fit = (text: string, columns: number): string => {
  if (columns <= 0) return ''
  const own = width(text)
  if (own <= columns) return text + ' '.repeat(columns - own)
  const cut = `${sliceAnsi(text, 0, columns - 1)}…`
  // A wide character that did not fit leaves a column.
  return cut + ' '.repeat(Math.max(0, columns - width(cut)))
}

/** One text at the left end, one at the right; the left one is cut first. */
export const spread = (left: string, right: string, columns: number): string => {
  const rest = columns - width(right) - 1
  return rest < 4 ? fit(left, columns) : `${fit(left, rest)} ${right}`
}

/** What others wrote, in lines of at most so many columns, words whole where they fit. */
export const wrap = (text: string, columns: number): string[] =>
  wrapPainted(clean(text).replaceAll('\t', '  '), columns)

/** The same for a line of our own, whose colours stay. */
export const wrapPainted = (text: string, columns: number): string[] =>
  wrapAnsi(text, Math.max(1, columns), { hard: true, trim: false }).split('\n')

/** Short pieces with dots between them, in as few lines as they fit into; none is torn apart. */
export const flow = (pieces: readonly string[], columns: number): string[] => {
  const lines: string[] = []
  for (const piece of pieces) {
    const longer = `${lines.at(-1)} · ${piece}`
    if (lines.length > 0 && width(longer) <= columns) lines[lines.length - 1] = longer
    else lines.push(piece)
  }
  return lines
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

interface Placed {
  index: number
  text: string
  wide: number
}

/** A text that is being typed, in lines of exact columns, words whole where they fit, and where its cursor stands. */
export const layOut = (
  { text, cursor }: Editing,
  columns: number,
): { lines: string[]; row: number; column: number } => {
  const rows: Placed[][] = [[]]
  const open = () => rows.at(-1) ?? []
  for (const { segment, index } of graphemes.segment(text)) {
    const one = { index, text: segment, wide: segment === '\n' ? 0 : width(segment) }
    if (columnsOf(open()) + one.wide > columns) rows.push(tornWord(open(), segment))
    open().push(one)
    if (segment === '\n') rows.push([])
  }
  // The cursor of a full line waits on the next one.
  if (columnsOf(open()) >= columns) rows.push([])
  const lines = rows.map((row) => row.map((one) => (one.text === '\n' ? '' : one.text)).join(''))
  const found = rows.findIndex((row) => row.some(({ index }) => index === cursor))
  const row = found < 0 ? rows.length - 1 : found
  return { lines, row, column: columnsOf((rows[row] ?? []).filter(({ index }) => index < cursor)) }
}

const columnsOf = (row: readonly Placed[]): number => row.reduce((sum, { wide }) => sum + wide, 0)

/** Takes the word that a line ends in off it, when it goes on and is not the whole line. */
const tornWord = (row: Placed[], next: string): Placed[] => {
  const space = row.findLastIndex(({ text }) => text === ' ')
  return next === ' ' || next === '\n' || space < 0 ? [] : row.splice(space + 1)
}

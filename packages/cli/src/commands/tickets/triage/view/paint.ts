import {
  beginSynchronizedOutput,
  cursorHide,
  cursorShow,
  cursorTo,
  endSynchronizedOutput,
  eraseScreen,
} from 'ansi-escapes'
import type { Frame } from './frame.ts'

/** A piece of one line of the screen. */
interface Span {
  column: number
  width: number
  text: string
}

/** The bytes that turn one screen into the next: only pieces of lines that differ are sent. Empty when none does. */
export const paint = (before: Frame | undefined, after: Frame): string => {
  const [old, now] = [before === undefined ? undefined : rowsOf(before), rowsOf(after)]
  let lines = ''
  for (const [row, spans] of now) {
    const known = old?.get(row)
    // The first that differs where terminals disagree on widths spoils what is to its right.
    let spoiled = known === undefined || !sameCuts(known, spans)
    spans.forEach(({ column, text }, at) => {
      const was = known?.[at]?.text
      if (!spoiled && was === text) return
      lines += `${cursorTo(column, row)}${text}`
      spoiled ||= UNSURE.test(text) || UNSURE.test(was ?? '')
    })
  }
  const { cursor } = after
  const place = cursor === undefined ? '' : `${cursorTo(cursor.column, cursor.row)}${cursorShow}`
  const erase = before === undefined ? eraseScreen : ''
  if (lines !== '')
    return `${beginSynchronizedOutput}${cursorHide}${erase}${lines}${place}${endSynchronizedOutput}`
  const moved = before?.cursor?.row !== cursor?.row || before?.cursor?.column !== cursor?.column
  return moved ? place || cursorHide : ''
}

/** What emulators draw one column wide or two, as their tables are old or new. */
const UNSURE = /[\p{Extended_Pictographic}\p{Regional_Indicator}\p{Mark}\u200d]/u

const rowsOf = ({ regions }: Frame): Map<number, Span[]> => {
  const rows = new Map<number, Span[]>()
  for (const { row, column, width, lines } of regions) {
    lines.forEach((text, offset) => {
      const spans = rows.get(row + offset)
      if (spans === undefined) rows.set(row + offset, [{ column, width, text }])
      else spans.push({ column, width, text })
    })
  }
  return rows
}

const sameCuts = (one: readonly Span[], other: readonly Span[]): boolean =>
  one.length === other.length &&
  one.every(({ column, width }, at) => column === other[at]?.column && width === other[at]?.width)

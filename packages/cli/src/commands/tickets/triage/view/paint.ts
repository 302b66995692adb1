import {
  beginSynchronizedOutput,
  cursorHide,
  cursorShow,
  cursorTo,
  endSynchronizedOutput,
  eraseScreen,
} from 'ansi-escapes'
import type { Frame, Region } from './frame.ts'

/** The bytes that turn one screen into the next: only lines that differ are sent. Empty when none does. */
export const paint = (before: Frame | undefined, after: Frame): string => {
  const fresh = before === undefined || !sameLayout(before, after)
  const old = fresh ? undefined : before
  let lines = ''
  const spoiled = new Set<number>()
  after.regions.forEach((region, at) => {
    lines += region.lines
      .map((line, offset) => {
        const row = region.row + offset
        if (old?.regions[at]?.lines[offset] === line && !spoiled.has(row)) return ''
        // Terminals disagree on how wide some emoji are: what stands to the right is put in its place again.
        if (UNSURE.test(line) || UNSURE.test(old?.regions[at]?.lines[offset] ?? '')) spoiled.add(row)
        return `${cursorTo(region.column, row)}${line}`
      })
      .join('')
  })
  const moved =
    fresh || before.cursor?.row !== after.cursor?.row || before.cursor?.column !== after.cursor?.column
  if (lines === '' && !moved) return ''
  const { cursor } = after
  const place = cursor === undefined ? '' : `${cursorTo(cursor.column, cursor.row)}${cursorShow}`
  if (lines === '') return cursor === undefined ? cursorHide : place
  return `${beginSynchronizedOutput}${cursorHide}${fresh ? eraseScreen : ''}${lines}${place}${endSynchronizedOutput}`
}

const UNSURE = /[\p{Extended_Pictographic}\p{Regional_Indicator}\p{Mark}\u200d]/u

const sameLayout = (one: Frame, other: Frame): boolean =>
  one.regions.length === other.regions.length &&
  one.regions.every((region, at) => samePlace(region, other.regions[at]))

const samePlace = (one: Region, other: Region | undefined): boolean =>
  other !== undefined &&
  one.row === other.row &&
  one.column === other.column &&
  one.width === other.width &&
  one.lines.length === other.lines.length

import { fit } from './measure.ts'

/** A rectangle of the screen. Each of its lines is exactly as wide as it is. */
export interface Region {
  row: number
  column: number
  width: number
  lines: readonly string[]
}

/** The whole screen. Regions do not overlap, cover everything, and those of one row come from left to right. */
export interface Frame {
  regions: readonly Region[]
  /** Where somebody types; hidden when nobody does. */
  cursor: { row: number; column: number } | undefined
}

/** A rectangle, with its lines cut or filled to its size. */
export const region = (
  place: { row: number; column: number; width: number; height: number },
  lines: readonly string[],
): Region => {
  const { row, column, width, height } = place
  return { row, column, width, lines: Array.from({ length: height }, (_, at) => fit(lines[at] ?? '', width)) }
}

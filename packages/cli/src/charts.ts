const EIGHTHS = '▁▂▃▄▅▆▇█'

/** How many characters the longest bar has. */
export const BAR = 30

/** One character a value, the highest is full; a gap where there is none. */
export const sparkline = (values: readonly (number | null)[]): string => {
  const most = Math.max(...values.map((value) => value ?? 0), 0)
  return values
    .map((value) => {
      if (value === null) return ' '
      return most === 0 ? EIGHTHS.charAt(0) : EIGHTHS.charAt(Math.round((value / most) * 7))
    })
    .join('')
}

/** A bar of whole blocks; what is more than nothing shows. */
export const bar = (value: number, most: number): string =>
  '█'.repeat(value === 0 || most === 0 ? 0 : Math.max(1, Math.round((value / most) * BAR)))

/** At most so many values: neighbours become their highest. */
export const fitted = (values: readonly (number | null)[], width: number): (number | null)[] => {
  if (values.length <= width) return [...values]
  const each = Math.ceil(values.length / Math.max(1, width))
  return Array.from({ length: Math.ceil(values.length / each) }, (_, at) => {
    const some = values.slice(at * each, (at + 1) * each).filter((value) => value !== null)
    return some.length === 0 ? null : Math.max(...some)
  })
}

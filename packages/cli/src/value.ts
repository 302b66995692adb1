/** What JSON can say. */
export type Value = string | number | boolean | null | unknown[] | { [key: string]: unknown }

/** A value as typed: `3`, `true`, `null`, `[1]` are JSON; all else is text. */
export const typedValue = (text: string): Value => {
  if (!/^(true|false|null|-?\d+(\.\d+)?|[[{"].*)$/s.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

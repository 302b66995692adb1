/** A text under a cursor, edited without side effects. The cursor stands between graphemes, counted in code units. */
export interface Editing {
  text: string
  cursor: number
}

export const EMPTY: Editing = { text: '', cursor: 0 }
export const editing = (text: string): Editing => ({ text, cursor: text.length })

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** The text of a key press or a paste, as a draft holds it. */
export const insert = ({ text, cursor }: Editing, piece: string): Editing => {
  const safe = typeable(piece)
  return { text: text.slice(0, cursor) + safe + text.slice(cursor), cursor: cursor + safe.length }
}

/** Line breaks as one kind, tabs as spaces, no other control character: pasted bytes must not steer the terminal. */
const typeable = (piece: string): string =>
  piece
    .replace(/\r\n?/g, '\n')
    .replaceAll('\t', '  ')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '')

const lastCluster = (text: string): number => {
  // A cluster does not span lines, and the segmenter need not read what is before this one.
  const from = Math.max(0, text.lastIndexOf('\n', text.length - 2))
  let at = from
  for (const { index } of graphemes.segment(text.slice(from))) at = from + index
  return at
}

const firstCluster = (text: string): number => {
  for (const { segment } of graphemes.segment(text)) return segment.length
  return 0
}

export const left = ({ text, cursor }: Editing): Editing => ({
  text,
  cursor: cursor === 0 ? 0 : lastCluster(text.slice(0, cursor)),
})

export const right = ({ text, cursor }: Editing): Editing => ({
  text,
  cursor: cursor + firstCluster(text.slice(cursor)),
})

const cut = (text: string, from: number, to: number): Editing => ({
  text: text.slice(0, from) + text.slice(to),
  cursor: from,
})

export const backspace = (edit: Editing): Editing => cut(edit.text, left(edit).cursor, edit.cursor)
export const remove = (edit: Editing): Editing => cut(edit.text, edit.cursor, right(edit).cursor)

const lineStart = (text: string, cursor: number): number =>
  cursor === 0 ? 0 : text.lastIndexOf('\n', cursor - 1) + 1
const lineEnd = (text: string, cursor: number): number => {
  const end = text.indexOf('\n', cursor)
  return end < 0 ? text.length : end
}

export const home = ({ text, cursor }: Editing): Editing => ({ text, cursor: lineStart(text, cursor) })
export const end = ({ text, cursor }: Editing): Editing => ({ text, cursor: lineEnd(text, cursor) })
export const cutToLineStart = ({ text, cursor }: Editing): Editing =>
  cut(text, lineStart(text, cursor), cursor)
export const cutToLineEnd = ({ text, cursor }: Editing): Editing => cut(text, cursor, lineEnd(text, cursor))

const wordStart = (text: string, cursor: number): number => {
  const before = text.slice(0, cursor).trimEnd()
  return before.length - (/\S*$/.exec(before)?.[0].length ?? 0)
}

export const cutWord = ({ text, cursor }: Editing): Editing => cut(text, wordStart(text, cursor), cursor)
export const wordLeft = ({ text, cursor }: Editing): Editing => ({ text, cursor: wordStart(text, cursor) })
export const wordRight = ({ text, cursor }: Editing): Editing => ({
  text,
  cursor: cursor + (/^\s*\S*/.exec(text.slice(cursor))?.[0].length ?? 0),
})

/** A line up or down, at the same column as far as the line reaches. */
export const vertical = ({ text, cursor }: Editing, by: -1 | 1): Editing => {
  const start = lineStart(text, cursor)
  const stop = lineEnd(text, cursor)
  if (by < 0 && start === 0) return { text, cursor: 0 }
  if (by > 0 && stop === text.length) return { text, cursor: stop }
  const target = by < 0 ? lineStart(text, start - 1) : stop + 1
  const wanted = Math.min(target + cursor - start, lineEnd(text, target))
  if (wanted === text.length || text[wanted] === '\n') return { text, cursor: wanted }
  // Not into the middle of a cluster.
  return { text, cursor: left(right({ text, cursor: wanted })).cursor }
}

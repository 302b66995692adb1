import { describe, expect, it } from 'vitest'
import { backspace, cutWord, editing, insert, left, remove, right, vertical } from './text.ts'
import { fit, layOut, width } from './view/measure.ts'

const FAMILY = '👩‍👩‍👧'

describe('a text under a cursor', () => {
  it('moves and deletes by what a person sees as one character', () => {
    const text = editing(`ae\u0301${FAMILY}`)
    expect(left(text).cursor).toBe(3)
    expect(backspace(text).text).toBe('ae\u0301')
    expect(backspace(backspace(text)).text).toBe('a')
    expect(remove({ text: FAMILY, cursor: 0 }).text).toBe('')
    expect(right({ text: FAMILY, cursor: 0 }).cursor).toBe(FAMILY.length)
  })

  it('takes no control characters in', () => {
    expect(insert(editing('a'), '\u001b[2J\r\n\tb\u202e').text).toBe('a[2J\n  b')
  })

  it('goes up and down lines and cuts words', () => {
    const text = 'first line\nsecond'
    expect(vertical({ text, cursor: 17 }, -1).cursor).toBe(6)
    expect(vertical({ text, cursor: 6 }, 1).cursor).toBe(17)
    expect(vertical({ text, cursor: 3 }, -1).cursor).toBe(0)
    expect(cutWord(editing('two words')).text).toBe('two ')
  })
})

describe('columns', () => {
  it('are exact for wide characters, marks and colours', () => {
    for (const text of [
      'plain',
      '検査結果が開けません',
      `${FAMILY}${FAMILY}`,
      'e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301',
      '\u001b[31mred and long\u001b[39m',
    ])
      for (const columns of [1, 2, 3, 5, 8, 30]) expect(width(fit(text, columns))).toBe(columns)
  })

  it('put the cursor where the next character goes', () => {
    expect(layOut(editing('abc'), 3)).toEqual({ lines: ['abc', ''], row: 1, column: 0 })
    expect(layOut({ text: 'abc', cursor: 1 }, 3)).toMatchObject({ row: 0, column: 1 })
    expect(layOut(editing('検査結'), 5)).toEqual({ lines: ['検査', '結'], row: 1, column: 2 })
    expect(layOut(editing('two words'), 6)).toEqual({ lines: ['two ', 'words'], row: 1, column: 5 })
    expect(layOut({ text: 'two words', cursor: 4 }, 6)).toMatchObject({ row: 1, column: 0 })
    expect(layOut({ text: 'a\nb', cursor: 1 }, 5)).toMatchObject({ row: 0, column: 1 })
    expect(layOut(editing('a\n'), 5)).toEqual({ lines: ['a', ''], row: 1, column: 0 })
  })
})

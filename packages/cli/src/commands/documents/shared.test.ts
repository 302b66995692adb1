import { describe, expect, it } from 'vitest'
import { safeName, typeOf } from './shared.ts'

describe('the name of a downloaded file', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['Befund „Müller“.pdf', 'Befund „Müller“.pdf'],
    ['../../.ssh/authorized_keys', '__.._.ssh_authorized_keys'],
    ['/etc/passwd', '_etc_passwd'],
    ['..\\..\\x.txt', '__.._x.txt'],
    ['.bashrc', '_bashrc'],
    ['-rf', '_rf'],
    ['evil\u202etxt.exe', 'eviltxt.exe'],
    ['a\u001b[2Jb\n.txt', 'a[2Jb .txt'],
    ['CON: ', 'CON_'],
    ['...', '_'],
    ['', 'document'],
  ])('of %j is %j: it stays in this folder, and is what it looks like', (name, safe) => {
    expect(safeName(name)).toBe(safe)
    expect(safeName(name)).not.toMatch(/[/\\]/)
    expect(safeName(name)).not.toMatch(/^\./)
  })
})

describe('the type of a file', () => {
  it('is told by its ending, in any case', () => {
    expect(typeOf('a.b.PDF')).toBe('application/pdf')
    expect(typeOf('pdf')).toBe('application/pdf')
    expect(typeOf('a.exe')).toBeUndefined()
  })
})

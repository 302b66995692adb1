import { chmodSync, existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Credentials } from './credentials.ts'
import { temporaryFolder } from './testing.ts'

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
const url = 'http://127.0.0.1:8000'

describe('the credentials file', () => {
  it('is its owner’s alone, and made so again when a copy opened it', async () => {
    const folder = join(temporaryFolder(), 'wardline')
    const credentials = new Credentials(folder)
    await credentials.update('default', () => ({ url, access_token: 'a' }))
    expect([mode(folder), mode(credentials.file)]).toEqual(['700', '600'])
    chmodSync(credentials.file, 0o644)
    expect(credentials.profile('default')).toEqual({ url, access_token: 'a' })
    expect(mode(credentials.file)).toBe('600')
  })

  it('follows XDG_CONFIG_HOME, else HOME', () => {
    expect(Credentials.folder({ XDG_CONFIG_HOME: '/x', HOME: '/h' })).toBe('/x/wardline')
    expect(Credentials.folder({ HOME: '/h' })).toBe('/h/.config/wardline')
  })

  it('loses no change of many writers', async () => {
    const folder = temporaryFolder()
    await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        new Credentials(folder).update(`p${n}`, () => ({ url, email: `${n}` })),
      ),
    )
    const credentials = new Credentials(folder)
    for (let n = 0; n < 12; n++) expect(credentials.profile(`p${n}`)?.email).toBe(`${n}`)
    expect(existsSync(`${credentials.file}.lock`)).toBe(false)
  })

  it('lets a writer change it while it holds the lock, and lets go after a failure', async () => {
    const credentials = new Credentials(temporaryFolder())
    await credentials.locked(() => credentials.update('a', () => ({ url })))
    await expect(credentials.locked(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await credentials.update('b', () => ({ url }))
    expect(credentials.profile('b')).toEqual({ url })
  })

  it('takes the lock of a process that died', async () => {
    const folder = temporaryFolder()
    const credentials = new Credentials(folder)
    writeFileSync(`${credentials.file}.lock`, '')
    const past = new Date(Date.now() - 60_000)
    utimesSync(`${credentials.file}.lock`, past, past)
    await credentials.update('a', () => ({ url }))
    expect(credentials.profile('a')).toEqual({ url })
  })

  it('that is broken is told, not overwritten', async () => {
    const folder = join(temporaryFolder(), 'wardline')
    mkdirSync(folder)
    const credentials = new Credentials(folder)
    writeFileSync(credentials.file, '{ not json')
    await expect(credentials.update('a', () => ({ url }))).rejects.toThrow('move it away')
  })
})

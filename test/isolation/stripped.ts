import { AsyncLocalStorage } from 'node:async_hooks'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import pg from 'pg'
import { vi } from 'vitest'

const domains = join(import.meta.dirname, '../../packages/server/src/domains')

// As the queries are written (`.where('e.organization_id', '=', …)`, `organization_id = ${…}`), and as they are sent.
const written = /organization_id['"]?,\s*'=',|organization_id"?\s*=\s*\$\{/
const sent = /(?:"?\w+"?\.)?"?organization_id"?\s*=\s*(\$\d+)/g

/** Every query module, and whether it says which organization it means. */
export const queryModules: readonly { domain: string; file: string; predicated: boolean }[] = globSync(
  join(domains, '*/queries*.ts'),
)
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => ({
    domain: join(basename(dirname(file)), basename(file)),
    file,
    predicated: written.test(readFileSync(file, 'utf8')),
  }))
  .toSorted((a, b) => a.domain.localeCompare(b.domain))

const running = new AsyncLocalStorage<string>()

/** Makes every function of every query module say who it is. Call before the server is imported. */
export function watchQueryModules(): void {
  for (const { domain, file } of queryModules)
    vi.doMock(file, async () => {
      const actual = await vi.importActual<Record<string, unknown>>(file)
      return Object.fromEntries(
        Object.entries(actual).map(([name, value]) => [
          name,
          typeof value === 'function'
            ? (...parameters: unknown[]) =>
                running.run(domain, () => Reflect.apply(value, undefined, parameters))
            : value,
        ]),
      )
    })
}

/**
 * From here on no statement says its organization: `organization_id = $1` is sent as something always true.
 * The parameter stays, so that the others keep their numbers.
 */
export function stripOrganization(): { stripped: Map<string, Set<string>>; restore: () => void } {
  const stripped = new Map<string, Set<string>>()
  const query = pg.Client.prototype.query
  const strip = (text: string): string => {
    const without = text.replace(sent, '($1::uuid is null or true)')
    if (without !== text) {
      const domain = running.getStore() ?? 'elsewhere'
      const seen = stripped.get(domain) ?? new Set()
      stripped.set(domain, seen.add(text))
    }
    return without
  }
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: unknown,
    ...parameters: unknown[]
  ) {
    const [first, ...rest] = parameters
    if (typeof first === 'string') return Reflect.apply(query, this, [strip(first), ...rest])
    if (typeof first === 'object' && first !== null && 'text' in first && typeof first.text === 'string') {
      const text = strip(first.text)
      return Reflect.apply(query, this, [
        text === first.text ? first : Object.assign(first, { text }),
        ...rest,
      ])
    }
    return Reflect.apply(query, this, parameters)
  })
  return { stripped, restore: () => spy.mockRestore() }
}

/**
 * Completes package-lock.json: `npm run lock`, after every `npm install`. npm leaves out optional packages of
 * other platforms that its registry does not have (a proxy may lack them), and `npm ci` then refuses the
 * lockfile that npm itself wrote (npm/cli#9846). Their versions are known: their parents pin them.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Entry {
  version?: string
  optional?: boolean
  dev?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

const file = join(import.meta.dirname, '../package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> }
const systems = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
  'aix',
]
const processors = [
  'arm64',
  'arm',
  'x64',
  'ia32',
  'ppc64',
  'riscv64',
  's390x',
  'loong64',
  'mips64el',
  'wasm32',
]

/** Where npm would look for `name` from inside `path`: the entry, or undefined. */
function resolve(path: string, name: string): Entry | undefined {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const found = lock.packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]
    if (found || !folder) return found
    if (!folder.includes('/node_modules/')) folder = ''
  }
}

const added: string[] = []
for (const [path, entry] of Object.entries(lock.packages))
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const known = resolve(path, name)
    if (known?.version || !/^\d/.test(version)) continue
    const words = name.split('/').at(-1)?.split('-') ?? []
    const one = (key: 'os' | 'cpu' | 'libc', values: string[]) => {
      const value = values.find((candidate) => words.some((word) => word.startsWith(candidate)))
      return value === undefined ? {} : { [key]: [value === 'gnu' ? 'glibc' : value] }
    }
    const libc = words.includes('linux') ? one('libc', ['musl', 'gnu']) : {}
    const target = `${path.startsWith('node_modules') && path.includes('/node_modules/') ? `${path.slice(0, path.lastIndexOf('/node_modules/'))}/` : ''}node_modules/${name}`
    lock.packages[target] = {
      version,
      ...one('cpu', processors),
      ...(entry.dev ? { dev: true } : {}),
      ...libc,
      optional: true,
      ...one('os', systems),
    }
    added.push(target)
  }
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
)
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added.length} optional packages of other platforms added to package-lock.json`)

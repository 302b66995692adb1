import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/** commander loads child_process when it is imported, for a feature that is not used here: 5 ms of every start. */
const lazyChildProcess: Plugin = {
  name: 'lazy-child-process',
  setup(build) {
    build.onLoad({ filter: /commander[\\/]lib[\\/]command\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const eager = "import childProcess from 'node:child_process';"
      if (!source.includes(eager))
        throw new Error('commander no longer loads child_process as this plugin expects')
      const lazy =
        "const childProcess = { spawn: (...args) => require('node:child_process').spawn(...args) };"
      return { contents: source.replace(eager, lazy), loader: 'js' }
    })
  },
}

/** What `import()` loads is an entry of its own, which the core requires when a command needs it. */
const ownFiles: Plugin = {
  name: 'own-files',
  setup(build) {
    build.onResolve({ filter: /\/(sdk|inquirer|screen|browser)\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import'
        ? { path: path.replace(/^.*\/(\w+)\.ts$/, './$1.cjs'), external: true }
        : undefined,
    )
  },
}

/** One core that starts fast; the SDK, the prompts and the screen load when a command needs them. */
export default defineConfig({
  entry: {
    ward: 'src/ward.ts',
    sdk: 'src/sdk.ts',
    inquirer: 'src/inquirer.ts',
    browser: 'src/browser.ts',
    screen: 'src/commands/tickets/triage/screen.ts',
  },
  format: 'cjs',
  target: 'node22',
  platform: 'node',
  splitting: false,
  minify: true,
  clean: true,
  noExternal: [/.*/],
  outExtension: () => ({ js: '.cjs' }),
  esbuildOptions(options) {
    options.alias = { '@wardline/sdk': fileURLToPath(new URL('../sdk/src/index.ts', import.meta.url)) }
    // import() becomes a lazy require(), which is cheaper and needs no second module system.
    options.supported = { 'dynamic-import': false }
  },
  esbuildPlugins: [lazyChildProcess, ownFiles],
})

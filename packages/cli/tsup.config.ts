import { fileURLToPath } from 'node:url'
import { defineConfig, type Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/**
 * Modules of Node that few commands need, and that cost every start: their functions load them when they are called.
 * commander imports child_process, for a feature that is not used here.
 */
const lazyModules: Plugin = {
  name: 'lazy-modules',
  setup(build) {
    const filter = /^node:(child_process|crypto|(fs|stream|timers)\/promises)$/
    build.onResolve({ filter }, ({ path, kind, importer }) =>
      kind === 'import-statement' && /[\\/](commander|cli[\\/]src)[\\/]/.test(importer)
        ? { path, namespace: 'lazy', sideEffects: false }
        : { path, external: true },
    )
    build.onLoad({ filter, namespace: 'lazy' }, async ({ path }) => {
      const { default: all }: { default: Record<string, unknown> } = await import(path)
      const names = Object.keys(all).filter((name) => typeof all[name] === 'function')
      const functions = names.map(
        (name) => `export const ${name} = (...args) => require('${path}').${name}(...args)`,
      )
      return { contents: [...functions, `export default { ${names.join(', ')} }`].join('\n'), loader: 'js' }
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
  // Else tsup resolves them before the plugins see them.
  removeNodeProtocol: false,
  minify: true,
  clean: true,
  noExternal: [/.*/],
  outExtension: () => ({ js: '.cjs' }),
  esbuildOptions(options) {
    options.alias = { '@wardline/sdk': fileURLToPath(new URL('../sdk/src/index.ts', import.meta.url)) }
    // import() becomes a lazy require(), which is cheaper and needs no second module system.
    options.supported = { 'dynamic-import': false }
  },
  esbuildPlugins: [lazyModules, ownFiles],
})

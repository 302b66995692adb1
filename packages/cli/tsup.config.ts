import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'tsup'

/** commander loads child_process when it is imported, for a feature that is not used here: 5 ms of every start. */
const lazyChildProcess = {
  name: 'lazy-child-process',
  setup(build: {
    onLoad(
      filter: { filter: RegExp },
      load: (file: { path: string }) => Promise<{ contents: string; loader: 'js' }>,
    ): void
  }) {
    build.onLoad({ filter: /commander[\\/]lib[\\/]command\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const eager = /import childProcess from 'node:child_process';/
      if (!eager.test(source))
        throw new Error('commander no longer loads child_process the way this plugin knows')
      const lazy =
        "const childProcess = { spawn: (...args) => require('node:child_process').spawn(...args) };"
      return { contents: source.replace(eager, lazy), loader: 'js' }
    })
  },
}

/** One core that starts fast; the SDK, the prompts and the streams are chunks that load when a command needs them. */
export default defineConfig({
  entry: { ward: 'src/ward.ts' },
  format: 'cjs',
  target: 'node22',
  platform: 'node',
  splitting: true,
  minify: true,
  clean: true,
  noExternal: [/.*/],
  outExtension: () => ({ js: '.cjs' }),
  esbuildOptions(options) {
    options.alias = { '@wardline/sdk': fileURLToPath(new URL('../sdk/src/index.ts', import.meta.url)) }
  },
  esbuildPlugins: [lazyChildProcess],
})

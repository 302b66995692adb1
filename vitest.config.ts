import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const alias = { '@wardline/sdk': fileURLToPath(new URL('./packages/sdk/src/index.ts', import.meta.url)) }
// Files wait for the database more than they compute, so every core gets one.
const shared = {
  alias,
  testTimeout: 20_000,
  hookTimeout: 60_000,
  maxWorkers: '100%',
  // A poll waits for what must happen, not for how fast: figures belong to the bench suite.
  expect: { poll: { timeout: 10_000 } },
}

export default defineConfig({
  test: {
    globalSetup: './test/support/global-setup.ts',
    projects: [
      {
        test: {
          ...shared,
          name: 'suite',
          include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/log/**', '**/node_modules/**'],
          // Not 0: with one worker Vitest puts group 0 last.
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Runs when everything else has: it reads what the servers of the whole suite logged.
        test: { ...shared, name: 'log', include: ['test/log/*.test.ts'], sequence: { groupOrder: 2 } },
      },
    ],
  },
})

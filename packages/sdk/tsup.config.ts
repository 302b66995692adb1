import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  target: 'es2022',
  dts: true,
  clean: true,
  // Its CommonJS default export means two things to bundlers and to Node; 2.7 KB settle it.
  noExternal: ['openapi-fetch'],
  sourcemap: false,
  tsconfig: 'tsconfig.json',
})

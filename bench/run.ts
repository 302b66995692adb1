/**
 * The bench suite: `npm run bench [name…]`. Prints each figure beside its bound and ends with 1 when one is over.
 * Machines are noisy: quote ratios of one run, not absolute times of two.
 */
import { audit } from './audit.ts'
import { cli } from './cli.ts'
import { cost } from './cost.ts'
import type { Benchmark } from './measure.ts'
import { path } from './path.ts'
import { search } from './search.ts'
import { size } from './size.ts'
import { start } from './start.ts'
import { eventStreams } from './streams.ts'
import { telemetry } from './telemetry.ts'
import { watching } from './watching.ts'

const benchmarks: Benchmark[] = [
  start,
  cli,
  path,
  cost,
  audit,
  search,
  size,
  eventStreams,
  telemetry,
  watching,
]
const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !benchmarks.some((benchmark) => benchmark.name === name))
if (unknown !== undefined) {
  console.error(
    `There is no benchmark ${unknown}; there are ${benchmarks.map(({ name }) => name).join(', ')}.`,
  )
  process.exit(2)
}
for (const benchmark of benchmarks) {
  if (wanted.length > 0 && !wanted.includes(benchmark.name)) continue
  console.log(benchmark.name)
  for (const { name, value, unit, bound } of await benchmark.run()) {
    const over = bound !== undefined && value > bound
    if (over) process.exitCode = 1
    const against = bound === undefined ? '' : `  (at most ${bound}${over ? ', OVER' : ''})`
    console.log(`  ${value.toFixed(2).padStart(9)} ${unit.padEnd(5)} ${name}${against}`)
  }
}

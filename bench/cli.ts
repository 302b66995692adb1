import { type Benchmark, inFolder, median, nodeCpuMs } from './measure.ts'

const runs = 11

/** What the command costs before it does anything, against a bare Node, run in turn. */
export const cli: Benchmark = {
  name: 'cli',
  run: () =>
    inFolder(async (folder) => {
      const bare: number[] = []
      const help: number[] = []
      for (let run = 0; run < runs; run++) {
        bare.push(nodeCpuMs(folder, ['-e', '0']))
        help.push(nodeCpuMs(folder, ['packages/cli/dist/ward.cjs', '--help']))
      }
      return [
        {
          name: 'CPU of `ward --help` against `node -e 0`',
          value: median(help) / median(bare),
          unit: 'times',
          bound: 2,
        },
        { name: 'CPU of `node -e 0`', value: median(bare), unit: 'ms' },
      ]
    }),
}

import { type Benchmark, inFolder, startServer, stopServer } from './measure.ts'

/** `npm start` from nothing, and again on the same folder. */
export const start: Benchmark = {
  name: 'start',
  run: () =>
    inFolder(async (folder) => {
      const data = ['--data', `${folder}/data`]
      const cold = await startServer(data)
      await stopServer(cold.child)
      const again = await startServer(data)
      await stopServer(again.child)
      return [
        {
          name: 'cold start: database made, migrated, seeded, serving',
          value: cold.seconds,
          unit: 's',
          bound: 10,
        },
        { name: 'restart on the same data', value: again.seconds, unit: 's', bound: 2 },
      ]
    }),
}

import { pino } from 'pino'
import { systemClock } from '../packages/server/src/clock.ts'
import { createLog } from '../packages/server/src/log.ts'
import { Measures } from '../packages/server/src/observe/measures.ts'
import { createPrometheus } from '../packages/server/src/observe/prometheus.ts'
import { Requests } from '../packages/server/src/observe/requests.ts'
import { type Benchmark, median } from './measure.ts'

const rounds = 7
const calls = 50_000

/** Microseconds for one call. */
function cost(call: () => void): number {
  const times = []
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    for (let n = 0; n < calls; n++) call()
    times.push(((performance.now() - began) / calls) * 1000)
  }
  return median(times)
}

/** What watching costs every request: its line in the log, redacted, and its counts. */
export const watching: Benchmark = {
  name: 'watching',
  async run() {
    const nowhere = { write: () => {} }
    const plain = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, nowhere)
    const redacted = createLog('info', nowhere)
    const fields = {
      request_id: '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90',
      operation: 'getPatient',
      status: 200,
      ms: 6.2,
    }
    const error = new Error('connect ECONNREFUSED 127.0.0.1:5432')
    const line = [
      cost(() => redacted.info(fields, 'answered')),
      cost(() => plain.info(fields, 'answered')),
    ] as const
    const stack = [
      cost(() => redacted.error({ err: error, ...fields }, 'failed')),
      cost(() => plain.error({ err: error, ...fields }, 'failed')),
    ] as const

    const measures = new Measures(systemClock)
    const counted = new Requests([measures.answered.bind(measures)])
    const figures = { jobs: null, seals: null, events: null, webhooks: null, servers: null, versions: null }
    const prometheus = createPrometheus(
      {
        version: '0',
        pools: () => [],
        streams: () => 0,
        requestsUnderWay: () => 0,
        tailLagSeconds: () => null,
        findings: async () => [],
        figures: async () => figures,
      },
      redacted,
    )
    const both = new Requests([measures.answered.bind(measures), prometheus.answered])
    const key = {}
    const request = (requests: Requests) => () => {
      requests.begun(key, fields.request_id, fields.operation)
      requests.answered(key, fields.operation, 200, 6.2)
    }
    return [
      { name: "a request's line in the log, redacted", value: line[0], unit: 'µs', bound: 50 },
      { name: 'the same against pino alone', value: line[0] / line[1], unit: 'times' },
      { name: 'a line with an error and its stack, redacted', value: stack[0], unit: 'µs' },
      { name: 'the same against pino alone', value: stack[0] / stack[1], unit: 'times' },
      { name: 'counting a request', value: cost(request(counted)), unit: 'µs', bound: 20 },
      { name: 'counting it for Prometheus as well', value: cost(request(both)), unit: 'µs', bound: 40 },
    ]
  },
}

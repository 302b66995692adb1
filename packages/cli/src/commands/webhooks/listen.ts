import type { StreamEvent, StreamStatus } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import { Interrupted, UsageError } from '../../exit.ts'
import { ORG } from '../../organization.ts'
import { clean } from '../../output.ts'
import { showStatus } from '../events/tail.ts'
import { EVENT_TYPES, type EventType, webhookTypes } from './shared.ts'

interface Options {
  to: URL
  types: EventType[] | undefined
  secret: string | undefined
  org: string | undefined
}

const SECRET_BYTES = 32
const TIMEOUT = 15_000
const DEFAULT_TARGET = 'http://localhost:3000/hook'

export const listen = command<Options>({
  name: 'listen',
  summary: 'Try a receiver on your machine: forward the organization’s events to it as they happen',
  details:
    'Follows the organization’s live events with your session and posts each to the address, signed with a secret that is made for this run and goes to stdout. One after the other, each once: what your receiver refuses is shown and not tried again. A lost connection is taken up again by itself, and what was missed follows. Nothing is set up on the server. For ADMINs; ends with 130 at Ctrl-C.',
  options: [
    { flags: '--forward-to <url>', text: `where to (${DEFAULT_TARGET})` },
    { flags: '--types <types>', text: 'only these, with commas: member.joined,license.expiring; member.*' },
    { flags: '--secret-env <name>', text: 'sign with the secret in this environment variable instead' },
    ORG,
  ],
  examples: [
    ['ward webhooks listen --forward-to http://localhost:3000/hook', 'all events'],
    ["ward webhooks listen --types 'member.*' --secret-env WEBHOOK_SECRET", 'some, with your own secret'],
  ],
  parse: (typed) => {
    const text = typed.text('forwardTo') ?? DEFAULT_TARGET
    const to = URL.canParse(text) ? new URL(text) : undefined
    if (to === undefined || !/^https?:$/.test(to.protocol))
      throw new UsageError(`--forward-to takes an address like ${DEFAULT_TARGET}, not "${text}"`)
    return {
      to,
      types: webhookTypes(typed.text('types')),
      secret: typed.text('secretEnv'),
      org: typed.text('org'),
    }
  },
  async run(context, { to, types, secret: variable, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const secret = variable === undefined ? newSecret() : secretFrom(context, variable)
    const wanted = types === undefined || types.length === 0 ? EVENT_TYPES : types
    let isTold = variable !== undefined
    const onStatus = (status: StreamStatus) => {
      showStatus(context, status)
      if (isTold || status.state !== 'open') return
      isTold = true
      context.print(`${secret}\n`)
    }
    context.status(`Forwarding to ${to.href}`)
    const stream = client.events.streamOrganization(
      { org_id, types: wanted.join(',') },
      { signal: context.io.signal, onStatus },
    )
    try {
      for await (const event of stream) {
        // Told by the stream's own status already.
        if (event.event !== 'stream.reset') await forward(context, to, secret, event)
      }
    } catch (error) {
      if (context.io.signal.aborted) throw new Interrupted('Interrupted')
      throw error
    }
  },
})

const newSecret = (): string =>
  `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString('base64')}`

/** A secret on the command line would be seen by everybody on this machine. */
const secretFrom = (context: Context, variable: string): string => {
  const secret = context.io.env[variable]
  if (secret === undefined || !/^whsec_[A-Za-z0-9+/]{20,}={0,2}$/.test(secret))
    throw new UsageError(`${variable} holds no secret like whsec_…`)
  return secret
}

/** Posts one event, and says how it went on one line. */
const forward = async (context: Context, to: URL, secret: string, event: StreamEvent): Promise<void> => {
  const { signWebhook } = await import('../../sdk.ts')
  const { style } = context
  const body = JSON.stringify(event)
  const begun = performance.now()
  const outcome = await fetch(to, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Wardline-Webhooks/1',
      ...(await signWebhook(body, { id: event.id, secret })),
    },
    body,
    redirect: 'manual',
    signal: AbortSignal.any([context.io.signal, AbortSignal.timeout(TIMEOUT)]),
  }).then(
    async (response) => {
      await response.body?.cancel()
      return { ok: response.ok, text: String(response.status) }
    },
    (error: unknown) => ({ ok: false, text: reasonOf(error) }),
  )
  if (context.io.signal.aborted) return
  const mark = outcome.ok ? style.green('✓') : style.red('✗')
  const took = `${Math.round(performance.now() - begun)} ms`
  context.status(
    `${mark} ${clean(event.event)} ${style.dim(event.id)} → ${clean(outcome.text)} ${style.dim(took)}`,
  )
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer in ${TIMEOUT / 1000} s`
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
}

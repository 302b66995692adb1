import { openPage } from '../../db/keyset.ts'
import { attempt } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { SupportDeskHandlers } from '../../generated/handlers.ts'
import { versionOf } from '../../http/etag.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { type Act, isIdle, isRefusal, type LockedTicket, perform, planAct } from './act.ts'
import { fillIn, unknownPlaceholders } from './macros.ts'
import * as queries from './queries.ts'
import * as macroQueries from './queries-macros.ts'
import { deskTicket } from './ticket.ts'

type Macro = NonNullable<Awaited<ReturnType<typeof macroQueries.findMacro>>>
type Facts = Awaited<ReturnType<typeof macroQueries.findMacroFacts>>
type MacroResult = components['schemas']['MacroResult']

const MAX_TEXT = 10_000

const titleTaken = { support_macros_title: problem('CONFLICT', 'There is a macro of this title.') }

const invalid = (pointer: string, message: string) =>
  problem('VALIDATION_ERROR', undefined, { errors: [{ pointer, message }] })

/** What a macro may not be: one that does nothing, or whose text would go out with braces in it. */
function refuseMacro(
  macro: Pick<Macro, 'body' | 'status' | 'urgency' | 'add_tags' | 'remove_tags'>,
): Problem<'VALIDATION_ERROR'> | undefined {
  const { body, status, urgency, add_tags, remove_tags } = macro
  if (body === null && status === null && urgency === null && add_tags.length + remove_tags.length === 0)
    return invalid('', 'a macro must write, set or tag something')
  const [unknown] = body === null ? [] : unknownPlaceholders(body)
  return unknown === undefined ? undefined : invalid('/body', `there is no placeholder ${unknown}`)
}

/** What a macro does to one ticket; a problem when its text cannot be filled in. */
function actOf(
  macro: Macro,
  ticket: LockedTicket,
  facts: Facts,
  agent: string,
): Act | Problem<'VALIDATION_ERROR'> {
  const wish = {
    ...(macro.status === null ? {} : { status: macro.status }),
    ...(macro.urgency === null ? {} : { urgency: macro.urgency }),
    add_tags: macro.add_tags,
    remove_tags: macro.remove_tags,
  }
  const about = facts.get(ticket.id)
  if (macro.body === null || !about) return { wish, macroId: macro.id }
  const { subject, requester, organization } = about
  const { ticket_number: number, status, urgency, category } = ticket
  const { text, missing } = fillIn(macro.body, {
    requester,
    agent,
    organization,
    ticket: { number, subject, status, urgency, category },
  })
  if (text === null) return problem('VALIDATION_ERROR', `The ticket has no ${missing.join(', ')}.`)
  if (text.length > MAX_TEXT)
    return problem('VALIDATION_ERROR', `Filled in, the text has more than ${MAX_TEXT} characters.`)
  return { wish, macroId: macro.id, message: { body: text, is_internal_note: macro.is_internal_note } }
}

/** An act and its plan, or why the ticket refuses. */
function planMacro(macro: Macro, ticket: LockedTicket, facts: Facts, agent: string, now: Date) {
  const act = actOf(macro, ticket, facts, agent)
  if (act instanceof Problem) return act
  const plan = planAct(ticket, act, now)
  return isRefusal(plan) ? plan : { act, plan }
}

type Outcome = Omit<MacroResult, 'ticket' | 'ticket_id'>

const refused = (code: NonNullable<MacroResult['code']>, detail: string | null): Outcome => ({
  outcome: 'REFUSED',
  code,
  detail,
  message_id: null,
})

export const macroHandlers = ({
  clock,
  cursors,
  newId,
}: Services): Pick<
  SupportDeskHandlers,
  'listMacros' | 'createMacro' | 'updateMacro' | 'deleteMacro' | 'previewMacro' | 'applyMacro'
> => ({
  async listMacros({ db }, { query }) {
    const page = openPage(cursors, 'listMacros', query, query)
    if (page instanceof Problem) return page
    return page.close(await macroQueries.listMacros(db, page), ({ title, id }) => [title, id], undefined)
  },

  async createMacro({ db, actor }, { body }) {
    const { title, body: text = null, is_internal_note, status = null, urgency = null } = body
    if (text !== null && is_internal_note === undefined)
      return invalid('/is_internal_note', 'must be said with a body')
    const macro = {
      title: title.trim(),
      body: text,
      is_internal_note: is_internal_note ?? false,
      status,
      urgency,
      add_tags: body.add_tags ?? [],
      remove_tags: body.remove_tags ?? [],
    }
    const refusal = refuseMacro(macro)
    if (refusal) return refusal
    return await attempt(db, titleTaken, () =>
      macroQueries.insertMacro(db, {
        ...macro,
        id: newId(),
        created_by: actor.userId,
        created_at: clock.now(),
      }),
    )
  },

  async updateMacro({ db }, { params, headers, body }) {
    const macro = await macroQueries.lockMacro(db, params.macro_id)
    if (!macro) return notFound('macro')
    if (macro.version !== versionOf(headers['if-match']))
      return problem('PRECONDITION_FAILED', undefined, { current_version: macro.version })
    const { title } = body
    const changes = { ...body, ...(title === undefined ? {} : { title: title.trim() }) }
    const refusal = refuseMacro({ ...macro, ...changes })
    if (refusal) return refusal
    return await attempt(db, titleTaken, () => macroQueries.updateMacro(db, macro.id, changes))
  },

  async deleteMacro({ db }, { params }) {
    const isGone = await macroQueries.deleteMacro(db, params.macro_id, clock.now())
    return isGone ? undefined : notFound('macro')
  },

  async previewMacro({ db, actor }, { params, query }) {
    const macro = await macroQueries.findMacro(db, params.macro_id)
    if (!macro) return notFound('macro')
    const ticket = await queries.findForChange(db, query.ticket_id)
    if (!ticket) return notFound('ticket')
    const facts = await macroQueries.findMacroFacts(db, [ticket.id])
    const { is_internal_note } = macro
    const shown = { macro_id: macro.id, ticket_id: ticket.id, is_internal_note }
    const planned = planMacro(macro, ticket, facts, actor.displayName, clock.now())
    if (!(planned instanceof Problem))
      return {
        ...shown,
        body: planned.act.message?.body ?? null,
        changes: planned.plan.changed,
        refusal: null,
      }
    const act = actOf(macro, ticket, facts, actor.displayName)
    const body = act instanceof Problem ? null : (act.message?.body ?? null)
    return { ...shown, body, changes: [], refusal: planned.detail ?? planned.message }
  },

  async applyMacro({ db, actor, emit, enqueue, record }, { params, body }) {
    const now = clock.now()
    const macro = await macroQueries.findMacro(db, params.macro_id)
    if (!macro) return notFound('macro')
    const ids = body.tickets.map(({ ticket_id }) => ticket_id)
    const twice = ids.findIndex((id, at) => ids.indexOf(id) !== at)
    if (twice >= 0) return invalid(`/tickets/${twice}/ticket_id`, 'is named twice')
    const locked = new Map((await queries.lockSeveral(db, ids)).map((ticket) => [ticket.id, ticket]))
    const facts = await macroQueries.findMacroFacts(db, ids)

    const applyTo = async (
      ticket: LockedTicket | undefined,
      version: number | undefined,
    ): Promise<Outcome> => {
      if (!ticket) return refused('NOT_FOUND', 'There is no such ticket.')
      if (version !== undefined && version !== ticket.version)
        return refused('PRECONDITION_FAILED', `It is at version ${ticket.version} by now.`)
      const planned = planMacro(macro, ticket, facts, actor.displayName, now)
      if (planned instanceof Problem) return refused(planned.code, planned.detail ?? planned.message)
      const { act, plan } = planned
      const unchanged = { outcome: 'UNCHANGED', code: null, detail: null, message_id: null } as const
      if (isIdle(act, plan)) return unchanged
      const by = { agentId: actor.userId, now }
      const { messageId } = await perform(db, { emit, enqueue, newId }, ticket, act, plan, by)
      await record({ action: 'UPDATE', resource: 'SUPPORT_TICKET', id: ticket.id })
      return { ...unchanged, outcome: 'APPLIED', message_id: messageId }
    }
    const outcomes: (Outcome & { ticket_id: string })[] = []
    for (const { ticket_id, version } of body.tickets)
      outcomes.push({ ticket_id, ...(await applyTo(locked.get(ticket_id), version)) })
    const rows = await queries.listTicketsById(db, ids)
    const tickets = new Map(rows.map((row) => [row.id, deskTicket(row, now)]))
    return { results: outcomes.map((one) => ({ ...one, ticket: tickets.get(one.ticket_id) ?? null })) }
  },
})

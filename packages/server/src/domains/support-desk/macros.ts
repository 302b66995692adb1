/** What a macro's text can fill in: of the requester, the ticket, the agent and the organization. */
export interface MacroFacts {
  readonly requester: string
  readonly agent: string
  /** null when the ticket is about none. */
  readonly organization: string | null
  readonly ticket: {
    readonly number: string
    readonly subject: string
    readonly status: string
    readonly urgency: string
    readonly category: string
  }
}

const firstName = (name: string): string => name.trim().split(/\s+/)[0] ?? name

const placeholders: Readonly<Record<string, (facts: MacroFacts) => string | null>> = {
  'requester.name': ({ requester }) => requester,
  'requester.first_name': ({ requester }) => firstName(requester),
  'ticket.number': ({ ticket }) => ticket.number,
  'ticket.subject': ({ ticket }) => ticket.subject,
  'ticket.status': ({ ticket }) => ticket.status,
  'ticket.urgency': ({ ticket }) => ticket.urgency,
  'ticket.category': ({ ticket }) => ticket.category,
  'agent.name': ({ agent }) => agent,
  'agent.first_name': ({ agent }) => firstName(agent),
  'organization.name': ({ organization }) => organization,
}

const written = /\{\{\s*([^{}]*?)\s*\}\}/g

/** What stands in braces and is no placeholder, or is a brace too many. */
export function unknownPlaceholders(body: string): string[] {
  const names = [...body.matchAll(written)].map(([, name = '']) => name)
  const unknown = names.filter((name) => !Object.hasOwn(placeholders, name))
  const rest = body.replace(written, '')
  return [...new Set([...unknown, ...(/\{\{|\}\}/.test(rest) ? ['{{'] : [])])]
}

/**
 * A macro's text for one ticket. What was filled in is not read again: a name that looks like a placeholder stays a name.
 * @returns the names of placeholders that this ticket has nothing for, instead of a text with holes
 */
export function fillIn(
  body: string,
  facts: MacroFacts,
): { text: string; missing: never[] } | { text: null; missing: string[] } {
  const missing: string[] = []
  const text = body.replace(written, (_, name: string) => {
    const value = placeholders[name]?.(facts) ?? null
    if (value === null) missing.push(name)
    return value ?? ''
  })
  return missing.length > 0 ? { text: null, missing } : { text, missing: [] }
}

import { clean } from '../../../output.ts'
import type { DeskTicketDetail } from '../shared.ts'

/**
 * What a colleague, or the requester, changed: a line each.
 *
 * @param self whose own messages are no news
 */
export const differences = (before: DeskTicketDetail, now: DeskTicketDetail, self?: string): string[] => {
  const changes: string[] = []
  const compare = (what: string, old: string, fresh: string) => {
    if (old !== fresh) changes.push(`${what}: ${clean(old)} → ${clean(fresh)}`)
  }
  compare('status', before.status, now.status)
  compare('urgency', before.urgency, now.urgency)
  compare('category', before.category, now.category)
  compare('assignee', before.assignee?.display_name ?? 'nobody', now.assignee?.display_name ?? 'nobody')
  compare('tags', before.tags.join(', ') || 'none', now.tags.join(', ') || 'none')
  compare(
    'merged into',
    before.merged_into?.ticket_number ?? 'none',
    now.merged_into?.ticket_number ?? 'none',
  )
  const known = new Set(before.messages.map((message) => message.id))
  for (const message of now.messages) {
    if (known.has(message.id) || message.sender_id === self) continue
    const what = message.is_internal_note
      ? 'internal note'
      : message.is_from_support
        ? 'public reply'
        : 'message'
    changes.push(`new ${what} by ${clean(message.sender_name ?? 'the system')}`)
  }
  return changes
}

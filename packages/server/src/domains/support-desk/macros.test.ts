import { expect, test } from 'vitest'
import { fillIn, type MacroFacts, unknownPlaceholders } from './macros.ts'

const facts: MacroFacts = {
  requester: 'Ngozi Ada Okafor',
  agent: 'Sam Adeyemi',
  organization: null,
  ticket: {
    number: 'TKT-2026-00042',
    subject: 'I owe you $& {{agent.name}}',
    status: 'OPEN',
    urgency: 'HIGH',
    category: 'BILLING',
  },
}

test('placeholders are filled in, with or without spaces', () => {
  const body = 'Hello {{requester.first_name}}, {{ ticket.number }} is {{ticket.status}}. {{agent.name}}'
  expect(fillIn(body, facts).text).toBe('Hello Ngozi, TKT-2026-00042 is OPEN. Sam Adeyemi')
})

test('what a person wrote is filled in as it is, never read as a placeholder', () => {
  expect(fillIn('About "{{ticket.subject}}"', facts).text).toBe('About "I owe you $& {{agent.name}}"')
})

test('a text with a hole is none', () => {
  expect(fillIn('{{agent.name}} of {{organization.name}}', facts)).toEqual({
    text: null,
    missing: ['organization.name'],
  })
})

test.each([
  ['{{requester.email}}', ['requester.email']],
  ['{{constructor}} {{Ticket.Number}}', ['constructor', 'Ticket.Number']],
  ['{{requester.name', ['{{']],
  ['requester.name}}', ['{{']],
  ['{{}}', ['']],
  ['{ single } braces are text', []],
  ['{{ticket.number}}', []],
])('unknown placeholders of %s are %j', (body, unknown) => {
  expect(unknownPlaceholders(body)).toEqual(unknown)
})

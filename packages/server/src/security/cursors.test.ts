import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createCursors } from './cursors.ts'

const key = (kid: string) => ({ kid, key: randomBytes(32).toString('base64url') })
const old = key('2025')
const current = key('2026')
const cursors = createCursors({ encryption: [current, old] })
const filters = { org_id: 'org-1', status: 'ACTIVE', search: undefined }
const values = ['Okafor', 3, null, true, '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10']
const cursor = cursors.encode('listPatients', filters, values)

test('a cursor answers the values that it was made of, and fits the contract', () => {
  expect(cursor).toMatch(/^[A-Za-z0-9_.-]{1,1024}$/)
  expect(cursors.decode('listPatients', filters, cursor)).toEqual(values)
})

test('neither the order of the filters nor the page controls matter', () => {
  const same = { status: 'ACTIVE', org_id: 'org-1', limit: 5, cursor, include_total: true }
  expect(cursors.decode('listPatients', same, cursor)).toEqual(values)
})

test.each([
  ['of another list', 'listAppointments', filters],
  ['of another organization', 'listPatients', { ...filters, org_id: 'org-2' }],
  ['of another filter', 'listPatients', { ...filters, status: 'DISCHARGED' }],
  ['with a filter more', 'listPatients', { ...filters, search: 'ok' }],
  ['with a filter less', 'listPatients', { org_id: 'org-1' }],
])('a cursor %s is refused', (_why, operation, other) => {
  expect(cursors.decode(operation, other, cursor)).toBeUndefined()
})

test('a forged, cut or foreign cursor is refused', () => {
  const [payload = '', mac = ''] = cursor.split('.')
  const forged = Buffer.from(JSON.stringify(['A', 0])).toString('base64url')
  const foreign = createCursors({ encryption: [key('x')] }).encode('listPatients', filters, values)
  const texts = ['', '.', payload, `${payload}.`, `.${mac}`, `${forged}.${mac}`, `${cursor}.x`, foreign, 'é']
  for (const text of [...texts, `${payload}.${mac.slice(1)}`, cursor.slice(0, -1)])
    expect(cursors.decode('listPatients', filters, text)).toBeUndefined()
})

test('after a rotation older cursors still work', () => {
  const older = createCursors({ encryption: [old] }).encode('listPatients', filters, values)
  expect(cursors.decode('listPatients', filters, older)).toEqual(values)
})

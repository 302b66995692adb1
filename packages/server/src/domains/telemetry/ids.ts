import { createHash } from 'node:crypto'

/**
 * The id of an event that its client named: the same for the same person, id and time, and nobody else's, so that a retry
 * is recognized and a stranger cannot be in its way. A UUIDv8 (RFC 9562) that begins with the time, like all our ids.
 */
export function namedEventId(userId: string, eventId: string, occurredAt: Date): string {
  const bytes = createHash('sha256').update(`${userId} ${eventId.toLowerCase()}`).digest().subarray(0, 16)
  bytes.writeUIntBE(occurredAt.getTime(), 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

import { expect } from 'vitest'
import type { World } from './world.ts'

/** An organization's stream, read as text; resolves once it is live. */
export async function organizationStream(
  world: World,
  organizationId: string,
  token: string,
  base = world.url,
): Promise<{ text: () => string; ended: Promise<void> }> {
  const response = await fetch(`${base}/api/organizations/${organizationId}/events`, {
    headers: { authorization: `Bearer ${token}` },
  })
  let text = ''
  const ended = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk
  })()
  // The first heartbeat says that it is live.
  await expect.poll(() => text).toContain('event: heartbeat')
  return { text: () => text, ended }
}

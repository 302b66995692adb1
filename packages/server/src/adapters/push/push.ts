import type { Logger } from 'pino'

/** One notification to one device. Its text never holds health information. */
export interface PushMessage {
  /** Names the notification for good: a provider shows one that is sent again in place of the first. */
  readonly id: string
  readonly token: string
  readonly platform: 'ios' | 'android' | 'web'
  readonly title: string
  readonly body: string
  /** Where in the app it leads. */
  readonly actionUrl: string | null
}

/** Delivers to devices. */
export interface Push {
  /**
   * Rejects when the provider cannot be reached; all may then be sent again.
   * @returns the tokens that the provider no longer knows: they are forgotten.
   */
  send(messages: readonly PushMessage[]): Promise<readonly string[]>
}

/** For who has no provider: delivers nothing, and says so once. */
export function createNoPush(log: Logger): Push {
  let said = false
  return {
    async send() {
      if (!said) log.warn('push messages are not delivered, because no provider is configured')
      said = true
      return []
    },
  }
}

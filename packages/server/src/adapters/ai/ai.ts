import type { Logger } from 'pino'
import type { Config } from '../../config.ts'
import { createChatModel } from './chat.ts'

/** ABORTED: whoever asked has hung up. */
export type AiFault = 'UNAVAILABLE' | 'TIMEOUT' | 'ABORTED'

/** Why there is no answer: answered, not thrown. What the model's server said about it is repeated nowhere: it may quote the text. */
export class AiError extends Error {
  override readonly name = 'AiError'
  readonly fault: AiFault

  constructor(fault: AiFault) {
    super(fault)
    this.fault = fault
  }
}

/** A language model. It keeps nothing, as far as it is up to us. */
export interface Ai {
  readonly model: string
  /**
   * Summarizes a text, which is data whatever it says.
   * @param signal aborts the model's work
   */
  summarize(text: string, maxWords: number, signal: AbortSignal): Promise<string | AiError>
  /** Cuts what is under way. */
  close(): Promise<void>
}

/** The model that is configured, if one is. Connects to nothing yet. */
export const createAi = ({ ai }: Pick<Config, 'ai'>, log: Logger): Ai | undefined =>
  ai === undefined ? undefined : createChatModel(ai, log)

import { AiError } from '../../adapters/ai/ai.ts'
import type { AiHandlers } from '../../generated/handlers.ts'
import { problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'

export const aiHandlers = ({ ai, config }: Services): AiHandlers => ({
  async summarizeText({ signal }, { body }) {
    if (ai === undefined) return problem('AI_NOT_CONFIGURED', 'No language model is set up on this server.')
    const summary = await ai.summarize(body.text, body.max_words, signal)
    if (!(summary instanceof AiError)) return { summary, model: ai.model }
    // The text may have left the house all the same, so the trail keeps that it was sent.
    return summary.fault === 'TIMEOUT'
      ? problem(
          'AI_TIMEOUT',
          `The language model took longer than ${config.ai?.timeoutSeconds} seconds.`,
        ).keepEffects()
      : problem('AI_UNAVAILABLE', 'The language model did not answer as it should. Try again.', {
          retry_after: 10,
        }).keepEffects()
  },
})

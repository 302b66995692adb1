import type { Group } from '../../command.ts'
import { summarize } from './summarize.ts'

export const ai: Group = {
  name: 'ai',
  summary: 'A language model, for professionals',
  commands: [summarize],
}

import type { Group } from '../../command.ts'
import { tail } from './tail.ts'

export const events: Group = { name: 'events', summary: 'Live events', commands: [tail] }

import type { Actor, ApiKey, Origin, Person } from './actor.ts'
import type { OperationDefinition } from './operation.ts'
import type { LoadedSession } from './session.ts'

/** What the pipeline learns of one request, step by step. */
export interface RequestState {
  readonly operation: OperationDefinition
  readonly origin: Origin
  /** When the request arrived; every rule of it goes by this instant. */
  readonly now: Date
  readonly params: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
  session: LoadedSession | null
  actor: Actor | null
  /** When the token that was shown ends; null for a key or a ticket. */
  tokenEndsAt: Date | null
  /** The organization that the call acts in. */
  organizationId: string | null
  body: unknown
  /** Aborted when the caller hangs up before the answer; made when somebody asks for it. */
  readonly hungUp: () => AbortSignal
}

/** One gate: passes silently or throws the Problem that refuses. */
export type Gate = (state: RequestState) => void | Promise<void>

/** The signed-in person of an operation that is not public. */
export function personOf(state: RequestState): Person | null {
  return state.actor?.kind === 'person' ? state.actor : null
}

/** The API key that calls, if one does. */
export function keyOf(state: RequestState): ApiKey | null {
  return state.actor?.kind === 'api-key' ? state.actor : null
}

/** Whoever is signed in: the person's id, or the API key's. */
export function actorIdOf(state: RequestState): string | null {
  return personOf(state)?.userId ?? keyOf(state)?.keyId ?? null
}

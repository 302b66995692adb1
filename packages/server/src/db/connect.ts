import { Client } from 'pg'
import { EXIT, StartupError } from '../startup-error.ts'

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up',
  ETIMEDOUT: 'no answer in time',
  '28P01': 'the user or password is wrong',
  '28000': 'the server refuses this user',
  '3D000': 'there is no such database',
  '53300': 'the server has no free connections',
  '57P03': 'the server is starting or stopping',
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function explain(error: unknown): string {
  const known = CAUSES[codeOf(error) ?? '']
  if (known !== undefined) return known
  const message = error instanceof Error ? error.message : String(error)
  if (/timeout/i.test(message)) return 'no answer in time'
  return message.replace(/\.$/, '')
}

/** Host, port and database of a connection URL, without its password. */
export function describeDatabase(url: string): string {
  const { hostname, port, pathname } = new URL(url)
  return `${hostname || 'localhost'}:${port || 5432}${pathname}`
}

/**
 * Opens one connection, for work outside the request path.
 * @param setting how the sentence names the URL, for example "DATABASE_URL".
 * @throws {StartupError} with the exit code for an unreachable database.
 */
export async function connect(
  url: string,
  setting: string,
  applicationName = 'wardline-setup',
): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
  })
  // Without a listener a connection that dies while idle would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => {})
    throw new StartupError(
      `The database of ${setting} (${describeDatabase(url)}) cannot be used: ${explain(error)}.`,
      EXIT.unreachable,
      { cause: error },
    )
  }
}

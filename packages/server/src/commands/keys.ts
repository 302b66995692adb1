import type { Command } from 'commander'
import type { ClientBase } from 'pg'
import { loadConfig } from '../config.ts'
import { connect } from '../db/connect.ts'
import { createCipher } from '../security/cipher.ts'
import { countCiphertexts, reencrypt } from '../security/ciphertexts.ts'
import {
  generateKeyRing,
  keyRingJson,
  pruneKeyRing,
  readKeyRing,
  retireEncryptionKeys,
  rotateKeyRing,
  stageKeyRing,
  writeKeyRing,
} from '../security/keys.ts'
import { EXIT, StartupError } from '../startup-error.ts'
import { ownerUrl } from './migrate.ts'
import { say, table } from './terminal.ts'

function generate(options: { out?: string }): void {
  const ring = generateKeyRing()
  if (options.out === undefined) {
    process.stdout.write(keyRingJson(ring))
    return
  }
  writeKeyRing(options.out, ring, false)
  say(
    `Wrote ${options.out}, readable by you alone. Set WARDLINE_KEYS_FILE to it, and keep a copy in a safe place:`,
  )
  say('without the encryption key nobody can sign in with a second factor again.')
}

interface Choice {
  file?: string
  signing?: true
  encryption?: true
}

function fileOf({ file }: Choice): string {
  const named = file ?? loadConfig(process.env).keysFile
  if (named === undefined)
    throw new StartupError('Name the key file with --file or WARDLINE_KEYS_FILE.', EXIT.usage)
  return named
}

const kindsOf = ({ signing, encryption }: Choice) => {
  const both = !signing && !encryption
  return { signing: both || signing === true, encryption: both || encryption === true }
}

const named = (kinds: Record<string, boolean>): string =>
  Object.entries(kinds)
    .flatMap(([name, on]) => (on ? [name] : []))
    .join(' and ')

function list(options: Choice): void {
  const ring = readKeyRing(fileOf(options))
  const state = (index: number, staged?: true): string =>
    index === 0 ? 'in use' : staged ? 'staged' : 'kept for what is older'
  say(
    table(
      ['KIND', 'KEY', 'STATE', 'IN USE SINCE'],
      [
        ...ring.signing.map(({ kid, staged, createdAt }, i) => [
          'signing',
          kid,
          state(i, staged),
          staged ? '-' : createdAt,
        ]),
        ...ring.encryption.map(({ kid, staged }, i) => ['encryption', kid, state(i, staged), '-']),
      ],
    ),
  )
}

function stage(options: Choice): void {
  const file = fileOf(options)
  const kinds = kindsOf(options)
  writeKeyRing(file, stageKeyRing(readKeyRing(file), kinds), true)
  say(
    `Staged ${named(kinds)} in ${file}. Restart every server and worker, then run "ward-server keys rotate".`,
  )
}

function rotate(options: Choice): void {
  const file = fileOf(options)
  const kinds = kindsOf(options)
  const rotated = pruneKeyRing(rotateKeyRing(readKeyRing(file), kinds))
  writeKeyRing(file, rotated, true)
  say(`Rotated ${named(kinds)} in ${file}.`)
  say(
    `It now holds ${rotated.signing.length} signing and ${rotated.encryption.length} encryption keys. Restart the servers.`,
  )
}

async function withOwner<T>(use: (client: ClientBase) => Promise<T>): Promise<T> {
  const { url, setting } = ownerUrl(loadConfig(process.env))
  const client = await connect(url, setting)
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

async function reencryptAll(options: Choice): Promise<void> {
  const ring = readKeyRing(fileOf(options))
  const kid = ring.encryption[0]?.kid ?? ''
  const { rewritten, unreadable } = await withOwner((client) => reencrypt(client, createCipher(ring), kid))
  say(`${rewritten} secrets were put under the key in use.`)
  if (unreadable.length > 0)
    throw new StartupError(
      `No key of the ring reads ${unreadable.length} more, the first of which is ${unreadable[0]}.`,
    )
}

async function retire(options: Choice): Promise<void> {
  const file = fileOf(options)
  const ring = readKeyRing(file)
  const left = retireEncryptionKeys(ring)
  const going = ring.encryption.filter((key) => !left.encryption.includes(key)).map(({ kid }) => kid)
  if (going.length === 0) {
    say('There is no encryption key to retire.')
    return
  }
  const [needed] = await withOwner((client) => countCiphertexts(client, going))
  if (needed !== undefined)
    throw new StartupError(
      `The old keys are still needed, by ${needed.count} of ${needed.place} first: run "ward-server keys reencrypt".`,
    )
  writeKeyRing(file, left, true)
  say(`Dropped ${going.length} encryption keys from ${file}. Keep them with the backups that need them.`)
}

export function keysCommand(program: Command): void {
  const keys = program.command('keys').description("the server's signing and encryption keys")
  keys
    .command('generate')
    .description('make new keys and print them, or write them to a file that only you can read')
    .option('--out <file>', 'write to this file, which must not exist')
    .action(generate)
  const onFile = (name: string, description: string): Command =>
    keys
      .command(name)
      .description(description)
      .option('--file <file>', 'the key file (default: WARDLINE_KEYS_FILE)')
  onFile('list', 'show the keys by name, never themselves').action(list)
  onFile(
    'stage',
    'add new keys that every server has to know before one uses them (both kinds unless one is named)',
  )
    .option('--signing', 'only a signing key')
    .option('--encryption', 'only an encryption key')
    .action(stage)
  onFile(
    'rotate',
    'put the staged keys in front, else new ones; older ones keep verifying and decrypting (both kinds unless one is named)',
  )
    .option('--signing', 'only the signing keys; those replaced over a day ago are dropped')
    .option('--encryption', 'only the encryption keys; older ones are all kept')
    .action(rotate)
  onFile(
    'reencrypt',
    'put every secret of the database under the key in use, while servers run (DATABASE_OWNER_URL)',
  ).action(reencryptAll)
  onFile(
    'retire',
    'drop the encryption keys that nothing in the database needs any more (DATABASE_OWNER_URL)',
  ).action(retire)
  keys.addHelpText(
    'after',
    `
Several servers, without a call that fails:
  ward-server keys stage        then restart each
  ward-server keys rotate       then restart each
  ward-server keys reencrypt
  ward-server keys retire       a day later, then restart each`,
  )
}

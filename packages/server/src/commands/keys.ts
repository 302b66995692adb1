import type { Command } from 'commander'
import { loadConfig } from '../config.ts'
import {
  generateKeyRing,
  keyRingJson,
  pruneKeyRing,
  readKeyRing,
  rotateKeyRing,
  writeKeyRing,
} from '../security/keys.ts'
import { EXIT, StartupError } from '../startup-error.ts'
import { say } from './terminal.ts'

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

function rotate(options: { file?: string; signing?: true; encryption?: true }): void {
  const file = options.file ?? loadConfig(process.env).keysFile
  if (file === undefined)
    throw new StartupError('Name the key file with --file or WARDLINE_KEYS_FILE.', EXIT.usage)
  const both = !options.signing && !options.encryption
  const ring = readKeyRing(file)
  const which = { signing: both || options.signing === true, encryption: both || options.encryption === true }
  const rotated = pruneKeyRing(rotateKeyRing(ring, which))
  writeKeyRing(file, rotated, true)
  say(
    `Rotated ${Object.entries(which)
      .flatMap(([name, on]) => (on ? [name] : []))
      .join(' and ')} in ${file}.`,
  )
  say(
    `It now holds ${rotated.signing.length} signing and ${rotated.encryption.length} encryption keys. Restart the servers.`,
  )
}

export function keysCommand(program: Command): void {
  const keys = program.command('keys').description("the server's signing and encryption keys")
  keys
    .command('generate')
    .description('make new keys and print them, or write them to a file that only you can read')
    .option('--out <file>', 'write to this file, which must not exist')
    .action(generate)
  keys
    .command('rotate')
    .description(
      'put new keys in front; older ones keep verifying and decrypting (both kinds unless one is named)',
    )
    .option('--file <file>', 'the key file (default: WARDLINE_KEYS_FILE)')
    .option('--signing', 'only the signing keys; those replaced over a day ago are dropped')
    .option('--encryption', 'only the encryption keys; older ones are all kept')
    .action(rotate)
}

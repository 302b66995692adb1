/**
 * Contract → generated code; migrations → table types. `npm run gen`, or with `--check` only to see that
 * what is committed is what would be made (exit 1 and the names when not).
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { ContractError, readContract } from './gen/contract.ts'
import { emitDatabase } from './gen/emit-database.ts'
import { emitCliOperations, emitResources } from './gen/emit-sdk.ts'
import { emitHandlers, emitOperations, emitProblems, emitSchemas, emitTypes } from './gen/emit-server.ts'
import { withMigratedDatabase } from './postgres.ts'

const root = join(import.meta.dirname, '..')

async function generate(): Promise<Map<string, string>> {
  const contract = await readContract(join(root, 'openapi.yaml'), root)
  const tables = await withMigratedDatabase(async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    try {
      return await emitDatabase(client)
    } finally {
      await client.end()
    }
  })
  return new Map([
    ['packages/server/src/generated/openapi.json', `${JSON.stringify(contract.document, null, 1)}\n`],
    ['packages/server/src/generated/contract.ts', await emitTypes(contract.document, true)],
    ['packages/server/src/generated/operations.ts', emitOperations(contract)],
    ['packages/server/src/generated/handlers.ts', emitHandlers(contract)],
    ['packages/server/src/generated/problems.ts', emitProblems(contract)],
    ['packages/server/src/generated/schemas.json', emitSchemas(contract)],
    ['packages/server/src/generated/database.ts', tables],
    ['packages/sdk/src/generated/types.ts', await emitTypes(contract.document, false)],
    ['packages/sdk/src/generated/resources.ts', emitResources(contract)],
    ['packages/cli/src/generated/operations.ts', emitCliOperations(contract)],
  ])
}

/** Names of generated files that differ from what is on disk, strays included. */
function stale(files: Map<string, string>): string[] {
  const differing = [...files].flatMap(([name, text]) => {
    try {
      return readFileSync(join(root, name), 'utf8') === text ? [] : [name]
    } catch {
      return [name]
    }
  })
  const folders = new Set([...files.keys()].map((name) => dirname(name)))
  const strays = [...folders].flatMap((folder) =>
    readdirSync(join(root, folder))
      .map((name) => `${folder}/${name}`)
      .filter((name) => !files.has(name)),
  )
  return [...differing, ...strays]
}

try {
  const files = await generate()
  if (process.argv.includes('--check')) {
    const names = stale(files)
    if (names.length > 0) {
      console.error(
        `Generated code is stale; run "npm run gen":\n${names.map((name) => `  ${name}`).join('\n')}`,
      )
      process.exitCode = 1
    }
  } else
    for (const [name, text] of files) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), text)
    }
} catch (error) {
  if (!(error instanceof ContractError)) throw error
  console.error(error.message)
  process.exitCode = 1
}

import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import type { components } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Context } from '../../context.ts'

const LOOK_MS = 2000

interface Options {
  export_id: string
  file: string
}

export const download = command<Options>({
  name: 'download <export-id>',
  summary: 'Save an export of your data; waits until it is built',
  details: 'The file is readable by you alone. An export that failed or was deleted ends with 1.',
  options: [{ flags: '--file <file>', text: 'where to (wardline-export-<id>.zip)' }],
  examples: [
    ['ward export download 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90', 'into this folder'],
    ['ward export download "$(ward export request -q)" --file me.zip', 'ask, wait and save'],
  ],
  parse: (typed) => {
    const export_id = typed.arg(0)
    return { export_id, file: typed.text('file') ?? `wardline-export-${export_id}.zip` }
  },
  async run(context, { export_id, file }) {
    const { download_url: url, size_bytes: size } = await ready(context, export_id)
    if (url === null) throw new Error('The export has no file.')
    const part = `${file}.part`
    try {
      // The link is the credential: nothing else goes along.
      const response = await fetch(url, { signal: context.io.signal })
      if (!response.ok || response.body === null)
        throw new Error(`The file cannot be had (${response.status}). Try again.`)
      const out = createWriteStream(part, { mode: 0o600 })
      await pipeline(response.body, out)
      if (out.bytesWritten !== size) throw new Error('The file is not whole. Try again.')
      await rename(part, file)
    } catch (error) {
      await rm(part, { force: true })
      throw error
    }
    context.status(`Saved to ${file}, ${size} bytes. It holds health information: keep it safe.`)
  },
})

async function ready(context: Context, export_id: string): Promise<components['schemas']['DataExport']> {
  const client = await context.client()
  const { signal } = context.io
  for (;;) {
    const found = await client.users.getExport({ export_id }, { signal })
    if (found.status === 'READY') return found
    if (found.status === 'FAILED') throw new Error('The export failed. Ask for it again: ward export request')
    if (found.status === 'EXPIRED')
      throw new Error('The file was deleted. Ask for it again: ward export request')
    context.status(`${found.progress} % …`)
    await setTimeout(LOOK_MS, undefined, { signal })
  }
}

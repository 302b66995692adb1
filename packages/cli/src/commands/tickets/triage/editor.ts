import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A text as somebody's own editor gives it back, from a file that only they can read and that goes away afterwards.
 *
 * @throws when the editor cannot be started or ends with an error; the text is then as it was
 */
export const editText = async (
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> => {
  const editor = env.VISUAL || env.EDITOR || 'vi'
  const folder = await mkdtemp(join(tmpdir(), 'ward-'))
  const file = join(folder, 'text.md')
  try {
    await writeFile(file, text, { mode: 0o600 })
    // By a shell, as git does: an editor may be "code --wait". The file's name is ours and needs no quotes beyond these.
    const child = spawn(`${editor} "${file}"`, { shell: true, stdio: 'inherit' })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', resolve)
    })
    if (code !== 0) throw new Error(`${editor} ended with ${code ?? 'a signal'}`)
    return await readFile(file, 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

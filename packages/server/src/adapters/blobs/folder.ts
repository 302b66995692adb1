import { randomUUID } from 'node:crypto'
import { constants, createWriteStream } from 'node:fs'
import { access, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Blobs, checkKey, measured } from './blobs.ts'
import type { BlobLinks } from './links.ts'

// Only the server's own user may read what patients have entrusted to it.
const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600

/** Answers undefined where there is no such file. */
async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** The nearest folder above that is there. */
async function nearest(path: string): Promise<string> {
  const parent = dirname(path)
  return parent === path || (await orMissing(stat(parent))) !== undefined ? parent : nearest(parent)
}

/**
 * Blobs as files of a folder that only the server's user can enter; servers of one database share it. A file is
 * written beside its place, synced and then renamed, so that a crash leaves no half of one.
 */
export function createFolderBlobs(folder: string, links: BlobLinks): Blobs {
  const place = (key: string): string => join(folder, ...checkKey(key).split('/'))
  const makeParent = (path: string) => mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER })

  return {
    async put(key, body, limits) {
      const path = place(key)
      const temporary = join(folder, 'unfinished', randomUUID())
      await makeParent(path)
      await makeParent(temporary)
      return measured(body, limits, async (chunks) => {
        try {
          const file = createWriteStream(temporary, { flags: 'wx', mode: PRIVATE_FILE, flush: true })
          await pipeline(Readable.from(chunks), file)
          await rename(temporary, path)
        } catch (error) {
          await rm(temporary, { force: true })
          throw error
        }
      })
    },

    async get(key) {
      const file = await orMissing(open(place(key)))
      if (file === undefined) return undefined
      try {
        const { size } = await file.stat()
        return { size, body: file.createReadStream() }
      } catch (error) {
        await file.close()
        throw error
      }
    },

    async head(key) {
      const found = await orMissing(stat(place(key)))
      return found && { size: found.size }
    },

    async move(from, to) {
      const target = place(to)
      await makeParent(target)
      return (await orMissing(rename(place(from), target).then(() => true))) ?? false
    },

    delete: (key) => rm(place(key), { force: true }),
    uploadUrl: async (key, upload) => links.upload(checkKey(key), upload),
    downloadUrl: async (key, download) => links.download(checkKey(key), download),
    async ping() {
      // It is made with the first file: until then, where it would be must take it.
      const missing = (await orMissing(stat(folder))) === undefined
      await access(missing ? await nearest(resolve(folder)) : folder, constants.W_OK | constants.X_OK)
    },
    close() {},
  }
}

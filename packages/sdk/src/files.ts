import type { Core, Input, Output, RequestOptions } from './core.ts'
import { WardlineError } from './errors.ts'
import type { Resources } from './generated/resources.ts'
import type { operations } from './generated/types.ts'

type Create = Input<operations['createDocumentUpload']>

/** What `documents.uploadFile` takes: as `createUpload`, but the file says its size, and its name and type if it has them. */
export interface FileUpload extends Omit<Create, 'filename' | 'content_type' | 'size_bytes'> {
  /** In Node, `openAsBlob` of `node:fs` makes one of a path without reading it. */
  file: Blob
  /** Left out, it is the `File`'s. */
  filename?: string | undefined
  /** Left out, it is the blob's `type`. */
  content_type?: Create['content_type'] | undefined
  /** Hexadecimal. Left out, the file is read into memory once to compute it. */
  sha256?: string | undefined
}

/** For the whole: `timeout` is for each of its calls but the file's own way, which takes as long as it takes. */
export type FileUploadOptions = Omit<RequestOptions, 'headers'>

/** The document resource, with the three steps of an upload as one. */
export interface DocumentsWithFiles {
  /**
   * Uploads a file: asks for a link, sends the file to it, completes it. Answers the document, whose scan is queued.
   *
   * @example
   * const document = await client.documents.uploadFile({ org_id, patient_id, file: input.files[0] })
   */
  uploadFile(
    input: FileUpload,
    options?: FileUploadOptions,
  ): Promise<Output<operations['completeDocumentUpload']>>
}

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')

export const withFiles = (
  core: Core,
  documents: Resources['documents'],
): Resources['documents'] & DocumentsWithFiles => ({
  ...documents,
  async uploadFile({ file, sha256, filename, content_type, ...rest }, options = {}) {
    const name = filename ?? ('name' in file && typeof file.name === 'string' ? file.name : undefined)
    if (name === undefined) throw new WardlineError('uploadFile needs a filename: the file has none')
    // What is no document's type, the server refuses by name.
    const type = content_type ?? (file.type.split(';')[0] as Create['content_type'])
    const upload = await documents.createUpload(
      { ...rest, filename: name, content_type: type, size_bytes: file.size },
      options,
    )
    const { idempotencyKey: _, ...later } = options
    const digest = sha256 ?? hex(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
    await core.sendFile(upload.url, file, upload.headers, later.signal)
    return documents.completeUpload(
      { org_id: rest.org_id, document_id: upload.document_id, sha256: digest },
      later,
    )
  },
})

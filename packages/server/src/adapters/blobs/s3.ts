import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { create as contentDisposition } from 'content-disposition'
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { type Blobs, checkKey, measured, UPLOAD_TYPE } from './blobs.ts'

const pingMs = 5000

/** Answers undefined where there is no such object. */
async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    // A HEAD has no body, so its refusal has no name but the status.
    const status = error instanceof Error && '$metadata' in error && Object(error.$metadata).httpStatusCode
    if (error instanceof NoSuchKey || error instanceof NotFound || status === 404) return undefined
    throw error
  }
}

/** Blobs as objects of a bucket. Links are presigned: files go past this server. */
export function createS3Blobs(settings: NonNullable<Config['blobs']['s3']>, clock: Clock): Blobs {
  const { bucket, region, endpoint, credentials, pathStyle } = settings
  const client = new S3Client({
    region,
    forcePathStyle: pathStyle,
    // Stores that are compatible with S3 do not all know its newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint }),
    // Else the SDK's own chain finds them: environment, profile, instance role.
    ...(credentials === undefined ? {} : { credentials }),
  })
  const at = (key: string) => ({ Bucket: bucket, Key: checkKey(key) })
  const validity = (expiresAt: Date) => {
    const now = clock.now()
    return {
      signingDate: now,
      expiresIn: Math.max(1, Math.floor((expiresAt.getTime() - now.getTime()) / 1000)),
    }
  }

  return {
    put(key, body, limits) {
      const object = { ...at(key), ContentType: UPLOAD_TYPE }
      // In parts, each kept in memory until it is stored; when one fails, all are taken back.
      return measured(body, limits, (chunks) =>
        new Upload({ client, params: { ...object, Body: Readable.from(chunks) } }).done(),
      )
    },

    async get(key) {
      const found = await orMissing(client.send(new GetObjectCommand(at(key))))
      if (found === undefined) return undefined
      if (!(found.Body instanceof Readable)) throw new Error('The object store answered no stream.')
      return { size: found.ContentLength ?? 0, body: found.Body }
    },

    async head(key) {
      const found = await orMissing(client.send(new HeadObjectCommand(at(key))))
      return found && { size: found.ContentLength ?? 0 }
    },

    // There is none of this name, and to be told so takes all that reading and writing do: the bucket, the network, the keys.
    async ping() {
      await orMissing(
        client.send(new HeadObjectCommand(at('health/probe')), { abortSignal: AbortSignal.timeout(pingMs) }),
      )
    },

    async move(from, to) {
      const copied = await orMissing(
        client.send(new CopyObjectCommand({ ...at(to), CopySource: `${bucket}/${checkKey(from)}` })),
      )
      if (copied === undefined) return false
      await client.send(new DeleteObjectCommand(at(from)))
      return true
    },

    async delete(key) {
      await client.send(new DeleteObjectCommand(at(key)))
    },

    uploadUrl: (key, { size, expiresAt }) =>
      getSignedUrl(
        client,
        new PutObjectCommand({ ...at(key), ContentType: UPLOAD_TYPE, ContentLength: size }),
        { ...validity(expiresAt), signableHeaders: new Set(['host', 'content-type', 'content-length']) },
      ),

    downloadUrl: (key, { filename, contentType, expiresAt }) =>
      getSignedUrl(
        client,
        new GetObjectCommand({
          ...at(key),
          ResponseContentDisposition: contentDisposition(filename),
          ResponseContentType: contentType,
        }),
        validity(expiresAt),
      ),

    close: () => client.destroy(),
  }
}

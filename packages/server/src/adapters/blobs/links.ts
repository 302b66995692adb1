import type { Cipher } from '../../security/cipher.ts'
import type { Download, Upload } from './blobs.ts'

/** What an upload link opens. */
export interface UploadLink {
  readonly key: string
  readonly size: number
}

/** What a download link opens. */
export interface DownloadLink {
  readonly key: string
  readonly filename: string
  readonly contentType: string
}

/** Links to blobs that this server serves itself. Whoever holds one needs nothing else. */
export interface BlobLinks {
  upload(key: string, upload: Upload): string
  download(key: string, download: Download): string
  /** Undefined for what is forged, of the other kind, or past its time. */
  openUpload(sealed: string, now: Date): UploadLink | undefined
  openDownload(sealed: string, now: Date): DownloadLink | undefined
}

const UPLOAD = 'blobs.upload'
const DOWNLOAD = 'blobs.download'

/**
 * A link is sealed by the server's encryption key (AES-GCM), not only signed: a file's name may say what a patient
 * has, and links end up in the logs of proxies.
 */
export function createBlobLinks(cipher: Cipher, publicUrl: () => string): BlobLinks {
  const seal = (kind: string, link: object, expiresAt: Date): string => {
    const sealed = cipher.encrypt(JSON.stringify({ ...link, expires: expiresAt.getTime() }), kind)
    return `${publicUrl()}/api/blobs?link=${sealed}`
  }

  function open<Link>(kind: string, sealed: string, now: Date): Link | undefined {
    let text: string
    try {
      text = cipher.decrypt(sealed, kind)
    } catch {
      return undefined
    }
    // The cipher vouches that seal() wrote it, for this kind.
    const link = JSON.parse(text) as Link & { expires: number }
    return now.getTime() < link.expires ? link : undefined
  }

  return {
    upload: (key, { size, expiresAt }) => seal(UPLOAD, { key, size }, expiresAt),
    download: (key, { filename, contentType, expiresAt }) =>
      seal(DOWNLOAD, { key, filename, contentType }, expiresAt),
    openUpload: (sealed, now) => open<UploadLink>(UPLOAD, sealed, now),
    openDownload: (sealed, now) => open<DownloadLink>(DOWNLOAD, sealed, now),
  }
}

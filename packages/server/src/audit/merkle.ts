import { createHash } from 'node:crypto'

const LEAF = Buffer.from([0])
const NODE = Buffer.from([1])

const sha256 = (...parts: (Buffer | string)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** RFC 6962, 2.1: the hash of one entry. */
export const leafHash = (entry: string): Buffer => sha256(LEAF, entry)

/**
 * RFC 6962, 2.1: the head of a tree of leaves that arrive one by one. Keeps a hash per level, not per leaf.
 */
export class MerkleTree {
  /** Heads of the complete subtrees so far, the largest first. */
  readonly #heads: { hash: Buffer; leaves: number }[] = []
  size = 0

  add(leaf: Buffer): void {
    this.size += 1
    let added = { hash: leaf, leaves: 1 }
    for (let last = this.#heads.at(-1); last?.leaves === added.leaves; last = this.#heads.at(-1)) {
      this.#heads.pop()
      added = { hash: sha256(NODE, last.hash, added.hash), leaves: last.leaves * 2 }
    }
    this.#heads.push(added)
  }

  head(): Buffer {
    const [last, ...before] = this.#heads.toReversed()
    if (!last) return sha256()
    return before.reduce((right, { hash }) => sha256(NODE, hash, right), last.hash)
  }
}

/** What a seal says, as it is hashed. */
export interface SealContent {
  readonly number: number
  readonly first_xid: string
  readonly first_id: string
  readonly last_xid: string
  readonly last_id: string
  readonly row_count: number
  /** Hexadecimal. */
  readonly root: string
  /** Of the seal before, hexadecimal; 64 zeros on the first. */
  readonly previous_hash: string
}

/** What chains a seal to the one before. */
export const sealHash = (seal: SealContent): string =>
  sha256(
    JSON.stringify([
      'wardline.audit.seal.v1',
      seal.number,
      seal.first_xid,
      seal.first_id,
      seal.last_xid,
      seal.last_id,
      seal.row_count,
      seal.root,
      seal.previous_hash,
    ]),
  ).toString('hex')

export const NO_SEAL_HASH = '0'.repeat(64)

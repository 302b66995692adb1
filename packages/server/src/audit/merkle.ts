import { hash } from 'node:crypto'

const LEAF = '\0'
const NODE = Buffer.from([1])

// At one go: a Hash object for each of a million rows is freed late, and memory grows meanwhile.
const sha256 = (content: Buffer | string): Buffer => hash('sha256', content, 'buffer')

/** RFC 6962, 2.1: the hash of one entry. */
export const leafHash = (entry: string): Buffer => sha256(LEAF + entry)

const nodeHash = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.concat([NODE, left, right]))

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
      added = { hash: nodeHash(last.hash, added.hash), leaves: last.leaves * 2 }
    }
    this.#heads.push(added)
  }

  head(): Buffer {
    const [last, ...before] = this.#heads.toReversed()
    if (!last) return sha256('')
    return before.reduce((right, left) => nodeHash(left.hash, right), last.hash)
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

/**
 * A segment is a row of log records and nothing else:
 *
 *     crc32(4) ‖ length(4) ‖ commit(4) ‖ kind(1) ‖ payload      little endian; the checksum covers all that follows it
 *
 * `commit` numbers the writes of a segment: a write begins when the one before is durable, so a record of commit n says
 * that everything up to commit n − 1 was acknowledged. That tells a torn end from damage. Pure; no disk in here.
 */
import { crc32 } from 'node:zlib'
import { LOG_RECORD_BYTES } from './limits.ts'

export const LOG_KINDS = {
  /** The first of a segment, alone in commit 0: which room and segment this is. */
  head: 0,
  /** Sealed entries, each after its length as a varint. */
  entries: 1,
  /** A key and the value that it has from here on. */
  value: 2,
  /** Reserved: a document's state and the heads that it covers. Nobody writes it yet, and it is refused as newer. */
  snapshot: 3,
} as const

const KIND_VALUES: readonly number[] = Object.values(LOG_KINDS)
export const PREFIX_BYTES = 13

export interface LogRecord {
  readonly kind: number
  readonly payload: Uint8Array
}

export interface ScannedRecord extends LogRecord {
  readonly commit: number
  readonly atByte: number
  readonly checksum: number
}

/** How long the record is that begins at `at`, by its prefix; `null` where that is too short or says too much. */
export function recordBytesAt(view: DataView, at: number): number | null {
  if (at + PREFIX_BYTES > view.byteLength) return null
  const length = view.getUint32(at + 4, true)
  return length > LOG_RECORD_BYTES ? null : PREFIX_BYTES + length
}

/** Where the whole records of a segment end, and what follows. */
export interface LogEnd {
  readonly wholeBytes: number
  /** Of the last whole record; −1 when there is none. */
  readonly commit: number
  /** `torn`: the last write did not end; nothing behind it was acknowledged. */
  readonly rest: 'nothing' | 'torn' | 'damaged'
}

/** All records of one commit, as they are written. */
export function encodeCommit(records: readonly LogRecord[], commit: number): Uint8Array {
  const size = records.reduce((sum, { payload }) => sum + PREFIX_BYTES + payload.length, 0)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { kind, payload } of records) {
    const end = at + PREFIX_BYTES + payload.length
    view.setUint32(at + 4, payload.length, true)
    view.setUint32(at + 8, commit, true)
    bytes[at + 12] = kind
    bytes.set(payload, at + PREFIX_BYTES)
    view.setUint32(at, crc32(bytes.subarray(at + 4, end)), true)
    at = end
  }
  return bytes
}

/** Calls `visit` with each whole record; payloads are views into `bytes`. */
export function scanLog(bytes: Uint8Array, visit: (record: ScannedRecord) => void): LogEnd {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  let commit = -1
  while (at < bytes.length) {
    const record = recordAt(bytes, view, at)
    if (!record || record.commit < commit || record.commit > commit + 1) {
      const rest = hasCommitFrom(bytes, view, at, commit + 2) ? 'damaged' : 'torn'
      return { wholeBytes: at, commit, rest }
    }
    visit(record)
    commit = record.commit
    at += PREFIX_BYTES + record.payload.length
  }
  return { wholeBytes: at, commit, rest: 'nothing' }
}

/** `null` where no whole record begins. */
export function recordAt(bytes: Uint8Array, view: DataView, at: number): ScannedRecord | null {
  if (at + PREFIX_BYTES > bytes.length) return null
  const length = view.getUint32(at + 4, true)
  const end = at + PREFIX_BYTES + length
  if (length > LOG_RECORD_BYTES || end > bytes.length) return null
  if (view.getUint32(at, true) !== crc32(bytes.subarray(at + 4, end))) return null
  const kind = bytes[at + 12] as number
  return {
    kind,
    commit: view.getUint32(at + 8, true),
    atByte: at,
    checksum: view.getUint32(at, true),
    payload: bytes.subarray(at + PREFIX_BYTES, end),
  }
}

/** Whether a whole record of commit `least` or later begins anywhere behind `from`: then what is before was durable. */
function hasCommitFrom(bytes: Uint8Array, view: DataView, from: number, least: number): boolean {
  // Each commit has a record of its own, so its number says how many may have come in between.
  const most = least + bytes.length / PREFIX_BYTES
  for (let at = from; at + PREFIX_BYTES <= bytes.length; at++) {
    if (!KIND_VALUES.includes(bytes[at + 12] as number)) continue
    const commit = view.getUint32(at + 8, true)
    if (commit >= least && commit <= most && recordAt(bytes, view, at)) return true
  }
  return false
}

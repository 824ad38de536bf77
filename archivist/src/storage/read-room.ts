/** From a room's files back to what was stored. Reads only; whoever calls decides what to do about damage. */
import { join } from 'node:path'
import { MalformedError } from '@parley/protocol'
import type { Damage } from './api.ts'
import { type FileSystem, hasCode } from './file-system.ts'
import { LOG_KINDS, type LogEnd, type ScannedRecord, scanLog } from './log-records.ts'
import { MANIFEST_FILE, type Manifest, openNumber, parseManifest, segmentFile } from './manifest.ts'
import { unpackEntries } from './packed-entries.ts'
import { matchesHead } from './segment-head.ts'
import { decodeValue } from './stored-values.ts'

/** Where the next write goes: behind the last whole record of the open segment. */
export interface Tail {
  /** 0: the segment has no head yet. */
  readonly bytes: number
  readonly commit: number
  readonly entryCount: number
}

export type RoomReading =
  /** Nothing was ever acknowledged. */
  | { readonly state: 'absent' }
  /** `tornBytes` behind the tail are of a write that did not end. */
  | { readonly state: 'whole'; readonly manifest: Manifest; readonly tail: Tail; readonly tornBytes: number }
  | { readonly state: 'damaged'; readonly damage: Damage }
  /** A later version wrote it; nothing is wrong with it. */
  | { readonly state: 'newer'; readonly file: string }

/** What is read, in the order in which it was written. Bytes are views and stay as they are. */
export interface RoomVisitor {
  entry(bytes: Uint8Array): void
  value(key: string, value: unknown): void
}

export class Damaged extends Error {
  readonly damage: Damage

  constructor(file: string, atByte: number, what: string) {
    super(`${file} is damaged at byte ${atByte}: ${what}`)
    this.damage = { file, atByte, what }
  }
}

class Newer extends Error {
  readonly file: string

  constructor(file: string) {
    super(`${file} was written by a newer version`)
    this.file = file
  }
}

/** Rejects when the machine cannot read; damage is a result. */
export async function readRoom(
  fs: FileSystem,
  folder: string,
  name: string,
  visitor: RoomVisitor,
  isKnown: IsKnown = nothingIsKnown,
): Promise<RoomReading> {
  try {
    const manifest = await readManifest(fs, folder, name)
    if (!manifest) return { state: 'absent' }
    return { state: 'whole', manifest, ...(await readSegments(fs, folder, manifest, visitor, { isKnown })) }
  } catch (error) {
    if (error instanceof Damaged) return { state: 'damaged', damage: error.damage }
    if (error instanceof Newer) return { state: 'newer', file: error.file }
    throw error
  }
}

async function readManifest(fs: FileSystem, folder: string, name: string): Promise<Manifest | null> {
  const bytes = await readOrNull(fs, join(folder, MANIFEST_FILE))
  if (!bytes) {
    await assertUnused(fs, folder)
    return null
  }
  const manifest = parseManifest(bytes)
  if (!manifest) throw new Damaged(MANIFEST_FILE, 0, 'it is no manifest')
  if (manifest.room !== name) throw new Damaged(MANIFEST_FILE, 0, 'it is of another room')
  return manifest
}

/** A room's first write makes the manifest before any record: records without one are damage. */
async function assertUnused(fs: FileSystem, folder: string): Promise<void> {
  for (const { name } of await fs.list(folder)) {
    if (!name.startsWith('segment-')) continue
    const { commit, rest } = scanLog(await fs.read(join(folder, name)), () => undefined)
    if (commit > 0 || rest === 'damaged') throw new Damaged(MANIFEST_FILE, 0, 'it is gone')
  }
}

async function readOrNull(fs: FileSystem, path: string): Promise<Uint8Array | null> {
  try {
    return await fs.read(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

/** Whether a sealed segment need not be read: its index says what is in it, and what is damaged shows when it is read. */
export type IsKnown = (manifest: Manifest, number: number) => Promise<boolean>
const nothingIsKnown: IsKnown = () => Promise.resolve(false)

export interface ReadOptions {
  /** Read no further in the open segment; for a writer that knows what is durable. */
  readonly openBytes?: number
  readonly isKnown?: IsKnown
}

/** Throws {@link Damaged}. */
export async function readSegments(
  fs: FileSystem,
  folder: string,
  manifest: Manifest,
  visitor: RoomVisitor,
  { openBytes, isKnown = nothingIsKnown }: ReadOptions = {},
): Promise<{ readonly tail: Tail; readonly tornBytes: number }> {
  for (const [index, { bytes, entryCount }] of manifest.sealed.entries()) {
    if (await isKnown(manifest, index + 1)) continue
    const segment = await readSegment(fs, folder, manifest, index + 1, visitor)
    const { wholeBytes, rest } = segment.end
    if (rest !== 'nothing') throw new Damaged(segment.file, wholeBytes, 'a record is not what was written')
    if (wholeBytes !== bytes) throw new Damaged(segment.file, wholeBytes, `it had ${bytes} bytes`)
    if (segment.entryCount !== entryCount)
      throw new Damaged(segment.file, wholeBytes, `it had ${entryCount} entries`)
  }
  const { file, end, size, entryCount } = await readSegment(
    fs,
    folder,
    manifest,
    openNumber(manifest),
    visitor,
    openBytes,
  )
  if (end.rest === 'damaged') throw new Damaged(file, end.wholeBytes, 'a record is not what was written')
  if (end.wholeBytes < manifest.openBytes)
    throw new Damaged(file, end.wholeBytes, `${manifest.openBytes} bytes of it were durable`)
  return { tail: { bytes: end.wholeBytes, commit: end.commit, entryCount }, tornBytes: size - end.wholeBytes }
}

interface SegmentReading {
  readonly file: string
  readonly end: LogEnd
  readonly size: number
  readonly entryCount: number
}

async function readSegment(
  fs: FileSystem,
  folder: string,
  manifest: Manifest,
  number: number,
  visitor: RoomVisitor,
  toByte?: number,
): Promise<SegmentReading> {
  const file = segmentFile(number)
  const bytes = (await readOrNull(fs, join(folder, file)))?.subarray(0, toByte)
  if (!bytes) throw new Damaged(file, 0, 'it is gone')
  let entryCount = 0
  const counting: RoomVisitor = {
    entry: (entry) => {
      entryCount++
      visitor.entry(entry)
    },
    value: (key, value) => visitor.value(key, value),
  }
  const end = scanLog(bytes, (record) => {
    if ((record.kind === LOG_KINDS.head) !== (record.atByte === 0))
      throw new Damaged(file, record.atByte, 'its head is not where it belongs')
    if (record.atByte > 0) visitRecord(file, record, counting)
    else if (!matchesHead(record.payload, manifest, number))
      throw new Damaged(file, 0, 'it is another segment')
  })
  return { file, end, size: bytes.length, entryCount }
}

function visitRecord(file: string, { kind, payload, atByte }: ScannedRecord, visitor: RoomVisitor): void {
  try {
    if (kind === LOG_KINDS.entries) unpackEntries(payload, (entry) => visitor.entry(entry))
    else if (kind === LOG_KINDS.value) {
      const { key, value } = decodeValue(payload)
      visitor.value(key, value)
    } else throw new Newer(file)
  } catch (error) {
    if (error instanceof MalformedError) throw new Damaged(file, atByte, error.message)
    throw error
  }
}

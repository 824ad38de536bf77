/** Copies what a copy lacks of one room. The copy is a room of its own at every moment, also when copying ends half-way. */
import { dirname, join } from 'node:path'
import { type FileSystem, hasCode } from './file-system.ts'
import { scanLog } from './log-records.ts'
import {
  MANIFEST_FILE,
  type Manifest,
  openNumber,
  parseManifest,
  segmentFile,
  writeManifest,
} from './manifest.ts'

export type RoomBackup =
  | { readonly outcome: 'copied'; readonly copiedBytes: number; readonly segmentCount: number }
  | { readonly outcome: 'unchanged' }
  /** Removed while we looked. */
  | { readonly outcome: 'gone' }
  | {
      readonly outcome: 'refused'
      /**
       * `other-room`: the copy is of a room of this name that was removed since. `ahead`: the copy has what the room lacks,
       * so the room was put back to an older state. `damaged`: the room or the copy. The copy stays as it is.
       */
      readonly reason: 'other-room' | 'ahead' | 'damaged'
    }

type Refusal = Extract<RoomBackup, { outcome: 'refused' }>
/** `kept` of its `bytes` were there before; `settled` of them stay whatever becomes of the last commit. */
type SegmentCopy =
  | { readonly outcome: 'copied'; readonly bytes: number; readonly kept: number; readonly settled: number }
  | Refusal

const refused = (reason: Refusal['reason']): Refusal => ({ outcome: 'refused', reason })

export async function backupRoom(fs: FileSystem, from: string, to: string): Promise<RoomBackup> {
  try {
    const source = await manifestIn(fs, from)
    const copy = await manifestIn(fs, to)
    if (source === 'none') return { outcome: 'gone' }
    if (source === 'damaged' || copy === 'damaged') return refused('damaged')
    if (copy !== 'none' && copy.made !== source.made) return refused('other-room')
    if (copy !== 'none' && copy.sealed.length > source.sealed.length) return refused('ahead')
    return await copySegments(fs, from, to, source, copy === 'none' ? await beginCopy(fs, to, source) : copy)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { outcome: 'gone' }
    throw error
  }
}

async function manifestIn(fs: FileSystem, folder: string): Promise<Manifest | 'none' | 'damaged'> {
  const isThere = (await fs.list(folder)).some(({ name }) => name === MANIFEST_FILE)
  return isThere ? (parseManifest(await fs.read(join(folder, MANIFEST_FILE))) ?? 'damaged') : 'none'
}

/** An empty room: without a manifest, what is copied would count as damage. */
async function beginCopy(fs: FileSystem, to: string, source: Manifest): Promise<Manifest> {
  await fs.makeFolder(to)
  await fs.syncFolder(dirname(to))
  await (await fs.open(join(to, segmentFile(1)))).close()
  const empty = { ...source, sealed: [], openBytes: 0 }
  await writeManifest(fs, to, empty)
  return empty
}

/** The manifest comes last: until then the copy's own says which of its segments count. */
async function copySegments(
  fs: FileSystem,
  from: string,
  to: string,
  source: Manifest,
  copy: Manifest,
): Promise<RoomBackup> {
  let copiedBytes = 0
  let segmentCount = 0
  let openBytes = 0
  // What the copy has sealed never changes any more.
  for (let number = copy.sealed.length + 1; number <= openNumber(source); number++) {
    const sealedBytes = source.sealed[number - 1]?.bytes ?? null
    const done = await copySegment(
      fs,
      join(from, segmentFile(number)),
      join(to, segmentFile(number)),
      sealedBytes,
    )
    if (done.outcome === 'refused') return done
    copiedBytes += done.bytes - done.kept
    if (done.bytes > done.kept) segmentCount++
    openBytes = done.settled
  }
  if (copiedBytes === 0 && copy.sealed.length === source.sealed.length) return { outcome: 'unchanged' }
  await fs.syncFolder(to)
  await writeManifest(fs, to, { ...source, openBytes })
  return { outcome: 'copied', copiedBytes, segmentCount }
}

/**
 * Up to the last whole record: a writer may be in the middle of the next. What the copy has must be how the source begins;
 * its last commit alone may differ, since a write that failed after it was copied is cut back and written again.
 */
async function copySegment(
  fs: FileSystem,
  from: string,
  to: string,
  sealedBytes: number | null,
): Promise<SegmentCopy> {
  const bytes = await fs.read(from)
  const { wholeBytes, rest } = scanLog(bytes, () => undefined)
  const isShort = sealedBytes !== null && wholeBytes !== sealedBytes
  if (rest === 'damaged' || isShort) return refused('damaged')
  const whole = bytes.subarray(0, wholeBytes)
  const file = await fs.open(to)
  try {
    const there = await fs.read(to)
    const common = commonBytes(there, whole)
    if (common < lastCommitStart(there)) return refused('ahead')
    if (common < there.length) await file.truncate(common)
    if (common < wholeBytes) await file.write(whole.subarray(common), common)
    if (common < Math.max(there.length, wholeBytes)) await file.sync()
    return { outcome: 'copied', bytes: wholeBytes, kept: common, settled: lastCommitStart(whole) }
  } finally {
    await file.close()
  }
}

function commonBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  if (Buffer.compare(a.subarray(0, length), b.subarray(0, length)) === 0) return length
  let common = 0
  while (a[common] === b[common]) common++
  return common
}

/** Where the last commit of whole records begins; what follows them does not count. */
function lastCommitStart(bytes: Uint8Array): number {
  let start = 0
  let last = -1
  scanLog(bytes, ({ commit, atByte }) => {
    if (commit !== last) start = atByte
    last = commit
  })
  return start
}

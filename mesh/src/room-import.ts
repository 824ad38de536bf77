/** Reading a `.parley` file: everything in it is verified before anything is kept. Rules: docs/spec.md, RF. */
import {
  decodeEntry,
  type EntryStub,
  epochIdOf,
  epochZeroKeyOf,
  equalBytes,
  isEncrypted,
  type KeyId,
  keyIdOf,
  type LogKey,
  MalformedError,
  type ProofFrame,
  type RoomFile,
  RoomFileVersionError,
  type RoomId,
  roomFileSections,
  type SealedEntry,
} from '@parley/protocol'
import { ParleyError } from './errors.ts'
import type { AuthorLog } from './journal/author-log.ts'
import type { Fork } from './journal/equivocation.ts'
import {
  type EpochKey,
  epochsRecord,
  type KeptPorts,
  KeptRoom,
  loadEpochs,
  namedEpochs,
} from './kept-room.ts'
import { CLOCK_AHEAD_MS, LOAD_SLICE_ENTRIES } from './limits.ts'
import type { Clock, StoredRoom } from './ports.ts'
import { authorRecord, proofRecord } from './room-load.ts'

/** A file whose every part has been verified. */
export interface CheckedFile {
  readonly file: RoomFile
  readonly kept: KeptRoom
  /** Later keys that owners' records name. */
  readonly epochs: readonly EpochKey[]
  readonly forks: readonly Fork[]
  /** Entries that are genuine and do not stand: of an expired grant, of the losing side of a fork. */
  readonly leftOutCount: number
}

/** Throws {@link ParleyError} `file-damaged` or `file-version`. Nothing is verified yet. */
export async function readRoomFile(clock: Clock, bytes: Uint8Array): Promise<RoomFile> {
  try {
    const sections = roomFileSections(bytes)
    for (;;) {
      const step = sections.next()
      if (step.done) return step.value
      await clock.yieldToHost()
    }
  } catch (error) {
    if (error instanceof RoomFileVersionError)
      throw new ParleyError('file-version', error.message, { cause: error })
    if (error instanceof MalformedError)
      throw new ParleyError('file-damaged', error.message, { cause: error })
    throw error
  }
}

/**
 * Chains, proofs and signatures hold, logs are whole: otherwise throws {@link ParleyError} `file-refused`. Keys are not
 * needed for it.
 */
export async function checkRoomFile(ports: KeptPorts, file: RoomFile): Promise<CheckedFile> {
  const name = {
    roomId: file.roomId,
    rootKey: keyIdOf(file.rootKey),
    readKey: file.keys?.readKey ?? null,
  }
  const kept = new KeptRoom(ports, name)
  for (const chain of file.chains) {
    const verdict = await kept.authors.learn(chain)
    if (!verdict.ok) throw refused(`a chain of grants: ${verdict.fault}`)
  }
  const forks: Fork[] = []
  for (const proof of file.proofs) {
    const fork = await kept.standing.addProof(proof)
    if (!fork) throw refused('a proof that proves nothing')
    forks.push(fork)
  }
  const entries = new FileEntries(ports, kept)
  await entries.add(file.entries.map(decodeOrRefuse))
  kept.standing.recut()
  checkReadKey(file, kept)
  const epochs = namedEpochs(kept.standing.meta, file.keys?.epochs ?? [])
  return { file, kept, epochs, forks, leftOutCount: entries.leftOutCount }
}

function refused(what: string): ParleyError {
  return new ParleyError('file-refused', what)
}

function decodeOrRefuse(bytes: Uint8Array): SealedEntry {
  try {
    return decodeEntry(bytes)
  } catch (error) {
    if (error instanceof MalformedError) throw refused(`an entry: ${error.message}`)
    throw error
  }
}

/** A false read key would show an empty room. */
function checkReadKey({ keys }: RoomFile, { journal }: KeptRoom): void {
  if (!keys) return
  const { keyHash } = epochIdOf(0, epochZeroKeyOf(keys.readKey))
  const first = [...journal.logs()]
    .map((log) => log.record(1))
    .flatMap((record) => (record ? [decodeEntry(record.bytes)] : []))
    .filter(({ doc, epoch }) => isEncrypted(doc) && epoch.counter === 0)
  if (first.length > 0 && !first.some(({ epoch }) => equalBytes(epoch.keyHash, keyHash)))
    throw refused('the key in the file reads nothing in it')
}

class FileEntries {
  readonly #ports: KeptPorts
  readonly #kept: KeptRoom
  /** Logs of which something does not stand: what follows in them is left out with it. */
  readonly #broken = new Set<LogKey>()
  readonly #logs = new Set<AuthorLog>()
  #sinceYield = 0
  leftOutCount = 0

  constructor(ports: KeptPorts, kept: KeptRoom) {
    this.#ports = ports
    this.#kept = kept
  }

  /** Owners' records come before all that they decide about. */
  async add(entries: readonly SealedEntry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.doc !== 'meta' || !(await this.#place(entry))) continue
      if (!(await this.#kept.standing.addRecord(entry, true))) throw refused('a record of no shape')
    }
    for (const entry of entries) if (entry.doc !== 'meta') await this.#place(entry)
    // Each entry holds the hash of the one before: with its last signature a log is what its author wrote.
    for (const log of this.#logs) {
      const last = log.record(log.stored)
      if (!last || !(await this.#kept.seal.verify(decodeEntry(last.bytes))))
        throw refused('a signature does not hold')
    }
  }

  /** Returns whether it became part of the journal. */
  async #place(entry: SealedEntry): Promise<boolean> {
    if (++this.#sinceYield % LOAD_SLICE_ENTRIES === 0) await this.#ports.clock.yieldToHost()
    const { journal, authors, standing, seal } = this.#kept
    const { right } = authors.rightOf(entry, standing.cutOf(entry))
    const stands = right === 'yes' || right === 'beyond'
    if (!stands || entry.timeMs > this.#ports.clock.nowMs() + CLOCK_AHEAD_MS) return this.#leaveOut(entry)
    const log = journal.logFor(entry)
    const hash = seal.hash(entry)
    const { verdict } = log.judge(entry, hash)
    if (verdict === 'known') return false
    if (verdict === 'next') {
      journal.append(log, entry, hash)
      this.#logs.add(log)
      return true
    }
    if (verdict === 'gap' && this.#broken.has(entry.log)) return this.#leaveOut(entry)
    // A second entry for one place, signed too, is somebody's fault, not the file's.
    if (verdict === 'fork' && (await seal.verify(entry))) return this.#leaveOut(entry)
    throw refused(`a log is not whole: ${verdict}`)
  }

  #leaveOut(entry: SealedEntry): false {
    this.#broken.add(entry.log)
    this.leftOutCount++
    return false
  }
}

/** What is to be put into the storage of a room that has `here` by now. */
export interface Additions {
  readonly entries: readonly Uint8Array[]
  readonly records: readonly (readonly [name: string, value: unknown])[]
}

export async function additionsTo(
  ports: KeptPorts,
  here: StoredRoom,
  { kept, file, epochs, forks }: CheckedFile,
): Promise<Additions> {
  const before = new KeptRoom(ports, kept.name)
  await before.load(here)
  const chainCount = (key: KeyId) => before.authors.chainsOf(key).length
  const known = new Map([...before.authors.keys()].map((key) => [key, chainCount(key)]))
  for (const chain of file.chains) await before.authors.learn(chain)
  const learned = [...before.authors.keys()].filter((key) => chainCount(key) !== known.get(key))
  const allEpochs = [...loadEpochs(here.records), ...epochs]
  return {
    entries: missingEntries(before, kept),
    records: [
      ...learned.map((key) => [authorRecord(key), before.authors.chainsOf(key)] as const),
      ...forks.map(({ log, proof }) => [proofRecord(log), copyOf(proof)] as const),
      ...(allEpochs.length > 0 ? [epochsRecord(allEpochs)] : []),
    ],
  }
}

/** What continues the logs that are here. A log that goes on otherwise here than in the file stays as it is. */
function missingEntries(before: KeptRoom, { journal }: KeptRoom): Uint8Array[] {
  const records = [...journal.logs()].flatMap((log) =>
    Array.from({ length: log.stored }, (_, i) => log.record(i + 1)).filter((record) => record !== undefined),
  )
  records.sort((a, b) => a.order - b.order)
  return records.flatMap(({ bytes, hash }) => {
    const entry = decodeEntry(bytes)
    const log = before.journal.logFor(entry)
    if (log.judge(entry, hash).verdict !== 'next') return []
    before.journal.append(log, entry, hash)
    return [bytes]
  })
}

/** Without the file behind it: a view is stored with all that it is a view of. */
function copyOf({ type, first, second }: ProofFrame): ProofFrame {
  const [one, other] = [first, second].map((stub) => ({
    header: stub.header.slice(),
    bodyHash: stub.bodyHash.slice(),
    signature: stub.signature.slice(),
  })) as [EntryStub, EntryStub]
  return { type, first: one, second: other }
}

/** For whoever keeps rooms without opening them: what a verified file holds, as storage would give it back. */
export async function importStored(
  ports: KeptPorts,
  bytes: Uint8Array,
): Promise<StoredRoom & { readonly roomId: RoomId }> {
  const checked = await checkRoomFile(ports, await readRoomFile(ports.clock, bytes))
  const { entries, records } = await additionsTo(ports, { entries: [], records: new Map() }, checked)
  return { roomId: checked.file.roomId, entries, records: new Map(records) }
}

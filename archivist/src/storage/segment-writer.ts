/**
 * Writes a room's segments. One call at a time. When `write` rejects, nothing of that call counts: the next one opens the
 * file again and cuts it back to what is durable before it writes. After a failed fsync a system may take pages for
 * written that are not, so the same bytes are never merely synced again.
 */
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { StorageError } from './api.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import { encodeCommit, type LogRecord } from './log-records.ts'
import { type Manifest, openNumber, segmentFile, writeManifest } from './manifest.ts'
import type { Tail } from './read-room.ts'
import { encodeHead } from './segment-head.ts'

const EMPTY: Tail = { bytes: 0, commit: -1, entryCount: 0 }

/** One commit: where it lies, and its bytes. */
export interface Written {
  readonly manifest: Manifest
  readonly atByte: number
  readonly bytes: Uint8Array
}

export interface Position {
  readonly manifest: Manifest
  readonly tail: Tail
}

export class SegmentWriter {
  readonly #fs: FileSystem
  readonly #folder: string
  readonly #name: string
  readonly #segmentBytes: number
  /** `null` until the first write makes the room. */
  #position: Position | null
  #file: OpenFile | null = null

  constructor(fs: FileSystem, folder: string, name: string, segmentBytes: number, position: Position | null) {
    this.#fs = fs
    this.#folder = folder
    this.#name = name
    this.#segmentBytes = segmentBytes
    this.#position = position
  }

  /** What is durable. */
  get position(): Position | null {
    return this.#position
  }

  /** Resolves when all of it is durable. */
  async write(records: readonly LogRecord[], entryCount: number): Promise<Written> {
    try {
      const { manifest, tail } = await this.#makeReady()
      const file = this.#file ?? (await this.#openAtTail(manifest, tail))
      const before = this.#position?.tail ?? tail
      const bytes = encodeCommit(records, before.commit + 1)
      await file.write(bytes, before.bytes)
      await file.sync()
      this.#setTail(manifest, {
        bytes: before.bytes + bytes.length,
        commit: before.commit + 1,
        entryCount: before.entryCount + entryCount,
      })
      return { manifest, atByte: before.bytes, bytes }
    } catch (error) {
      await this.dropFile()
      throw error
    }
  }

  /** Cuts off what a write that did not end left behind. */
  async cutTail(): Promise<void> {
    if (this.#position) await this.#openAtTail(this.#position.manifest, this.#position.tail)
  }

  /** Notes how much is durable, so that damage up to there is never taken for a torn end. */
  async close(): Promise<void> {
    const position = this.#position
    await this.dropFile()
    if (!position || position.tail.bytes === position.manifest.openBytes) return
    await writeManifest(this.#fs, this.#folder, { ...position.manifest, openBytes: position.tail.bytes })
  }

  async #makeReady(): Promise<Position> {
    if (!this.#position) await this.#makeRoom()
    else if (this.#position.tail.bytes >= this.#segmentBytes) await this.#roll(this.#position)
    return this.#position as Position
  }

  async #makeRoom(): Promise<void> {
    await this.#fs.makeFolder(this.#folder)
    await this.#fs.syncFolder(dirname(this.#folder))
    const made = randomBytes(16).toString('hex')
    await this.#begin({ version: 1, room: this.#name, made, sealed: [], openBytes: 0 })
  }

  async #roll({ manifest, tail }: Position): Promise<void> {
    await this.dropFile()
    const sealed = [...manifest.sealed, { bytes: tail.bytes, entryCount: tail.entryCount }]
    await this.#begin({ ...manifest, sealed, openBytes: 0 })
  }

  /** The new segment is there before the manifest names it; an attempt that failed before left nothing of worth in it. */
  async #begin(manifest: Manifest): Promise<void> {
    const file = await this.#fs.open(join(this.#folder, segmentFile(openNumber(manifest))))
    try {
      await file.truncate(0)
    } finally {
      await file.close()
    }
    await this.#fs.syncFolder(this.#folder)
    await writeManifest(this.#fs, this.#folder, manifest)
    this.#position = { manifest, tail: EMPTY }
  }

  async #openAtTail(manifest: Manifest, tail: Tail): Promise<OpenFile> {
    await this.dropFile()
    const number = openNumber(manifest)
    const file = await this.#fs.open(join(this.#folder, segmentFile(number)))
    this.#file = file
    const size = await file.sizeBytes()
    if (size < tail.bytes)
      throw new StorageError(
        'damaged',
        `${segmentFile(number)} became shorter: ${size} of ${tail.bytes} bytes`,
      )
    if (size > tail.bytes) {
      await file.truncate(tail.bytes)
      await file.sync()
    }
    if (tail.bytes > 0) return file
    const head = encodeHead(manifest, number)
    await file.write(head, 0)
    await file.sync()
    this.#setTail(manifest, { bytes: head.length, commit: 0, entryCount: 0 })
    return file
  }

  #setTail(manifest: Manifest, tail: Tail): void {
    this.#position = { manifest, tail }
  }

  /** Writes nothing; the next write opens the file again. */
  async dropFile(): Promise<void> {
    const file = this.#file
    this.#file = null
    try {
      await file?.close()
    } catch {
      // Whatever counts was synced; what a failing close loses is written again.
    }
  }
}

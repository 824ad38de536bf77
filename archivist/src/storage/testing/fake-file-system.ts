/**
 * A disk in memory that can fail and lose power. Nothing survives a power cut but what was synced; what was not may be
 * lost, kept or torn: of a file each sector on its own, of names the first few changes since the last sync. It is harsher
 * than any real file system, which is the point.
 */
import { dirname } from 'node:path'
import type { FileSystem, Listed, OpenFile } from '../file-system.ts'

/** A disk writes a sector as a whole or not at all. Small, so that short records are torn as well. */
const SECTOR_BYTES = 16

interface FakeFile {
  bytes: Uint8Array
  durable: Uint8Array
}

/** Path → file, or `null` for a folder. */
type Tree = Map<string, FakeFile | null>

interface NameChange {
  /** Whose sync makes it durable. */
  readonly folders: readonly string[]
  apply(tree: Tree): void
}

export type Survival = 'lost' | 'kept' | 'torn'
export type Operation =
  | 'write'
  | 'truncate'
  | 'sync'
  | 'open'
  | 'rename'
  | 'remove'
  | 'makeFolder'
  | 'syncFolder'

export class FakeError extends Error {
  readonly code: string

  constructor(code: string) {
    super(`${code}: made up by a test`)
    this.code = code
  }
}

function subtree(tree: Tree, path: string): string[] {
  return [...tree.keys()].filter((each) => each === path || each.startsWith(`${path}/`))
}

export class FakeFileSystem implements FileSystem {
  /** Changes to the disk so far: each is a moment at which power can fail. */
  boundaryCount = 0
  /** Asked before every change; a code makes it fail. `half` writes part of the bytes first. */
  failure: (operation: Operation, path: string) => { readonly code: string; readonly half?: boolean } | null =
    () => null
  readonly #now: Tree
  #durable: Tree
  #changes: NameChange[] = []
  #cutAt = Number.POSITIVE_INFINITY
  #powered = true

  constructor(tree: Tree = new Map([['/', null]])) {
    this.#now = new Map(tree)
    this.#durable = new Map(tree)
  }

  /** The change with this number happens in part at most, and nothing after it. */
  cutPowerAt(boundary: number): void {
    this.#cutAt = boundary
  }

  get isPowered(): boolean {
    return this.#powered
  }

  cutPower(): void {
    this.#powered = false
  }

  /** The machine starts again with what its disk held. `fraction` is random in [0, 1). */
  afterPowerCut(survival: Survival, fraction: () => number): FakeFileSystem {
    this.#powered = false
    const kept = {
      lost: 0,
      kept: this.#changes.length,
      torn: Math.floor(fraction() * (this.#changes.length + 1)),
    }
    for (const change of this.#changes.slice(0, kept[survival])) change.apply(this.#durable)
    const tree: Tree = new Map()
    for (const [path, file] of this.#durable) {
      const bytes = file && survivingBytes(file, survival, fraction)
      tree.set(path, bytes && { bytes, durable: bytes.slice() })
    }
    return new FakeFileSystem(tree)
  }

  async read(path: string, fromByte = 0, length = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    this.#assertPowered()
    return this.#file(path).bytes.slice(fromByte, fromByte + length)
  }

  async list(folder: string): Promise<Listed[]> {
    this.#assertPowered()
    const inside = [...this.#now].filter(([path]) => path !== '/' && dirname(path) === folder)
    return inside
      .map(([path, file]) => ({
        name: path.slice(path.lastIndexOf('/') + 1),
        isFolder: file === null,
        sizeBytes: file?.bytes.length ?? 0,
        modifiedMs: 0,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async open(path: string): Promise<OpenFile> {
    this.#assertPowered()
    if (!this.#now.has(path)) {
      if (this.#now.get(dirname(path)) !== null) throw new FakeError('ENOENT')
      this.#step('open', path)
      const file: FakeFile = { bytes: new Uint8Array(), durable: new Uint8Array() }
      this.#change([dirname(path)], (tree) => tree.set(path, file))
    }
    return this.#openFile(path, this.#file(path))
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step('rename', from)
    if (!this.#now.has(from)) throw new FakeError('ENOENT')
    this.#change([dirname(from), dirname(to)], (tree) => {
      const moved = subtree(tree, from).map((path) => [path, tree.get(path) ?? null] as const)
      for (const path of subtree(tree, to)) tree.delete(path)
      for (const [path, file] of moved) {
        tree.delete(path)
        tree.set(to + path.slice(from.length), file)
      }
    })
  }

  async remove(path: string): Promise<void> {
    this.#step('remove', path)
    this.#change([dirname(path)], (tree) => {
      for (const each of subtree(tree, path)) tree.delete(each)
    })
  }

  async makeFolder(path: string): Promise<void> {
    this.#assertPowered()
    if (this.#now.has(path)) return
    await this.makeFolder(dirname(path))
    this.#step('makeFolder', path)
    this.#change([dirname(path)], (tree) => tree.set(path, null))
  }

  /** As a journal does: what came before in any folder goes along. */
  async syncFolder(path: string): Promise<void> {
    this.#step('syncFolder', path)
    if (this.#now.get(path) !== null) throw new FakeError('ENOENT')
    const last = this.#changes.findLastIndex(({ folders }) => folders.includes(path))
    for (const change of this.#changes.splice(0, last + 1)) change.apply(this.#durable)
  }

  /** What is durable now, on a disk of its own. */
  copy(): FakeFileSystem {
    const tree: Tree = new Map()
    for (const [path, file] of this.#durable)
      tree.set(path, file && { bytes: file.durable.slice(), durable: file.durable.slice() })
    return new FakeFileSystem(tree)
  }

  /** For tests that damage what lies there; durable at once. */
  overwrite(path: string, bytes: Uint8Array): void {
    const file = this.#file(path)
    file.bytes = bytes.slice()
    file.durable = bytes.slice()
  }

  #openFile(path: string, file: FakeFile): OpenFile {
    return {
      sizeBytes: async () => file.bytes.length,
      write: async (bytes, atByte) => {
        const size = Math.max(file.bytes.length, atByte + bytes.length)
        this.#step('write', path, () => {
          file.bytes = overlaid(file.bytes, bytes.subarray(0, bytes.length >> 1), atByte, size)
        })
        file.bytes = overlaid(file.bytes, bytes, atByte, size)
      },
      truncate: async (sizeBytes) => {
        this.#step('truncate', path)
        file.bytes = overlaid(file.bytes.subarray(0, sizeBytes), new Uint8Array(), 0, sizeBytes)
      },
      sync: async () => {
        this.#step('sync', path)
        file.durable = file.bytes.slice()
      },
      close: async () => undefined,
    }
  }

  #file(path: string): FakeFile {
    const file = this.#now.get(path)
    if (!file) throw new FakeError('ENOENT')
    return file
  }

  #change(folders: readonly string[], apply: (tree: Tree) => void): void {
    apply(this.#now)
    this.#changes.push({ folders, apply })
  }

  #step(operation: Operation, path: string, half: () => void = () => undefined): void {
    this.#assertPowered()
    if (this.boundaryCount++ >= this.#cutAt) {
      half()
      this.#powered = false
      this.#assertPowered()
    }
    const failure = this.failure(operation, path)
    if (!failure) return
    if (failure.half) half()
    throw new FakeError(failure.code)
  }

  #assertPowered(): void {
    if (!this.#powered) throw new FakeError('EIO')
  }
}

function overlaid(base: Uint8Array, bytes: Uint8Array, atByte: number, size: number): Uint8Array {
  const result = new Uint8Array(size)
  result.set(base)
  result.set(bytes, atByte)
  return result
}

function survivingBytes(file: FakeFile, survival: Survival, fraction: () => number): Uint8Array {
  if (survival === 'lost') return file.durable.slice()
  if (survival === 'kept') return file.bytes.slice()
  const [least, most] = [file.durable.length, file.bytes.length].sort((a, b) => a - b) as [number, number]
  const result = new Uint8Array(least + Math.floor(fraction() * (most - least + 1)))
  for (let at = 0; at < result.length; at += SECTOR_BYTES) {
    const source = fraction() < 0.5 ? file.durable : file.bytes
    result.set(source.subarray(at, Math.min(at + SECTOR_BYTES, result.length)), at)
  }
  return result
}

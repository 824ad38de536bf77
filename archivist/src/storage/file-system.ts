/** All that storage needs of a disk. Paths are absolute. Everything may reject with an error that has a `code`. */
export interface FileSystem {
  /** From `fromByte` to the end, or `length` bytes at most; rejects with `ENOENT` when there is no such file. */
  read(path: string, fromByte?: number, length?: number): Promise<Uint8Array>
  /** Empty when there is no such folder. */
  list(folder: string): Promise<readonly Listed[]>
  /** For writing; makes an empty file where there is none. */
  open(path: string): Promise<OpenFile>
  /** Replaces what is there. Durable, as every change of names, after `syncFolder` of the folders concerned. */
  rename(from: string, to: string): Promise<void>
  /** A file, or a folder with all that is in it; nothing there is no error. */
  remove(path: string): Promise<void>
  /** With those above it; one that is there is no error. */
  makeFolder(path: string): Promise<void>
  /** Makes the names in it durable. */
  syncFolder(path: string): Promise<void>
}

export interface Listed {
  readonly name: string
  readonly isFolder: boolean
  readonly sizeBytes: number
  readonly modifiedMs: number
}

export interface OpenFile {
  sizeBytes(): Promise<number>
  /** All of `bytes` or a rejection, after which any part of them may have been written. */
  write(bytes: Uint8Array, atByte: number): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  /** What was written survives a power cut once this has resolved. */
  sync(): Promise<void>
  close(): Promise<void>
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

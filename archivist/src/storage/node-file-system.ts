import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileSystem, hasCode, type Listed, type OpenFile } from './file-system.ts'

/** Only the user who runs the archivist may read: names and sizes tell something too. */
const PRIVATE_FILE = 0o600
const PRIVATE_FOLDER = 0o700

export const nodeFileSystem: FileSystem = {
  read: (path, fromByte = 0, length = Number.POSITIVE_INFINITY) =>
    withFile(path, (file) => readFrom(file, fromByte, length)),
  list: listFolder,
  open: async (path) => openFile(await open(path, constants.O_RDWR | constants.O_CREAT, PRIVATE_FILE)),
  rename,
  remove: (path) => rm(path, { recursive: true, force: true }),
  makeFolder: async (path) => {
    await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER })
  },
  // fsync(2): syncing a file does not make its entry in the folder durable.
  syncFolder: (path) => withFile(path, (folder) => folder.sync()),
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r')
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

/** `readFile` of a handle reads in small pieces; a writer may make the file longer meanwhile, which is left out. */
async function readFrom(file: FileHandle, fromByte: number, length: number): Promise<Uint8Array> {
  const { size } = await file.stat()
  const bytes = new Uint8Array(Math.max(0, Math.min(size - fromByte, length)))
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, fromByte + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

async function listFolder(folder: string): Promise<Listed[]> {
  const listed: Listed[] = []
  for (const name of await namesIn(folder)) {
    try {
      const facts = await stat(join(folder, name))
      listed.push({ name, isFolder: facts.isDirectory(), sizeBytes: facts.size, modifiedMs: facts.mtimeMs })
    } catch (error) {
      // A writer removed it in between.
      if (!hasCode(error, 'ENOENT')) throw error
    }
  }
  return listed
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

function openFile(file: FileHandle): OpenFile {
  return {
    sizeBytes: async () => (await file.stat()).size,
    async write(bytes, atByte) {
      let written = 0
      while (written < bytes.length) {
        const { bytesWritten } = await file.write(bytes, written, bytes.length - written, atByte + written)
        written += bytesWritten
      }
    },
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: () => file.datasync(),
    close: () => file.close(),
  }
}

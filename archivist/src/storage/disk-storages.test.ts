import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeArchiveContract, describeStorageContract } from '@parley/mesh/testing'
import { afterAll, describe, it } from 'vitest'
import { storagesOn } from './disk-storages.ts'
import type { FileSystem } from './file-system.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { FakeFileSystem } from './testing/fake-file-system.ts'
import { silent } from './testing/numbered-run.ts'

describeStorageContract(
  'fake disk',
  async () => {
    const fs = new FakeFileSystem()
    return {
      storages: await storagesOn(fs, '/data', silent),
      reopen: () =>
        storagesOn(
          fs.afterPowerCut('lost', () => 0),
          '/data',
          silent,
        ),
      failNextWrite: () => {
        fs.failure = (operation) => {
          if (operation !== 'write') return null
          fs.failure = () => null
          return { code: 'ENOSPC', half: true }
        }
      },
    }
  },
  { describe, it },
)

const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true })
})

/** The disk of this machine, whose next write of bytes can be made to fail. */
function failingOnce(): { fs: FileSystem; failNext(): void } {
  let armed = false
  const fs: FileSystem = {
    ...nodeFileSystem,
    async open(path) {
      const file = await nodeFileSystem.open(path)
      return {
        ...file,
        async write(bytes, atByte) {
          if (!armed) return file.write(bytes, atByte)
          armed = false
          await file.write(bytes.subarray(0, bytes.length >> 1), atByte)
          throw Object.assign(new Error('made up by a test'), { code: 'ENOSPC' })
        },
      }
    },
  }
  return {
    fs,
    failNext: () => {
      armed = true
    },
  }
}

describeStorageContract(
  'real disk',
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'parley-storage-'))
    folders.push(dir)
    const { fs, failNext } = failingOnce()
    return {
      storages: await storagesOn(fs, dir, silent),
      reopen: () => storagesOn(nodeFileSystem, dir, silent),
      failNextWrite: failNext,
    }
  },
  { describe, it },
)

/** In segments of few entries, so that most are found by an index in a file. */
const SMALL = [60, 400, 64 * 1024 * 1024]
for (const segmentBytes of SMALL) {
  describeArchiveContract(
    `fake disk, segments of ${segmentBytes} bytes`,
    async () => {
      const fs = new FakeFileSystem()
      const limits = { segmentBytes, checkpointBytes: 100 }
      return {
        storages: await storagesOn(fs, '/data', silent, null, limits),
        reopen: () =>
          storagesOn(
            fs.afterPowerCut('lost', () => 0),
            '/data',
            silent,
            null,
            limits,
          ),
      }
    },
    { describe, it },
  )
}

describeArchiveContract(
  'real disk',
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'parley-archive-'))
    folders.push(dir)
    const open = () => storagesOn(nodeFileSystem, dir, silent, null, { segmentBytes: 400 })
    return { storages: await open(), reopen: open }
  },
  { describe, it },
)

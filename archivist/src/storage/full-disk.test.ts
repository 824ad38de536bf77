import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { numbersOf } from '@parley/mesh/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { storagesOn } from './disk-storages.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { silent } from './testing/numbered-run.ts'

const dir = mkdtempSync(join(tmpdir(), 'parley-full-'))

/** Mounting needs root, and a container may forbid it even then. */
function mountSmallDisk(): string | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'pipe' })
    return null
  } catch (error) {
    return String(error)
  }
}

const whyNot = mountSmallDisk()
if (whyNot !== null) console.log(`a really full disk is skipped: ${whyNot}`)
afterAll(() => {
  if (whyNot === null) execFileSync('umount', [dir])
  rmSync(dir, { recursive: true })
})

function entryOf(number: number): Uint8Array {
  const entry = new Uint8Array(100_000)
  new DataView(entry.buffer).setUint32(8, number)
  return entry
}

describe.skipIf(whyNot !== null)('[F46] a disk of 1 MB', () => {
  it('[DS5] is full, acknowledges nothing, and goes on when there is room again', async () => {
    const storages = await storagesOn(nodeFileSystem, dir, silent)
    const storage = await storages.open('room')
    storage.append([entryOf(0)])
    await storage.flush()
    await writeFile(join(dir, 'ballast'), new Uint8Array(700_000))
    storage.append([1, 2, 3, 4].map(entryOf))
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(storage.flush()).rejects.toMatchObject({ fault: 'disk-full' })
    expect(storages.health()).toMatchObject({ state: 'read-only', fault: 'disk-full' })
    expect(numbersOf((await storage.load()).entries)).toBe('0')
    await rm(join(dir, 'ballast'))
    await storage.flush()
    expect(storages.health()).toMatchObject({ state: 'ok' })
    await storages.close()
    const again = await storagesOn(nodeFileSystem, dir, silent)
    expect(numbersOf((await (await again.open('room')).load()).entries)).toBe('0 1 2 3 4')
    await again.close()
  })
})

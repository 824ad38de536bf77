import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { FolderInUse, LOCK_FILE, type LockTimes, lockFolder } from './folder-lock.ts'
import { temporaryFolder } from './testing/processes.ts'

const TIMES: LockTimes = { touchMs: 20, staleMs: 400 }
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function folder(): string {
  const { path, remove } = temporaryFolder()
  ends.push(remove)
  return path
}

async function locked(dir: string, lost: () => void = () => undefined) {
  const lock = await lockFolder(dir, lost, TIMES)
  ends.push(() => lock.release())
  return lock
}

const holder = (host: string, pid: number) => `${JSON.stringify({ host, pid, nonce: 'x' })}\n`

describe('the lock of a folder', () => {
  it('is held by one at a time, also for a second that looks like another machine', async () => {
    const dir = folder()
    const first = await locked(dir)
    const path = join(dir, LOCK_FILE)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await first.release()
    const other = holder('another-machine', 1)
    writeFileSync(path, other)
    const alive = setInterval(() => utimesSync(path, new Date(), new Date()), TIMES.touchMs)
    ends.push(() => clearInterval(alive))
    await expect(lockFolder(dir, () => undefined, TIMES)).rejects.toBeInstanceOf(FolderInUse)
    expect(readFileSync(path, 'utf8')).toBe(other)
  })

  it('is taken over from a process of this machine that is gone, at once', async () => {
    const dir = folder()
    const gone = spawnSync(process.execPath, ['-e', '']).pid
    writeFileSync(join(dir, LOCK_FILE), holder(hostname(), gone))
    const startedMs = performance.now()
    await locked(dir)
    expect(performance.now() - startedMs).toBeLessThan(TIMES.staleMs)
  })

  it('is taken over from another machine that no longer touches it', async () => {
    const dir = folder()
    writeFileSync(join(dir, LOCK_FILE), holder('another-machine', 1))
    await locked(dir)
  })

  it('is taken over when its content is nonsense', async () => {
    const dir = folder()
    writeFileSync(join(dir, LOCK_FILE), 'nonsense')
    await locked(dir)
  })

  it('goes to one of several processes that find it dead', async () => {
    const dir = folder()
    writeFileSync(join(dir, LOCK_FILE), holder('another-machine', 1))
    const module = new URL('./folder-lock.ts', import.meta.url).href
    const script = `
      const { lockFolder } = await import(${JSON.stringify(module)})
      await lockFolder(${JSON.stringify(dir)}, () => undefined, ${JSON.stringify(TIMES)})
        .then(() => console.log('got it'), (error) => console.log(error.name))
      process.stdin.resume()
      process.stdin.on('end', () => process.exit(0))`
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    )
    const said = await Promise.all(
      children.map(async ({ stdout }) => String((await once(stdout, 'data'))[0]).trim()),
    )
    for (const child of children) child.stdin.end()
    await Promise.all(children.map((child) => once(child, 'exit')))
    expect(said.sort()).toEqual(['FolderInUse', 'FolderInUse', 'FolderInUse', 'got it'])
  })

  it('tells its holder when somebody else took it', async () => {
    const dir = folder()
    const lost = new Promise<void>((resolve) => void locked(dir, resolve))
    await expect
      .poll(() => statSync(join(dir, LOCK_FILE), { throwIfNoEntry: false })?.size ?? 0)
      .toBeGreaterThan(0)
    writeFileSync(join(dir, LOCK_FILE), holder('another-machine', 1))
    await lost
  })

  it('is gone once released', async () => {
    const dir = folder()
    await (await locked(dir)).release()
    expect(() => statSync(join(dir, LOCK_FILE))).toThrow('ENOENT')
  })
})

/**
 * One process at a time writes a folder. The holder touches its lock every two seconds; a lock that nobody touches while we
 * look belongs to somebody who died. That needs no common clock and no common process ids, so it also holds between
 * containers that share a volume.
 */
import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { LOCK_STALE_MS, LOCK_TOUCH_MS } from './limits.ts'
import { isAbsent } from './small-file.ts'

export const LOCK_FILE = 'lock'

export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
}

export interface FolderLock {
  release(): Promise<void>
}

export interface LockTimes {
  readonly touchMs: number
  readonly staleMs: number
}

interface Holder {
  readonly text: string
  readonly touchedMs: number
}

/** Throws {@link FolderInUse} when somebody alive holds it; `lost` is called when somebody else took ours. */
export async function lockFolder(
  dir: string,
  lost: () => void,
  times: LockTimes = { touchMs: LOCK_TOUCH_MS, staleMs: LOCK_STALE_MS },
): Promise<FolderLock> {
  const path = join(dir, LOCK_FILE)
  const text = `${JSON.stringify({ host: hostname(), pid: process.pid, nonce: randomBytes(12).toString('hex') })}\n`
  while (!(await tryLock(path, text))) {
    const holder = await holderOf(path)
    if (!holder) continue
    if (await isAlive(path, holder, times))
      throw new FolderInUse(`${dir} is in use by another archivist; end that one first`)
    await takeAway(path, holder.text)
  }
  return hold(path, text, lost, times.touchMs)
}

async function tryLock(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function holderOf(path: string): Promise<Holder | null> {
  try {
    const text = await readFile(path, 'utf8')
    return { text, touchedMs: (await stat(path)).mtimeMs }
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

async function isAlive(path: string, seen: Holder, { touchMs, staleMs }: LockTimes): Promise<boolean> {
  if (isDeadHere(seen.text)) return false
  for (let waitedMs = 0; waitedMs < staleMs; waitedMs += touchMs / 2) {
    await wait(touchMs / 2)
    const now = await holderOf(path)
    if (!now) return false
    if (now.text !== seen.text || now.touchedMs !== seen.touchedMs) return true
  }
  return false
}

/** Known at once for a process of this machine that is gone. */
function isDeadHere(text: string): boolean {
  const [, host, pid] = /^\{"host":"([^"]*)","pid":(\d+),/.exec(text) ?? []
  if (host !== hostname() || Number(pid) === process.pid) return host === hostname()
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

/** Two that both found it dead: whoever moved away a younger lock by mistake puts it back. */
async function takeAway(path: string, deadText: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.dead`
  try {
    await rename(path, aside)
    if ((await readFile(aside, 'utf8')) !== deadText) await link(aside, path)
  } catch (error) {
    if (!isAbsent(error)) throw error
  } finally {
    await rm(aside, { force: true })
  }
}

function hold(path: string, text: string, lost: () => void, touchMs: number): FolderLock {
  let released = false
  const timer = setInterval(() => {
    void touch().then((ours) => {
      if (ours || released) return
      clearInterval(timer)
      lost()
    })
  }, touchMs)
  timer.unref()
  /** A disk that answers nothing is no loss of the lock: the next touch tells. */
  const touch = async (): Promise<boolean> => {
    try {
      if ((await readFile(path, 'utf8')) !== text) return false
      const now = new Date()
      await utimes(path, now, now)
      return true
    } catch (error) {
      return !isAbsent(error)
    }
  }
  return {
    async release() {
      released = true
      clearInterval(timer)
      if ((await holderOf(path))?.text === text) await rm(path, { force: true })
    },
  }
}

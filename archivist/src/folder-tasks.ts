/** What commands do to a folder by themselves: checking and copying beside a running archivist, the rest without one. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { IDENTITY_FILE, loadIdentity } from './identity.ts'
import { bytesText } from './print.ts'
import { NAME_CHARACTERS } from './room-keeper.ts'
import { isAbsent, writeWhole } from './small-file.ts'
import { backup } from './storage/backup.ts'
import { listRooms } from './storage/list-rooms.ts'
import { prune } from './storage/prune.ts'
import { restore } from './storage/restore-rooms.ts'
import { type RoomVerdict, verifyRoom } from './storage/verify-room.ts'

export type FolderTask =
  /** One room, or all. */
  | { readonly kind: 'verify'; readonly room: string | null }
  | { readonly kind: 'backup'; readonly to: string }
  | { readonly kind: 'restore'; readonly from: string }
  /** Rooms that nobody wrote to for so many days go as well; `null`: no room goes. */
  | { readonly kind: 'prune'; readonly unusedDays: number | null }

export interface TaskResult {
  readonly text: string
  /** JSON. */
  readonly value: unknown
  /** Whether all was well with what was found. */
  readonly isWell: boolean
}

const DAY_MS = 86_400_000

/** Rejects when it could not be done. */
export async function runTask(dir: string, task: FolderTask): Promise<TaskResult> {
  switch (task.kind) {
    case 'verify':
      return verify(dir, task.room)
    case 'backup':
      return backupFolder(dir, task.to)
    case 'restore':
      return restoreFolder(task.from, dir)
    case 'prune':
      return pruneFolder(dir, task.unusedDays)
  }
}

function verdictText(verdict: RoomVerdict): string {
  switch (verdict.state) {
    case 'whole':
      return `whole: ${verdict.entryCount} entries, ${bytesText(verdict.entryBytes)}`
    case 'absent':
      return 'not kept here'
    case 'damaged':
      return `damaged: ${JSON.stringify(verdict.damage)}`
    case 'quarantined':
      return `in quarantine as ${verdict.folder}${verdict.damage ? '' : ', reads well now'}`
    case 'newer':
      return `written by a later version: ${verdict.file}`
  }
}

async function verify(dir: string, room: string | null): Promise<TaskResult> {
  const names =
    room === null ? (await listRooms(dir)).map(({ name }) => name) : [room.slice(0, NAME_CHARACTERS)]
  const rooms: (RoomVerdict & { readonly room: string })[] = []
  for (const name of names) rooms.push({ room: name, ...(await verifyRoom(dir, name)) })
  const lines = rooms.map((verdict) => `${verdict.room}  ${verdictText(verdict)}`)
  return {
    text: lines.length > 0 ? lines.join('\n') : 'No room is kept here.',
    value: rooms,
    isWell: rooms.every(({ state }) => state === 'whole'),
  }
}

/** The identity goes along: owners seal links for it. */
async function backupFolder(dir: string, to: string): Promise<TaskResult> {
  const { rooms, copiedBytes, isComplete } = await backup(dir, to)
  await copyIdentity(dir, to)
  const refused = [...rooms].filter(([, { outcome }]) => outcome === 'refused').map(([name]) => name)
  const rest = refused.length > 0 ? `\nNot copied: ${refused.join(', ')}. \`verify\` says what is wrong.` : ''
  return {
    text: `${rooms.size} rooms are in ${to}, ${bytesText(copiedBytes)} of them new.${rest}`,
    value: { rooms: Object.fromEntries(rooms), copiedBytes, isComplete },
    isWell: isComplete,
  }
}

async function restoreFolder(from: string, dir: string): Promise<TaskResult> {
  const { restored, damaged } = await restore(from, dir)
  await copyIdentity(from, dir)
  const rest = damaged.length > 0 ? `\nDamaged in the copy, left out: ${damaged.join(', ')}` : ''
  return {
    text: `${restored.length} rooms are restored.${rest}`,
    value: { restored, damaged },
    isWell: damaged.length === 0,
  }
}

async function pruneFolder(dir: string, unusedDays: number | null): Promise<TaskResult> {
  const options = unusedDays === null ? {} : { unusedSinceMs: Date.now() - unusedDays * DAY_MS }
  const result = await prune(dir, options)
  const rooms = result.removedRooms.length > 0 ? ` Deleted: ${result.removedRooms.join(', ')}.` : ''
  return { text: `${bytesText(result.freedBytes)} freed.${rooms}`, value: result, isWell: true }
}

/** Into a folder that has none; one that is there stays. */
async function copyIdentity(from: string, to: string): Promise<void> {
  const identity = await readFile(join(from, IDENTITY_FILE), 'utf8').catch((error: unknown) => {
    if (isAbsent(error)) return null
    throw error
  })
  const there = await readFile(join(to, IDENTITY_FILE), 'utf8').catch((error: unknown) => {
    if (isAbsent(error)) return null
    throw error
  })
  if (identity === null || there === identity) return
  if (there === null) await writeWhole(join(to, IDENTITY_FILE), identity)
  // Throws for a file that is none: better now than when it is needed.
  await loadIdentity(to)
}

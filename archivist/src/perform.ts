/** Does what {@link Operation} names, on a folder and the rooms that are open in it. The same for `serve` and for commands. */
import { open, readFile, rename, rm } from 'node:fs/promises'
import { exportStored, importStored, type KeptRoom, type Platform, storedSight } from '@parley/mesh'
import type { Folder } from './folder.ts'
import { type Operation, type Outcome, reasonOf } from './operations.ts'
import { exportReadable, searchRooms } from './reading/perform-reading.ts'
import type { Searcher } from './reading/search.ts'
import { NAME_CHARACTERS, type RoomKeeper } from './room-keeper.ts'

export interface Parts {
  readonly platform: Platform
  readonly folder: Folder
  readonly keeper: RoomKeeper
  readonly searcher: Searcher
}

export interface RoomLine {
  readonly room: string
  readonly bytes: number
  readonly state: 'open' | 'closed' | 'failed' | 'quarantined'
  /** How it meets others while it is open; why it is not open otherwise. */
  readonly detail: string
  readonly entryCount: number | null
  readonly linkCount: number | null
  /** Whether it can be read here; `null` for what is not open. */
  readonly sighted: boolean | null
}

/** Never rejects: whoever asked gets the reason in one sentence. */
export async function perform(parts: Parts, operation: Operation): Promise<Outcome> {
  try {
    return { ok: true, value: await act(parts, operation) }
  } catch (error) {
    return { ok: false, error: reasonOf(error) }
  }
}

async function act(parts: Parts, operation: Operation): Promise<unknown> {
  const { keeper } = parts
  switch (operation.op) {
    case 'keep':
      return keeper.keep(operation.room, operation.sealed)
    case 'add':
      return keeper.add(operation.link, operation.blind)
    case 'list':
      return list(parts)
    case 'export':
      return operation.plain
        ? exportReadable(parts, operation.room, operation.file)
        : exportRoom(parts, operation.room, operation.file)
    case 'import':
      return importRoom(parts, operation.file)
    case 'remove':
      return remove(parts, operation.room)
    case 'search':
      return searchRooms(parts, operation.room, operation.words)
  }
}

export async function quarantineCount(folder: Folder): Promise<number> {
  return (await folder.listRooms()).filter(({ state }) => state === 'quarantined').length
}

async function list({ folder, keeper }: Parts): Promise<readonly RoomLine[]> {
  const lines: RoomLine[] = []
  for (const { name, bytes, state } of await folder.listRooms()) {
    const room = keeper.get(name)
    const failure = keeper.failureOf(name)
    const base = { room: name, bytes, entryCount: null, linkCount: null, sighted: null }
    if (state === 'quarantined')
      lines.push({ ...base, state: 'quarantined', detail: 'damaged, its bytes are kept' })
    else if (failure !== null) lines.push({ ...base, state: 'failed', detail: failure })
    else if (!room) lines.push({ ...base, ...(await closedLine(folder, name)) })
    else lines.push({ ...base, ...openLine(room) })
  }
  return lines
}

function openLine(
  room: KeptRoom,
): Pick<RoomLine, 'state' | 'detail' | 'entryCount' | 'linkCount' | 'sighted'> {
  const { entryCount, linkCount } = room.stats()
  const sighted = room.sight !== null
  return { state: 'open', detail: room.state.name, entryCount, linkCount, sighted }
}

/** What is stored tells whether it can be read; nothing does of what was only imported. */
async function closedLine(
  folder: Folder,
  name: string,
): Promise<Pick<RoomLine, 'state' | 'detail' | 'sighted'>> {
  try {
    const storage = await folder.open(name)
    const records = storage.records ? await storage.records() : (await storage.load()).records
    await storage.close()
    return { state: 'closed', detail: '', sighted: storedSight(records) }
  } catch (error) {
    return { state: 'failed', detail: reasonOf(error), sighted: null }
  }
}

async function nameFor(folder: Folder, room: string): Promise<string> {
  const name = room.slice(0, NAME_CHARACTERS)
  if (!(await folder.list()).includes(name)) throw new Error('no such room is kept here')
  return name
}

async function remove({ folder, keeper }: Parts, room: string) {
  const name = await nameFor(folder, room)
  await keeper.release(name)
  await folder.remove(name)
  return { room: name }
}

/** What is stored, as sealed as it is: it can be read by whoever has a link of the room. */
async function exportRoom({ folder }: Parts, room: string, file: string) {
  const name = await nameFor(folder, room)
  const storage = await folder.open(name)
  try {
    const pieces = exportStored(await storage.load())
    if (!pieces) throw new Error('nothing of this room is stored yet')
    return { file, bytes: await writePieces(file, pieces) }
  } finally {
    await storage.close()
  }
}

async function writePieces(path: string, pieces: Iterable<Uint8Array>): Promise<number> {
  const beside = `${path}.new`
  const file = await open(beside, 'w', 0o600)
  let bytes = 0
  try {
    for (const piece of pieces) {
      await file.writeFile(piece)
      bytes += piece.length
    }
    await file.sync()
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  } finally {
    await file.close()
  }
  return bytes
}

/** Everything in the file is verified before any of it is stored; what is stored already stays. */
async function importRoom({ platform, folder, keeper }: Parts, path: string) {
  const { roomId, entries, records } = await importStored(platform, await readFile(path))
  const name = roomId.slice(0, NAME_CHARACTERS)
  const wasOpen = keeper.get(name) !== undefined
  await keeper.release(name)
  const storage = await folder.open(name)
  try {
    const known = storage.records ? await storage.records() : (await storage.load()).records
    for (const [key, value] of records) if (!known.has(key)) await storage.put(key, value)
    storage.append(entries)
    await storage.flush()
  } finally {
    await storage.close()
  }
  if (wasOpen) await keeper.openAll([name])
  return { room: name, entryCount: entries.length }
}

/** Rooms that an owner lets the archivist read. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createRoomOn, defaultPlatform, type Room } from '@parley/mesh'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { COMMANDS, type Command, readRequest } from './commands.ts'
import { SEARCH_WORDS, WORD_CHARACTERS } from './reading/limits.ts'
import { Ends, FAR_MS, makeRoom, openHouse, PAGE, write } from './testing/house.ts'
import { runArchivist } from './testing/processes.ts'

const APP = 'https://parley.test/'
const POLL = { timeout: 30_000, interval: 50 }
vi.setConfig({ testTimeout: 90_000, hookTimeout: 30_000 })
const ends = new Ends()
afterEach(() => ends.run())

async function sightedLink(room: Room): Promise<string> {
  return (await room.createInvite(APP, { role: 'archivist', sighted: true, notAfterMs: FAR_MS })).link
}

const UNKNOWN = 'x'.repeat(22)

/** A room whose maker was never online, kept by a folder that no archivist runs on. */
async function keptOffline(sighted: boolean) {
  const profile = { name: 'Ada', color: '#336699' }
  const room = await createRoomOn(defaultPlatform(), { signaling: [], profile })
  const { link } = await room.createInvite(APP, { role: 'archivist', sighted, notAfterMs: FAR_MS })
  await room.close()
  return { link, name: room.id.slice(0, 22) }
}

function filesIn(folder: string): Buffer {
  const parts = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => [Buffer.from(entry.name), readFileSync(join(entry.parentPath, entry.name))])
  return Buffer.concat(parts)
}

describe('an archivist that may read', () => {
  it('[AR10] [AR11] [AR12] finds and exports what was written, beside one that runs and by itself', async () => {
    const { signaling, dir, archivist } = await openHouse(ends)
    const ada = await makeRoom(ends, signaling)
    const name = ada.id.slice(0, 22)
    const run = (...args: string[]) => runArchivist([...args, '--dir', dir])
    const added = await runArchivist(['add', '-', '--dir', dir], `${await sightedLink(ada)}\n`)
    expect(added).toMatchObject({ code: 0, out: `Room ${name} is kept, sighted.\n` })
    await write(ada, 'A heliotrope in the harbour')
    await expect.poll(() => ada.state.save.archivist, POLL).toBe('holds')
    const search = () => run('search', name, 'HELIOTROPE', 'harbour')
    const found = await search()
    expect(found.err).toBe('')
    expect(found.out).toContain('A [heliotrope] in the [harbour]')
    expect(found.out).toContain('by Ada')
    await write(ada, ', and a wolverine')
    await expect.poll(() => ada.state.save.archivist, POLL).toBe('holds')
    expect((await run('search', '--all', 'wolverine')).out).toContain('[wolverine]')
    expect((await run('list')).out).toMatch(/sighted {2}open/)
    const status = async () => JSON.parse((await run('status', '--json')).out) as { status: object }
    await expect.poll(async () => (await status()).status, POLL).toMatchObject({ sightedRooms: [name] })
    const folder = join(ends.folder(), 'plain')
    expect(await run('export', name, folder, '--plain')).toMatchObject({ code: 0, err: '' })
    expect(filesIn(folder).includes('A heliotrope in the harbour, and a wolverine')).toBe(true)
    expect(await run('export', name, folder, '--plain')).toMatchObject({ code: 1 })

    expect(await archivist.stop()).toBe(0)
    expect((await search()).out).toContain('[heliotrope]')
    expect((await run('list')).out).toMatch(/sighted {2}closed/)
    expect((await run('search', name, 'absent')).out).toBe('Nothing was found.\n')
    const json = JSON.parse((await run('search', name, 'wolverine', '--json')).out) as object
    expect(json).toMatchObject({ hits: [{ room: name, document: PAGE, author: 'Ada' }], missingCount: 0 })
    const disk = filesIn(dir)
    expect([disk.includes('heliotrope'), disk.includes('Ada')]).toEqual([false, false])
    const segments = readdirSync(join(dir, 'rooms', name))
    for (const file of segments) expect(statSync(join(dir, 'rooms', name, file)).mode & 0o777).toBe(0o600)
  })

  it('[AR11] [AR12] says of a blind room that nothing can read it, and takes no key where it is told to stay blind', async () => {
    const dir = ends.folder()
    const run = (...args: string[]) => runArchivist([...args, '--dir', dir])
    const [blind, refused] = [await keptOffline(false), await keptOffline(true)]
    expect((await run('add', blind.link)).out).toBe(`Room ${blind.name} is kept, blind.\n`)
    expect((await run('add', refused.link, '--blind')).out).toBe(`Room ${refused.name} is kept, blind.\n`)
    for (const { name } of [blind, refused])
      for (const args of [
        ['search', name, 'word'],
        ['export', name, join(dir, 'plain'), '--plain'],
      ]) {
        const { code, err } = await run(...args)
        expect([code, err]).toEqual([
          1,
          'parley-archivist: this room is kept blind: nothing here can read it\n',
        ])
      }
    const all = await run('search', '--all', 'word')
    expect(all.out).toBe('Nothing was found.\n0 rooms were searched; 2 are kept blind and cannot be.\n')
    expect((await run('list')).out.match(/blind {4}closed/g)).toHaveLength(2)
    expect((await run('search', UNKNOWN, 'word')).err).toContain('no such room')
    const { k } = Object.fromEntries(new URLSearchParams(refused.link.slice(refused.link.indexOf('#') + 1)))
    const key = Buffer.from(k ?? '', 'base64url')
    expect(key).toHaveLength(32)
    expect(filesIn(dir).includes(key)).toBe(false)
    // The latest link counts.
    expect((await run('add', refused.link)).out).toBe(`Room ${refused.name} is kept, sighted.\n`)
    expect(filesIn(dir).includes(key)).toBe(true)
    expect((await run('list')).out.match(/sighted {2}closed/g)).toHaveLength(1)
  })

  it('[AR11] takes a room and words, or words for all rooms', () => {
    const command = COMMANDS.find(({ name }) => name === 'search')
    const asked = (...args: string[]) => {
      const verdict = readRequest(command as Command, [...args, '--dir', 'x'], {})
      return verdict.ok ? verdict.value.asked : verdict.errors.join()
    }
    const operation = { op: 'search', room: UNKNOWN, words: ['one', 'two'] }
    expect(asked(UNKNOWN, 'one', 'two')).toEqual({ kind: 'operation', operation })
    expect(asked('--all', 'one')).toMatchObject({ operation: { room: null, words: ['one'] } })
    expect(asked()).toContain('ROOM is needed')
    expect(asked('word')).toContain('ROOM: expected')
    expect(asked(UNKNOWN)).toContain('WORDS… is needed')
    expect(asked('--all')).toContain('WORDS… is needed')
    for (const words of [[' '], ['x'.repeat(WORD_CHARACTERS + 1)], Array<string>(SEARCH_WORDS + 1).fill('x')])
      expect(asked('--all', ...words)).toContain('WORDS: at most')
  })

  it('[AR11] tells nothing over its port to whoever does not show the token of the folder', async () => {
    const { signaling, url, dir } = await openHouse(ends)
    const ada = await makeRoom(ends, signaling)
    await runArchivist(['add', '-', '--dir', dir], `${await sightedLink(ada)}\n`)
    const ask = (headers: Record<string, string>) =>
      fetch(`${url}/control`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ op: 'search', room: null, words: ['Ada'] }),
      })
    expect((await ask({})).status).toBe(401)
    const { token } = JSON.parse(readFileSync(join(dir, 'control.json'), 'utf8')) as { token: string }
    expect((await ask({ authorization: `Bearer ${token}`, origin: 'http://evil.example' })).status).toBe(403)
    const answer = await ask({ authorization: `Bearer ${token}` })
    expect(await answer.json()).toMatchObject({ ok: true, value: { searchedRooms: 1 } })
  })
})

/** Real processes: signaling, an archivist, and peers in Node. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  Ends,
  invite,
  keepOnServer,
  makeRoom,
  metricsOf,
  newcomer,
  openHouse,
  textIn,
  write,
} from './testing/house.ts'
import { runArchivist, type Service, startArchivist } from './testing/processes.ts'

const POLL = { timeout: 30_000, interval: 50 }
/** Each starts five processes or more, on a machine that may have other things to do. */
vi.setConfig({ testTimeout: 90_000, hookTimeout: 30_000 })
const ends = new Ends()
afterEach(() => ends.run())

async function status(url: string): Promise<{ readonly ready: number; readonly health: string }> {
  const [ready, health] = await Promise.all([fetch(`${url}/readyz`), fetch(`${url}/healthz`)])
  return { ready: ready.status, health: (await health.text()).trim() }
}

describe('an archivist as a process', () => {
  it('[AR8] [AR9] is asked by an owner over signaling, and serves a newcomer when everybody has left', async () => {
    const { signaling, dir, url } = await openHouse(ends)
    const ada = await makeRoom(ends, signaling)
    await expect.poll(() => ada.state.archivistOffered, POLL).toBe(true)
    await keepOnServer(ada)
    await write(ada, 'kept ')
    await expect.poll(() => ada.state.save.archivist, POLL).toBe('holds')
    const link = await invite(ada, 'editor')
    await ada.close()
    const eve = await newcomer(ends, signaling, link)
    await expect.poll(() => textIn(eve).toString(), POLL).toBe('kept ')
    const listed = await runArchivist(['list', '--dir', dir, '--json'])
    expect(listed.code).toBe(0)
    expect(JSON.parse(listed.out)).toMatchObject([
      { room: ada.id.slice(0, 22), state: 'open', detail: 'connected', linkCount: 1 },
    ])
    const metrics = await metricsOf(url)
    const values = ['rooms', 'links', 'read_only', 'up', 'keeps_total{answer="accepted"}'].map((name) =>
      metrics.get(`parley_archivist_${name}`),
    )
    expect(values).toEqual([1, 1, 0, 1, 1])
    for (const name of ['entries', 'entry_bytes', 'flush_seconds_count'])
      expect(metrics.get(`parley_archivist_${name}`), name).toBeGreaterThan(0)
  })

  it('[F44] loses nothing that it acknowledged when the process that keeps rooms is killed again and again', async () => {
    const { signaling, archivist, url } = await openHouse(ends)
    const ada = await makeRoom(ends, signaling)
    await expect.poll(() => ada.state.archivistOffered, POLL).toBe(true)
    await keepOnServer(ada)
    const link = await invite(ada, 'editor')
    let expected = ''
    for (let round = 1; round <= 3; round++) {
      await write(ada, `round ${round} `)
      expected += `round ${round} `
      await expect.poll(() => ada.state.save.archivist, POLL).toBe('holds')
      const since = archivist.lines.length
      const { pid } = (await archivist.line('keeper-started', round === 1 ? 0 : lastStart(archivist))) as {
        pid?: number
      }
      process.kill(Number(pid), 'SIGKILL')
      await archivist.line('keeper-ended', since)
      expect((await status(url)).health).toContain('degraded')
      await archivist.line('rooms-opened', since)
      expect(await status(url)).toEqual({ ready: 200, health: 'alive' })
    }
    await ada.close()
    const eve = await newcomer(ends, signaling, link)
    await expect.poll(() => textIn(eve).toString(), POLL).toBe(expected)
  })

  it('keeps what it has over a restart, ends with 0, and gives the folder to one at a time', async () => {
    const { signaling, dir, archivist } = await openHouse(ends)
    const ada = await makeRoom(ends, signaling)
    const keepLink = await invite(ada, 'archivist')
    const added = await runArchivist(['add', '-', '--dir', dir], `${keepLink}\n`)
    expect(added).toMatchObject({ code: 0, out: `Room ${ada.id.slice(0, 22)} is kept, blind.\n` })
    await write(ada, 'kept')
    await expect.poll(() => ada.state.save.archivist, POLL).toBe('holds')
    const link = await invite(ada, 'editor')
    const second = startArchivist(dir, signaling)
    expect(await second.ended).toBe(1)
    expect((await runArchivist(['status', '--dir', dir])).code).toBe(0)
    expect(await archivist.stop()).toBe(0)
    expect((await runArchivist(['status', '--dir', dir])).code).toBe(1)
    await ada.close()
    await ends.service(startArchivist(dir, signaling)).line('rooms-opened')
    const eve = await newcomer(ends, signaling, link)
    await expect.poll(() => textIn(eve).toString(), POLL).toBe('kept')
  })

  it('moves a room to another archivist by a file, backs up while it goes on, and two keep one room', async () => {
    const { signaling, dir } = await openHouse(ends)
    const ada = await makeRoom(ends, signaling)
    await expect.poll(() => ada.state.archivistOffered, POLL).toBe(true)
    await keepOnServer(ada)
    await write(ada, 'moved ')
    await expect.poll(() => ada.state.save.archivist, POLL).toBe('holds')
    const name = ada.id.slice(0, 22)
    const file = join(ends.folder(), 'room.parley')
    expect(await runArchivist(['export', name, file, '--dir', dir])).toMatchObject({ code: 0, err: '' })
    const copy = join(ends.folder(), 'copy')
    expect(await runArchivist(['backup', '--to', copy, '--dir', dir])).toMatchObject({ code: 0, err: '' })
    expect(await runArchivist(['prune', '--dir', dir])).toMatchObject({ code: 1 })

    const second = ends.folder()
    const imported = await runArchivist(['import', file, '--dir', second, '--json'])
    expect(JSON.parse(imported.out)).toMatchObject({ room: name })
    const service = ends.service(startArchivist(second, signaling))
    await service.url()
    const link = await invite(ada, 'editor')
    const added = await runArchivist(['add', await invite(ada, 'archivist'), '--dir', second])
    expect(added).toMatchObject({ code: 0 })
    await write(ada, 'and shared')
    // The first one must not be needed for what the second one holds.
    const entriesOf = async (folder: string) => {
      const { out } = await runArchivist(['list', '--dir', folder, '--json'])
      return (JSON.parse(out) as { readonly entryCount: number | null }[])[0]?.entryCount
    }
    await expect.poll(() => ada.state.save.archivist, POLL).toBe('holds')
    const entryCount = await entriesOf(dir)
    expect(entryCount).toBeGreaterThan(2)
    await expect.poll(() => entriesOf(second), POLL).toBe(entryCount)
    await ada.close()
    await runArchivist(['remove', name, '--dir', dir])
    const eve = await newcomer(ends, signaling, link)
    await expect.poll(() => textIn(eve).toString(), POLL).toBe('moved and shared')
  })

  it('shows its secrets to its user alone', async () => {
    const { dir, url } = await openHouse(ends)
    for (const name of ['identity.json', 'control.json'])
      expect(statSync(join(dir, name)).mode & 0o777, name).toBe(0o600)
    const { privateKey } = JSON.parse(readFileSync(join(dir, 'identity.json'), 'utf8')) as {
      privateKey: string
    }
    const shown = await (await fetch(`${url}/identity`)).text()
    expect(shown).not.toContain(privateKey)
    expect((await fetch(`${url}/status`)).status).toBe(401)
    const post = (path: string, headers: Record<string, string>) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{"op":"list"}',
      })
    expect((await post('/control', {})).status).toBe(401)
    expect((await post('/control', { authorization: `Bearer ${'x'.repeat(43)}` })).status).toBe(401)
    expect((await post('/keep', { origin: 'http://evil.example' })).status).toBe(403)
    expect((await post('/keep', {})).status).toBe(400)
    expect((await post('/keep', { 'content-type': 'text/plain' })).status).toBe(415)
  })
})

const lastStart = (service: Service) => service.lines.findLastIndex(({ event }) => event === 'keeper-started')

/** Real processes: signaling, an archivist, and peers in Node. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createRoomOn, defaultPlatform, joinRoomOn, type Room } from '@parley/mesh'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  runArchivist,
  type Service,
  startArchivist,
  startSignaling,
  temporaryFolder,
} from './testing/processes.ts'

const POLL = { timeout: 30_000, interval: 50 }
/** Each starts five processes or more, on a machine that may have other things to do. */
vi.setConfig({ testTimeout: 90_000, hookTimeout: 30_000 })
const FAR_MS = 4e12
const PAGE = 'content/main'
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function folder(): string {
  const { path, remove } = temporaryFolder()
  ends.push(remove)
  return path
}

function running(service: Service): Service {
  ends.push(() => service.stop())
  return service
}

interface House {
  readonly signaling: string
  readonly dir: string
  archivist: Service
  readonly url: string
}

/** As `npm start` does it: the archivist first, so that signaling can name it from the first welcome on. */
async function house(): Promise<House> {
  const probe = startSignaling()
  const port = new URL(await probe.url()).port
  await probe.stop()
  const signaling = `http://127.0.0.1:${port}`
  const dir = folder()
  const archivist = running(startArchivist(dir, signaling))
  const url = await archivist.url()
  await running(startSignaling('--port', port, '--archivist', url)).url()
  return { signaling, dir, archivist, url }
}

const options = (signaling: string, name: string) => ({
  signaling: [`${signaling.replace('http', 'ws')}/v1`],
  profile: { name, color: '#336699' },
})

function atEnd(room: Room): Room {
  ends.push(() => room.close())
  return room
}

async function make(signaling: string): Promise<Room> {
  return atEnd(await createRoomOn(defaultPlatform(), options(signaling, 'Ada')))
}

async function editorLink(room: Room): Promise<string> {
  return (await room.createInvite('https://parley.test/', { role: 'editor', notAfterMs: FAR_MS })).link
}

const textIn = (room: Room) => room.document(PAGE).doc.getText('t')

async function write(room: Room, text: string): Promise<void> {
  await room.document(PAGE).whenLoaded
  textIn(room).insert(textIn(room).length, text)
}

async function newcomer(signaling: string, link: string): Promise<Room> {
  const room = atEnd(await joinRoomOn(defaultPlatform(), link, options(signaling, 'Eve')))
  await room.document(PAGE).whenLoaded
  return room
}

async function status(url: string): Promise<{ readonly ready: number; readonly health: string }> {
  const [ready, health] = await Promise.all([fetch(`${url}/readyz`), fetch(`${url}/healthz`)])
  return { ready: ready.status, health: (await health.text()).trim() }
}

describe('an archivist as a process', () => {
  it('[AR8] [AR9] is asked by an owner over signaling, and serves a newcomer when everybody has left', async () => {
    const { signaling, dir, url } = await house()
    const ada = await make(signaling)
    await expect.poll(() => ada.state.archivistOffered, POLL).toBe(true)
    await ada.keepOnServer('https://parley.test/')
    await write(ada, 'kept ')
    await expect.poll(() => ada.state.save.archivist, POLL).toBe('holds')
    const link = await editorLink(ada)
    await ada.close()
    const eve = await newcomer(signaling, link)
    await expect.poll(() => textIn(eve).toString(), POLL).toBe('kept ')
    const listed = await runArchivist(['list', '--dir', dir, '--json'])
    expect(listed.code).toBe(0)
    expect(JSON.parse(listed.out)).toMatchObject([
      { room: ada.id.slice(0, 22), state: 'open', detail: 'connected', linkCount: 1 },
    ])
    const metrics = await (await fetch(`${url}/metrics`)).text()
    for (const line of ['rooms 1', 'links 1', 'read_only 0', 'up 1', 'keeps_total{answer="accepted"} 1'])
      expect(metrics).toContain(`parley_archivist_${line}\n`)
    expect(metrics).toMatch(/parley_archivist_flush_seconds_count [1-9]/)
  })

  it('[F44] loses nothing that it acknowledged when the process that keeps rooms is killed again and again', async () => {
    const { signaling, archivist, url } = await house()
    const ada = await make(signaling)
    await expect.poll(() => ada.state.archivistOffered, POLL).toBe(true)
    await ada.keepOnServer('https://parley.test/')
    const link = await editorLink(ada)
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
    const eve = await newcomer(signaling, link)
    await expect.poll(() => textIn(eve).toString(), POLL).toBe(expected)
  })

  it('keeps what it has over a restart, ends with 0, and gives the folder to one at a time', async () => {
    const { signaling, dir, archivist } = await house()
    const ada = await make(signaling)
    const { link: keepLink } = await ada.createInvite('https://parley.test/', {
      role: 'archivist',
      notAfterMs: FAR_MS,
    })
    const added = await runArchivist(['add', '-', '--dir', dir], `${keepLink}\n`)
    expect(added).toMatchObject({ code: 0, out: `Room ${ada.id.slice(0, 22)} is kept.\n` })
    await write(ada, 'kept')
    await expect.poll(() => ada.state.save.archivist, POLL).toBe('holds')
    const link = await editorLink(ada)
    const second = startArchivist(dir, signaling)
    expect(await second.ended).toBe(1)
    expect((await runArchivist(['status', '--dir', dir])).code).toBe(0)
    expect(await archivist.stop()).toBe(0)
    expect((await runArchivist(['status', '--dir', dir])).code).toBe(1)
    await ada.close()
    await running(startArchivist(dir, signaling)).line('rooms-opened')
    const eve = await newcomer(signaling, link)
    await expect.poll(() => textIn(eve).toString(), POLL).toBe('kept')
  })

  it('shows its secrets to its user alone', async () => {
    const { dir, url } = await house()
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

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { testRoom } from '@parley/protocol/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { ArchivistLink, type ArchivistTimes } from './archivist-link.ts'
import { readConfig } from './config.ts'
import type { Log } from './log.ts'
import { type RunningServer, startServer } from './server.ts'
import { join } from './testing/test-client.ts'

const TIMES: ArchivistTimes = { timeoutMs: 300, retryMs: 20, refreshMs: 20 }
const KEY = 'k'.repeat(43)
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void
const say =
  (value: unknown): Answer =>
  (_request, response) =>
    response.end(JSON.stringify(value))

/** An archivist's port whose answers a test chooses and may change. */
async function fakeArchivist(port = 0) {
  const asked: { readonly path: string; readonly body: string; readonly authorization: string }[] = []
  const answers: Record<string, Answer> = {
    '/identity': say({ agreement: KEY }),
    '/keep': say({ accepted: true }),
  }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const path = request.url ?? ''
    asked.push({ path, body, authorization: request.headers.authorization ?? '' })
    answers[path]?.(request, response, body)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  ends.push(close)
  const { port: bound } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${bound}`, port: bound, asked, answers, close }
}

async function linkTo(...urls: string[]) {
  const events: string[] = []
  const log: Log = (level, event) => void (level === 'debug' || events.push(event))
  const link = new ArchivistLink({ urls, token: null }, log, TIMES)
  ends.push(() => link.close())
  await link.start()
  return { link, events }
}

describe('the link to an archivist', () => {
  it('knows its key, notices that it is gone, and finds it again', async () => {
    const first = await fakeArchivist()
    const { link, events } = await linkTo(first.url)
    expect(link.agreement()).toBe(KEY)
    await first.close()
    await expect.poll(() => link.agreement()).toBeNull()
    expect(await link.keep('r', 'AAAA')).toBe(false)
    await fakeArchivist(first.port)
    await expect.poll(() => link.agreement()).toBe(KEY)
    expect(events).toEqual(['archivist-found', 'archivist-lost', 'archivist-found'])
  })

  it('hands a sealed link on, with the secret, and gives the answer alone', async () => {
    const archivist = await fakeArchivist()
    archivist.answers['/keep'] = say({ accepted: true, also: 'what nobody asked for' })
    const link = new ArchivistLink({ urls: [archivist.url], token: 't'.repeat(22) }, () => undefined, TIMES)
    ends.push(() => link.close())
    await link.start()
    expect(await link.keep('room', 'AAAA')).toBe(true)
    expect(archivist.asked.at(-1)).toEqual({
      path: '/keep',
      body: '{"room":"room","sealed":"AAAA"}',
      authorization: `Bearer ${'t'.repeat(22)}`,
    })
  })

  it.each<readonly [string, Answer]>([
    ['nothing in time', () => undefined],
    ['no JSON', (_request, response) => void response.end('yes')],
    ['another shape', say({ accepted: 'yes' })],
    ['10 MB', (_request, response) => void response.end('x'.repeat(10_000_000))],
    ['an error', (_request, response) => void response.writeHead(500).end('{"accepted":true}')],
    ['somewhere else', (_request, response) => void response.writeHead(307, { Location: '/identity' }).end()],
  ])('takes %s for a no', async (_what, answer) => {
    const archivist = await fakeArchivist()
    const { link } = await linkTo(archivist.url)
    archivist.answers['/keep'] = answer
    expect(await link.keep('room', 'AAAA')).toBe(false)
  })

  it('promises nothing while two archivists have two keys, and takes one yes of two', async () => {
    const [one, two] = [await fakeArchivist(), await fakeArchivist()]
    two.answers['/identity'] = say({ agreement: 'z'.repeat(43) })
    const { link } = await linkTo(one.url, two.url)
    expect(link.agreement()).toBeNull()
    two.answers['/identity'] = say({ agreement: KEY })
    await expect.poll(() => link.agreement()).toBe(KEY)
    one.answers['/keep'] = say({ accepted: false })
    expect(await link.keep('room', 'AAAA')).toBe(true)
    two.answers['/keep'] = say({ accepted: false })
    expect(await link.keep('room', 'AAAA')).toBe(false)
  })

  it('asks for 50 rooms at once and no more', async () => {
    const archivist = await fakeArchivist()
    const { link } = await linkTo(archivist.url)
    const answers = await Promise.all(Array.from({ length: 80 }, () => link.keep('room', 'AAAA')))
    expect(answers.filter(Boolean).length).toBeGreaterThanOrEqual(50)
    expect(answers.filter(Boolean).length).toBeLessThan(55)
  })
})

describe('a server with an archivist', () => {
  const room = testRoom('archived')

  async function served(): Promise<{
    server: RunningServer
    archivist: Awaited<ReturnType<typeof fakeArchivist>>
  }> {
    const archivist = await fakeArchivist()
    const server = await startServer({
      port: 0,
      logLevel: 'silent',
      archivist: { urls: [archivist.url], token: null },
    })
    ends.push(() => server.close())
    return { server, archivist }
  }

  it('[AR8] names its key in welcome, hands on what an owner sealed and answers kept', async () => {
    const { server, archivist } = await served()
    const { client, welcome } = await join(server, room, await room.device('owner'))
    expect(welcome.archivist).toEqual({ agreement: KEY })
    client.send({ type: 'keep', sealed: 'AAAA' })
    expect((await client.next('kept')).accepted).toBe(true)
    expect(JSON.parse(archivist.asked.at(-1)?.body ?? '')).toEqual({ room: room.roomId, sealed: 'AAAA' })
    await client.leave()
  })

  it('[AR8] hands on nothing of anybody else', async () => {
    const { server, archivist } = await served()
    for (const role of ['editor', 'viewer', 'archivist'] as const) {
      const { client } = await join(server, room, await room.device(role))
      client.send({ type: 'keep', sealed: 'AAAA' })
      expect((await client.next('kept')).accepted).toBe(false)
      await client.leave()
    }
    expect(archivist.asked.filter(({ path }) => path === '/keep')).toEqual([])
  })

  it('has one question of a client under way, and outlives a client that leaves meanwhile', async () => {
    const { server, archivist } = await served()
    const held: ServerResponse[] = []
    archivist.answers['/keep'] = (_request, response) => void held.push(response)
    const { client } = await join(server, room, await room.device('owner'))
    client.send({ type: 'keep', sealed: 'AAAA' })
    await expect.poll(() => held.length).toBe(1)
    client.send({ type: 'keep', sealed: 'BBBB' })
    expect((await client.next('kept')).accepted).toBe(false)
    await client.leave()
    held[0]?.end('{"accepted":true}')
    archivist.answers['/keep'] = say({ accepted: true })
    const again = await join(server, room, await room.device('owner'))
    again.client.send({ type: 'keep', sealed: 'CCCC' })
    expect((await again.client.next('kept')).accepted).toBe(true)
    await again.client.leave()
  })

  it('names none while it cannot be reached', async () => {
    const { server, archivist } = await served()
    await archivist.close()
    const { client } = await join(server, room, await room.device('owner'))
    client.send({ type: 'keep', sealed: 'AAAA' })
    expect((await client.next('kept')).accepted).toBe(false)
    const later = await join(server, room, await room.device('owner'))
    expect(later.welcome.archivist).toBeUndefined()
    await client.leave()
    await later.client.leave()
  })
})

describe('its settings', () => {
  it('take addresses and a secret, and show the secret in no error', () => {
    const secret = 's'.repeat(22)
    const env = {
      PARLEY_ARCHIVIST: 'http://127.0.0.1:8790/, https://b.example',
      PARLEY_ARCHIVIST_TOKEN: secret,
    }
    const good = readConfig([], env)
    const urls = ['http://127.0.0.1:8790', 'https://b.example']
    expect(good.ok && good.config.archivist).toEqual({ urls, token: secret })
    expect(readConfig([], {})).toMatchObject({ ok: true, config: { archivist: null } })
    const bad = readConfig(['--archivist', 'ftp://a'], { PARLEY_ARCHIVIST_TOKEN: 'short secret' })
    expect(bad.ok ? [] : bad.errors).toHaveLength(2)
    expect(JSON.stringify(bad)).not.toContain('short secret')
  })
})

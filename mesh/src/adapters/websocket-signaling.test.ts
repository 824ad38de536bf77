import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { ServerMessage } from '@parley/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import type { SignalingConnection } from '../ports.ts'
import { webSocketSignaling } from './websocket-signaling.ts'

let server: WebSocketServer
let url: string

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
})
afterEach(() => {
  for (const client of server.clients) client.terminate()
  server.close()
})

interface Dialled {
  readonly connection: SignalingConnection
  readonly seen: (ServerMessage | string)[]
  readonly ended: Promise<number>
  readonly opened: Promise<void>
}

function dial(to: string): Dialled {
  const seen: (ServerMessage | string)[] = []
  let end: (code: number) => void
  let open: () => void
  const ended = new Promise<number>((resolve) => {
    end = resolve
  })
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const connection = webSocketSignaling(WebSocket)(to, {
    open: () => open(),
    message: (message) => seen.push(message),
    closed: (code) => {
      seen.push(`closed ${code}`)
      end(code)
    },
  })
  return { connection, seen, ended, opened }
}

async function accepted(): Promise<WebSocket> {
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  return socket
}

describe('webSocketSignaling', () => {
  it('carries messages both ways', async () => {
    const arriving = accepted()
    const { connection, seen, opened } = dial(url)
    const socket = await arriving
    await opened
    const received = once(socket, 'message')
    connection.send({ type: 'more' })
    expect(String((await received)[0])).toBe('{"type":"more"}')
    socket.send('{"type":"left","peer":"peer000000000001"}')
    socket.close(4429)
    await once(socket, 'close')
    expect(seen).toEqual([{ type: 'left', peer: 'peer000000000001' }, 'closed 4429'])
  })

  for (const frame of ['not json', '{"type":"unknown"}', Buffer.from([1, 2, 3])]) {
    it(`ends with 4400 on ${JSON.stringify(frame)}, on both sides, and hears nothing after`, async () => {
      const arriving = accepted()
      const { seen, ended } = dial(url)
      const socket = await arriving
      const closed = once(socket, 'close')
      socket.send(frame)
      socket.send('{"type":"left","peer":"peer000000000001"}')
      expect(await ended).toBe(4400)
      expect((await closed)[0]).toBe(4400)
      expect(seen).toEqual(['closed 4400'])
    })
  }

  it('says 1006 when nobody answers, or the address is none', async () => {
    server.close()
    await once(server, 'close')
    expect(await dial(url).ended).toBe(1006)
    expect(await dial('nonsense').ended).toBe(1006)
  })

  it('closes once, at once, also before it opened', async () => {
    const { connection, seen, ended } = dial(url)
    connection.close()
    connection.close()
    connection.send({ type: 'more' })
    expect(await ended).toBe(1000)
    expect(seen).toEqual(['closed 1000'])
  })
})

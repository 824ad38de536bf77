import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { textFrame } from './guarded-socket.ts'

let server: WebSocketServer

afterEach(() => new Promise((resolve) => server.close(resolve)))

it('[YW1] makes frames that any client reads, at every length of length', async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const wire = new Promise<import('node:net').Socket>((resolve) => {
    server.on('connection', (_socket, request) => resolve(request.socket))
  })
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const arrived: string[] = []
  const done = new Promise<void>((resolve) => {
    client.on('message', (data, isBinary) => {
      arrived.push(isBinary ? 'binary' : String(data))
      if (arrived.length === texts.length) resolve()
    })
  })
  const texts = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000].map((length) => 'a'.repeat(length))
  texts.push('é'.repeat(63), '☃'.repeat(30_000))
  const socket = await wire
  for (const text of texts) socket.write(textFrame(text))
  await done
  expect(arrived).toEqual(texts)
  client.terminate()
})

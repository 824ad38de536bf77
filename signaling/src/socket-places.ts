/** TCP connections of each address: whoever opens them without a word must not hold all that a server has. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { addressKey, plainAddress } from './address.ts'
import type { IsTrustedProxy } from './trusted-proxies.ts'

/** Ends connections beyond `most` of one address before anything is read from them; a trusted proxy may have any number. */
export function limitSockets(
  server: Server,
  most: number,
  isTrustedProxy: IsTrustedProxy,
  onRefused: () => void,
): void {
  const counts = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? 'unknown')
    if (isTrustedProxy(address)) return
    const key = addressKey(address)
    const count = counts.get(key) ?? 0
    if (count >= most) {
      onRefused()
      socket.destroy()
      return
    }
    counts.set(key, count + 1)
    socket.once('close', () => {
      const left = (counts.get(key) ?? 0) - 1
      if (left > 0) counts.set(key, left)
      else counts.delete(key)
    })
  })
}

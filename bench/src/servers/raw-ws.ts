/** The least that a relay over `ws` can do: the first message names a room, every other goes unread to all of that room. */
import { WebSocket, WebSocketServer } from 'ws'

const rooms = new Map<string, Set<WebSocket>>()
const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: false,
  clientTracking: false,
})
server.on('connection', (socket) => {
  let room: Set<WebSocket> | null = null
  socket.on('message', (data) => {
    if (room) {
      for (const one of room) if (one.readyState === WebSocket.OPEN) one.send(data, { binary: false })
      return
    }
    const name = String(data)
    room = rooms.get(name) ?? new Set()
    rooms.set(name, room.add(socket))
    socket.send('in')
  })
  socket.on('close', () => room?.delete(socket))
})
server.on('listening', () => console.log((server.address() as { readonly port: number }).port))

/** Windows of one browser tell each other that a file was imported into a room: what one has open is older than what is stored. */
import { parseRoomId, type RoomId } from '@parley/protocol'

const CHANNEL = 'parley-imports'

export function tellImport(roomId: RoomId): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage(roomId)
  channel.close()
}

/** Calls for each import that another window tells of, until the returned function is called. */
export function onImport(listener: (roomId: RoomId) => void): () => void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    // Another version of the app may say something else here.
    const roomId = typeof data === 'string' ? parseRoomId(data) : null
    if (roomId) listener(roomId)
  }
  return () => channel.close()
}

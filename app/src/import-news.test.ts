import { type RoomId, roomIdOf } from '@parley/protocol'
import { expect, it } from 'vitest'
import { onImport, tellImport } from './import-news.ts'

const [one, two] = [roomIdOf(new Uint8Array(32)), roomIdOf(new Uint8Array(31))]

it('tells other windows of an import, of no other thing, and not after they stopped listening', async () => {
  const heard: RoomId[] = []
  const stop = onImport((roomId) => heard.push(roomId))
  const garbage = new BroadcastChannel('parley-imports')
  for (const wrong of [null, 'short', { roomId: one }, 7]) garbage.postMessage(wrong)
  garbage.close()
  tellImport(one)
  await expect.poll(() => heard).toEqual([one])
  stop()
  const after: RoomId[] = []
  const stopLater = onImport((roomId) => after.push(roomId))
  tellImport(two)
  await expect.poll(() => after).toEqual([two])
  expect(heard).toEqual([one])
  stopLater()
})

import { expect, it } from 'vitest'
import { verifyChain } from '../grant.ts'
import { testKey, testRoom, testVerify } from './index.ts'

it('makes the same room from the same text, and chains that hold', async () => {
  const room = testRoom('a')
  expect(testRoom('a').roomId).toBe(room.roomId)
  expect(testRoom('b').roomId).not.toBe(room.roomId)
  const device = await room.delegate(await room.invite('editor'), 'laptop')
  const verdict = await verifyChain(device.chainBytes, room.roomId, testVerify)
  expect(verdict).toMatchObject({ ok: true, standing: { role: 'editor', key: device.key.keyId } })
})

it('signs with keys that only their own signatures verify under', () => {
  const message = new Uint8Array([1, 2, 3])
  const key = testKey('one')
  expect(testVerify(key.publicKey, message, key.sign(message))).toBe(true)
  expect(testVerify(testKey('two').publicKey, message, key.sign(message))).toBe(false)
  expect(testVerify(new Uint8Array(3), message, key.sign(message))).toBe(false)
})

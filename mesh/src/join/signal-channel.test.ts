import {
  concatBytes,
  deriveKey,
  idBytes,
  type PeerId,
  type SealedSignal,
  signalKeyOf,
  utf8,
  withContext,
} from '@parley/protocol'
import { testRoom } from '@parley/protocol/testing'
import { expect, it } from 'vitest'
import { seededCipher, seededRandom } from '../testing/seeded-crypto.ts'
import type { Identity } from './identity.ts'
import { openSignal, sealSignal } from './signal-channel.ts'

const [ADA, BEN, EVE] = ['A', 'B', 'C'].map((letter) => letter.repeat(22)) as [PeerId, PeerId, PeerId]
const random = seededRandom('signals')
const cipher = seededCipher(random)
const attempt = 'AAAAAAAAAAA'
const signal: SealedSignal = {
  type: 'candidates',
  attempt,
  candidates: [{ candidate: 'c', sdpMid: '0' }],
}

function depsOf(name: string) {
  const room = testRoom(name)
  const identity = { roomId: room.roomId, signalKey: cipher.importKey(signalKeyOf(room.readKey)) }
  return { identity: identity as unknown as Identity, cipher, random }
}

const deps = depsOf('here')

it('[SS1] opens for the peer that it was sealed for, from the one that sealed it, in that room', async () => {
  const sealed = await sealSignal(deps, ADA, BEN, signal)
  expect(await openSignal(deps, ADA, BEN, sealed)).toEqual(signal)
  expect(await openSignal(deps, BEN, ADA, sealed)).toBeNull()
  expect(await openSignal(deps, EVE, BEN, sealed)).toBeNull()
  expect(await openSignal(deps, ADA, EVE, sealed)).toBeNull()
  expect(await openSignal(depsOf('elsewhere'), ADA, BEN, sealed)).toBeNull()
  for (const at of [0, 12, sealed.length - 1]) {
    const altered = sealed.slice()
    altered[at] = (altered[at] as number) ^ 1
    expect(await openSignal(deps, ADA, BEN, altered)).toBeNull()
  }
})

it('[SS1] is iv ‖ AES-256-GCM under a key derived from the read key, with another iv each time', async () => {
  const room = testRoom('here')
  const key = await cipher.importKey(deriveKey(room.readKey, 'parley/signal/v1'))
  const sealed = await sealSignal(deps, ADA, BEN, signal)
  const additionalData = withContext('parley/ss/v1', idBytes(room.roomId), utf8(`${ADA} ${BEN}`))
  const opened = await cipher.decrypt(key, sealed.slice(0, 12), additionalData, sealed.slice(12))
  expect(JSON.parse(new TextDecoder().decode(opened as Uint8Array))).toEqual(signal)
  const again = await sealSignal(deps, ADA, BEN, signal)
  expect(again.slice(0, 12)).not.toEqual(sealed.slice(0, 12))
})

it('[SS2] what is sealed well but no signal is dropped', async () => {
  const room = testRoom('here')
  const key = await cipher.importKey(signalKeyOf(room.readKey))
  const additionalData = withContext('parley/ss/v1', idBytes(room.roomId), utf8(`${ADA} ${BEN}`))
  const texts = ['', '{', '[]', '{"type":"offer"}', JSON.stringify({ ...(signal as object), extra: 1 })].map(
    utf8,
  )
  for (const plaintext of [...texts, Uint8Array.of(0xff, 0xfe)]) {
    const iv = random.bytes(12)
    const sealed = concatBytes(iv, await cipher.encrypt(key, iv, additionalData, plaintext))
    expect(await openSignal(deps, ADA, BEN, sealed)).toBeNull()
  }
  expect(await openSignal(deps, ADA, BEN, new Uint8Array(12))).toBeNull()
})

import { testKey } from '@parley/protocol/testing'
import { expect, it, vi } from 'vitest'
import { rememberVerified, verifyEd25519 } from './verify.ts'

const key = testKey('verify')
const message = new TextEncoder().encode('message')
const signature = key.sign(message)
const flipped = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte))

it('[GR2] verifies what the key signed and nothing else, without an exception', () => {
  expect(verifyEd25519(key.publicKey, message, signature)).toBe(true)
  for (const [k, m, s] of [
    [flipped(key.publicKey), message, signature],
    [key.publicKey, flipped(message), signature],
    [key.publicKey, message, flipped(signature)],
    [key.publicKey.slice(1), message, signature],
    [key.publicKey, message, signature.slice(1)],
    [new Uint8Array(32).fill(255), message, signature],
    [new Uint8Array(32), message, new Uint8Array(64)],
  ] as const) {
    expect(verifyEd25519(k, m, s)).toBe(false)
  }
})

it('[GR2] remembers what verified, as long as it is among the latest, and nothing that did not', () => {
  const verify = vi.fn(verifyEd25519)
  const remembering = rememberVerified(verify, 2)
  const messages = ['a', 'b', 'c'].map((text) => new TextEncoder().encode(text))
  const signed = messages.map((one) => [key.publicKey, one, key.sign(one)] as const)
  const [a, b, c] = signed as [(typeof signed)[0], (typeof signed)[0], (typeof signed)[0]]
  for (const one of [a, b, a, a, b, a]) expect(remembering(...one)).toBe(true)
  expect(verify).toHaveBeenCalledTimes(2)
  expect(remembering(...c)).toBe(true)
  expect(remembering(...a)).toBe(true)
  expect(verify).toHaveBeenCalledTimes(3)
  expect(remembering(...b)).toBe(true)
  expect(verify).toHaveBeenCalledTimes(4)
  for (let i = 0; i < 3; i++) expect(remembering(a[0], b[1], a[2])).toBe(false)
  expect(verify).toHaveBeenCalledTimes(7)
  expect(remembering(a[0].slice(1), a[1], a[2])).toBe(false)
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RENEW_AT_LEAST_MS, RENEW_AT_MOST_MS, RENEW_BEFORE_MS } from '../limits.ts'
import { claimedEndMs, renewInMs } from './operator-token.ts'

const NOW_MS = 1_700_000_000_000
const tokenOf = (payload: string) => `AA.${Buffer.from(payload).toString('base64url')}.AA`
const endingIn = (ms: number) => tokenOf(JSON.stringify({ exp: (NOW_MS + ms) / 1000, name: '¿Añé?>' }))

it('reads the end that a token claims', () => {
  expect(claimedEndMs(endingIn(0))).toBe(NOW_MS)
})

it.each([
  '',
  'opaque',
  'a.b',
  'a.!.c',
  tokenOf('7'),
  tokenOf('null'),
  tokenOf('{}'),
  tokenOf('{"exp":"x"}'),
  tokenOf('{'),
])('finds none in %j', (token) => expect(claimedEndMs(token)).toBeNull())

it('never throws', () => {
  fc.assert(fc.property(fc.string(), (text) => void claimedEndMs(tokenOf(text))))
  fc.assert(fc.property(fc.string(), (text) => void claimedEndMs(`a.${text}.c`)))
})

it('is renewed a while before its end, not all the time, and within what a timer can wait', () => {
  expect(renewInMs(endingIn(300_000), NOW_MS)).toBe(300_000 - RENEW_BEFORE_MS)
  for (const ms of [-1e12, -1, 0, 31_000]) expect(renewInMs(endingIn(ms), NOW_MS)).toBe(RENEW_AT_LEAST_MS)
  expect(renewInMs(endingIn(1e13), NOW_MS)).toBe(RENEW_AT_MOST_MS)
  expect(renewInMs('opaque', NOW_MS)).toBeNull()
})

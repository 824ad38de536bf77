import { formatRoomLink, NEVER_MS, roomIdOf, signGrant } from '@parley/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkRoomLink } from './link-check.ts'
import { fragmentOf, routeOf } from './route.ts'

const rootKey = new Uint8Array(32).fill(7)
const roomId = roomIdOf(rootKey)
let link = ''

beforeAll(async () => {
  const grant = {
    subject: new Uint8Array(32).fill(1),
    agreement: new Uint8Array(32).fill(2),
    role: 'viewer',
    may: 'own-devices',
    notAfterMs: NEVER_MS,
    epoch: 0,
    nonce: new Uint8Array(8),
  } as const
  const signed = await signGrant(roomId, rootKey, grant, () => new Uint8Array(64))
  const secret = new Uint8Array(32)
  const chain = { rootKey, grants: [signed] }
  link = formatRoomLink('https://example.org/', {
    roomId,
    readKey: secret,
    chain,
    inviteSeed: secret,
    via: [],
  })
})

describe('a pasted link', () => {
  it('is taken with spaces around it, whole or as a fragment', () => {
    expect(checkRoomLink(`  ${link}\n`)).toEqual({ ok: true, request: { kind: 'join', link } })
    expect(checkRoomLink(link.slice(link.indexOf('#'))).ok).toBe(true)
  })

  it('is taken in short for a room that this device keeps', () => {
    const short = `https://example.org/${fragmentOf(roomId)}`
    expect(checkRoomLink(short)).toEqual({
      ok: true,
      request: { kind: 'reopen', roomId: roomId.slice(0, 22) },
    })
  })

  it.each([
    ['', 'roomLinkEmpty'],
    ['   ', 'roomLinkEmpty'],
    ['hello', 'roomLinkOther'],
    ['https://example.org/', 'roomLinkOther'],
    ['https://example.org/#r=abc', 'roomLinkOther'],
    ['javascript:alert(1)', 'roomLinkOther'],
  ])('%j is refused: %s', (text, reason) => {
    expect(checkRoomLink(text)).toEqual({ ok: false, reason })
  })

  it('is called damaged when its end is missing', () => {
    for (const missing of [1, 10, 43]) {
      expect(checkRoomLink(link.slice(0, -missing))).toEqual({ ok: false, reason: 'roomLinkDamaged' })
    }
  })
})

describe('the address', () => {
  it('leads home, into a kept room, or through a link', () => {
    expect(routeOf('')).toEqual({ name: 'home' })
    expect(routeOf('#content')).toEqual({ name: 'home' })
    expect(routeOf(fragmentOf(roomId))).toMatchObject({ request: { kind: 'reopen' } })
    expect(routeOf(`#r=${roomId}`)).toMatchObject({ request: { kind: 'reopen', roomId } })
    expect(routeOf(link.slice(link.indexOf('#')))).toMatchObject({ request: { kind: 'join' } })
  })

  it('does not hide a damaged room behind the home screen', () => {
    expect(routeOf('#r=../../x')).toMatchObject({ name: 'room', request: { kind: 'join' } })
  })

  it('keeps no secret once the room is open', () => {
    expect(fragmentOf(roomId)).toMatch(/^#r=[\w-]{22}$/)
  })
})

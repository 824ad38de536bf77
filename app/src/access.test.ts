import { type KeyId, keyIdOf } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { cameBy, keyToRevoke, mayBeRevoked, waysBack } from './access.ts'
import type { ListedInvite } from './invites.ts'
import type { Member } from './mesh-types.ts'

const key = (byte: number): KeyId => keyIdOf(new Uint8Array(32).fill(byte))
const member = (byte: number, path: readonly KeyId[], more: Partial<Member> = {}): Member => ({
  key: key(byte),
  name: `m${byte}`,
  role: 'editor',
  self: false,
  notAfterMs: 9,
  path: [...path, key(byte)],
  sighted: false,
  ...more,
})
const invite = (byte: number): ListedInvite => ({ key: key(byte), label: '', role: 'editor', notAfterMs: 9 })

const OWNER = member(1, [], { role: 'owner', self: true })
const BEN = member(2, [key(10)])
/** Came by an invite that Ben made. */
const CLEO = member(3, [key(10), key(2), key(11)])
const DAN = member(4, [key(12)])
const ALL = [OWNER, BEN, CLEO, DAN]

describe('who came by an invite', () => {
  it('are all whose grant passes through it', () => {
    expect(cameBy(key(10), ALL)).toEqual([BEN, CLEO])
    expect(cameBy(key(12), ALL)).toEqual([DAN])
    expect(cameBy(key(13), ALL)).toEqual([])
  })

  it('could come back by the invites that are still live', () => {
    const invites = [invite(10), invite(11), invite(12)]
    expect(waysBack(CLEO, invites, () => true).map((way) => way.key)).toEqual([key(10), key(11)])
    expect(waysBack(CLEO, invites, (way) => way.key !== key(10)).map((way) => way.key)).toEqual([key(11)])
  })

  it('may be revoked, but neither owners nor oneself', () => {
    expect(ALL.filter(mayBeRevoked)).toEqual([BEN, CLEO, DAN])
    expect(mayBeRevoked(member(5, [], { role: 'owner' }))).toBe(false)
  })
})

describe('what to revoke of a member', () => {
  it('is their key, and of an archivist the invite that the machine still has', () => {
    const machine = { role: 'archivist' } as const
    const archivist = member(5, [key(1), key(13)], machine)
    expect(keyToRevoke(BEN, ALL)).toBe(BEN.key)
    expect(keyToRevoke(archivist, [...ALL, archivist])).toBe(key(13))
  })

  it('is never the key of a person', () => {
    const direct = member(6, [key(1)], { role: 'archivist' })
    expect(keyToRevoke(direct, [...ALL, direct])).toBe(direct.key)
    const alone = member(7, [], { role: 'archivist' })
    expect(keyToRevoke(alone, [...ALL, alone])).toBe(alone.key)
  })
})

import { describe, expect, it } from 'vitest'
import {
  decodeChain,
  encodeChain,
  type Grant,
  type GrantChain,
  NEVER_MS,
  signGrant,
  verifyChain,
} from './grant.ts'
import { CHAIN_BYTES, CHAIN_GRANTS } from './limits.ts'
import type { Delegation, Role } from './roles.ts'
import { type TestMember, testKey, testRoom, testVerify } from './testing/index.ts'

const room = testRoom('grants')
const verify = (bytes: Uint8Array, of = room) => verifyChain(bytes, of.roomId, testVerify)
const faultOf = async (bytes: Uint8Array, of = room) => {
  const verdict = await verify(bytes, of)
  return verdict.ok ? null : verdict.fault
}

async function line(...steps: Partial<Grant>[]): Promise<TestMember> {
  const [first = {}, ...rest] = steps
  let member = await room.invite('editor', 'step-0', first)
  for (const [index, fields] of rest.entries())
    member = await room.delegate(member, `step-${index + 1}`, fields)
  return member
}

describe('grant chains', () => {
  it('[GR1] [GR2] [GR6] say who stands where, whatever the time', async () => {
    const member = await line(
      { may: 'invite', notAfterMs: 2000 },
      { role: 'viewer', may: 'none', notAfterMs: 1000 },
    )
    const verdict = await verify(member.chainBytes)
    expect(verdict).toEqual({
      ok: true,
      standing: {
        roomId: room.roomId,
        key: member.key.keyId,
        agreement: member.key.agreementKey,
        role: 'viewer',
        may: 'none',
        notAfterMs: 1000,
        path: [testKey('grants/step-0').keyId, member.key.keyId],
        roles: ['editor', 'viewer'],
        rootKey: room.root.keyId,
      },
    })
  })

  it('[FR1] decode to what was encoded', async () => {
    const { chain, chainBytes } = await line({}, {}, {})
    expect(decodeChain(chainBytes)).toEqual(chain)
  })

  it('[GR1] [F15] are refused in another room', async () => {
    const { chainBytes } = await testRoom('elsewhere').device('owner')
    expect(await faultOf(chainBytes)).toBe('other-room')
  })

  it('[GR1] [F15] are refused when the root key is swapped for that of the room', async () => {
    const foreign = await testRoom('elsewhere').device('owner')
    const grafted = encodeChain({ ...foreign.chain, rootKey: room.root.publicKey })
    expect(await faultOf(grafted)).toBe('bad-signature')
  })

  it('[GR2] [F15] are refused when somebody signed for themselves', async () => {
    const key = testKey('self')
    const { chain } = await room.device('viewer')
    const grant: Grant = { ...(chain.grants[0] as Grant), subject: key.publicKey, role: 'owner' }
    const signed = await signGrant(room.roomId, room.root.publicKey, grant, key.sign)
    expect(await faultOf(encodeChain({ rootKey: room.root.publicKey, grants: [signed] }))).toBe(
      'bad-signature',
    )
    const asIssuer = await signGrant(room.roomId, key.publicKey, grant, key.sign)
    expect(await faultOf(encodeChain({ rootKey: room.root.publicKey, grants: [asIssuer] }))).toBe(
      'bad-signature',
    )
  })

  it('[GR2] [F15] are refused when a byte anywhere was changed', async () => {
    const { chainBytes } = await line({ may: 'invite' }, { may: 'none' })
    for (let at = 0; at < chainBytes.length; at++) {
      const changed = chainBytes.slice()
      changed[at] = (changed[at] as number) ^ 1
      expect((await verify(changed)).ok, `byte ${at}`).toBe(false)
    }
  })

  it('[GR2] are refused when a grant is left out or moved', async () => {
    const { chain } = await line({ may: 'invite' }, {}, {})
    const [first, second, third] = chain.grants as [
      GrantChain['grants'][0],
      GrantChain['grants'][0],
      GrantChain['grants'][0],
    ]
    for (const grants of [[second, third], [first, third], [first, third, second], [third]]) {
      expect(await faultOf(encodeChain({ ...chain, grants }))).toBe('bad-signature')
    }
  })

  it.each<[string, Partial<Grant>, Partial<Grant>, 'widens' | null]>([
    ['role raised', { role: 'viewer' }, { role: 'editor' }, 'widens'],
    ['role raised to owner', { role: 'editor', may: 'invite' }, { role: 'owner' }, 'widens'],
    ['role kept', { role: 'editor' }, { role: 'editor' }, null],
    ['role lowered', { role: 'owner' }, { role: 'commenter' }, null],
    ['archivist below an owner', { role: 'owner' }, { role: 'archivist' }, null],
    ['archivist below an editor', { role: 'editor' }, { role: 'archivist' }, 'widens'],
    ['viewer below an archivist', { role: 'archivist' }, { role: 'viewer' }, 'widens'],
    ['end kept', { notAfterMs: 5 }, { notAfterMs: 5 }, null],
    ['end moved back', { notAfterMs: 5 }, { notAfterMs: 4 }, null],
    ['end moved on', { notAfterMs: 5 }, { notAfterMs: 6 }, 'widens'],
    ['end taken away', { notAfterMs: 5 }, { notAfterMs: NEVER_MS }, 'widens'],
  ])('[GR3] [GR4] [F15] %s', async (_what, parent, child, fault) => {
    expect(await faultOf((await line(parent, child)).chainBytes)).toBe(fault)
  })

  it.each<[Delegation, Delegation, 'widens' | null]>([
    ['none', 'none', 'widens'],
    ['own-devices', 'none', null],
    ['own-devices', 'own-devices', null],
    ['own-devices', 'invite', 'widens'],
    ['invite', 'none', null],
    ['invite', 'own-devices', null],
    ['invite', 'invite', null],
  ])('[GR3] from %s to %s', async (parent, child, fault) => {
    expect(await faultOf((await line({ may: parent }, { may: child })).chainBytes)).toBe(fault)
  })

  it('[GR3] are judged between all neighbours, not from the root to the end only', async () => {
    const down = await line({ role: 'owner', may: 'invite' }, { role: 'viewer' }, { role: 'editor' })
    expect(await faultOf(down.chainBytes)).toBe('widens')
  })

  it('[GR5] [F15] have one to five grants', async () => {
    const grants = Array.from({ length: CHAIN_GRANTS + 1 }, (): Partial<Grant> => ({ may: 'invite' }))
    expect(await faultOf((await line(...grants.slice(1))).chainBytes)).toBeNull()
    expect(await faultOf((await line(...grants)).chainBytes)).toBe('malformed')
    expect(await faultOf(encodeChain({ rootKey: room.root.publicKey, grants: [] }))).toBe('malformed')
  })

  it('[GR5] end with their last byte and have at most 2 KiB', async () => {
    const { chainBytes } = await line({})
    expect(await faultOf(new Uint8Array([...chainBytes, 0]))).toBe('malformed')
    expect(await faultOf(chainBytes.slice(0, -1))).toBe('malformed')
    expect(await faultOf(new Uint8Array(CHAIN_BYTES + 1))).toBe('malformed')
  })

  it.each([
    ['role', 32 + 1 + 64],
    ['delegation', 32 + 1 + 65],
  ])('[GR5] are refused for an unknown %s', async (_what, at) => {
    const { chainBytes } = await line({})
    const changed = chainBytes.slice()
    changed[at] = 200
    expect(await faultOf(changed)).toBe('malformed')
  })

  it('fit their limit when full', async () => {
    const roles: Role[] = ['owner', 'owner', 'editor', 'editor', 'viewer']
    const { chainBytes } = await line(...roles.map((role) => ({ role, may: 'invite' as const })))
    expect(chainBytes.length).toBeLessThanOrEqual(CHAIN_BYTES)
  })
})

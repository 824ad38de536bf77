import {
  type AuthFrame,
  CLOSE,
  concatBytes,
  decodeFrame,
  encodeFrame,
  type HelloFrame,
  PEER_VERSION,
  sha256,
  signalKeyOf,
  toBase64Url,
  utf8,
  verifyChain,
} from '@parley/protocol'
import { type TestMember, testRoom, testVerify } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import { seededCipher, seededKeyring, seededRandom } from '../testing/seeded-crypto.ts'
import type { Identity } from './identity.ts'
import { type Fingerprints, RoleProof, type Side } from './role-proof.ts'

const room = testRoom('role proof')
const NOW_MS = 1_800_000_000_000
const [OFFERED, ANSWERED] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]

async function makeEnd(
  member: TestMember,
  side: Side,
  options: { swapped?: Uint8Array; of?: typeof room } = {},
) {
  const { of = room } = options
  const random = seededRandom(member.key.keyId)
  const cipher = seededCipher(random)
  const verdict = await verifyChain(member.chainBytes, of.roomId, testVerify)
  if (!verdict.ok) throw new Error(verdict.fault)
  const instance = random.bytes(16)
  const identity: Identity = {
    roomId: of.roomId,
    signer: await seededKeyring(random).fromSeeds(member.key.seed, member.key.seed),
    standing: verdict.standing,
    chain: member.chainBytes,
    instance,
    instanceName: toBase64Url(instance),
    signalKey: await cipher.importKey(signalKeyOf(of.readKey)),
  }
  const deps = {
    identity,
    cipher,
    keyring: seededKeyring(random),
    random,
    nowMs: () => NOW_MS,
    known: () => ({ epoch: 0, metaHeads: new Uint8Array(32) }),
    learnChain: (chain: Uint8Array) => verifyChain(chain, of.roomId, testVerify),
  }
  const [local, remote] = side === 'offerer' ? [OFFERED, ANSWERED] : [ANSWERED, OFFERED]
  const fingerprints: Fingerprints = { local, remote: options.swapped ?? remote }
  return new RoleProof(deps, side, fingerprints)
}

const helloOf = (bytes: Uint8Array) => decodeFrame(bytes) as HelloFrame
const authOf = (bytes: Uint8Array) => decodeFrame(bytes) as AuthFrame

async function exchange(offerer: RoleProof, answerer: RoleProof) {
  const hellos = [await offerer.hello(), await answerer.hello()] as const
  const byOfferer = await offerer.handleHello(helloOf(hellos[1]), hellos[1])
  const byAnswerer = await answerer.handleHello(helloOf(hellos[0]), hellos[0])
  return { hellos, byOfferer, byAnswerer }
}

const ada = await room.device('owner', 'ada')
const vera = await room.device('viewer', 'vera')

describe('the handshake', () => {
  it('[HS1] signs context, side, and the hash of both HELLOs and both fingerprints', async () => {
    const { hellos, byOfferer, byAnswerer } = await exchange(
      await makeEnd(ada, 'offerer'),
      await makeEnd(vera, 'answerer'),
    )
    const withLength = (bytes: Uint8Array) => {
      const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7]
      return concatBytes(Uint8Array.from(length), bytes)
    }
    const transcript = sha256(withLength(hellos[0]), withLength(hellos[1]), OFFERED, ANSWERED)
    const message = (side: number) => concatBytes(utf8('parley/hs/v1'), Uint8Array.of(side), transcript)
    expect(testVerify(ada.key.publicKey, message(0), authOf(byOfferer).signature)).toBe(true)
    expect(testVerify(vera.key.publicKey, message(1), authOf(byAnswerer).signature)).toBe(true)
  })

  it('[HS5] ends with the role of the chain that was verified', async () => {
    const [offerer, answerer] = [await makeEnd(ada, 'offerer'), await makeEnd(vera, 'answerer')]
    const { byOfferer, byAnswerer } = await exchange(offerer, answerer)
    expect((await offerer.handleAuth(authOf(byAnswerer))).standing.role).toBe('viewer')
    expect((await answerer.handleAuth(authOf(byOfferer))).standing.role).toBe('owner')
  })

  it.each([
    [
      'another certificate was seen at this end',
      { swapped: new Uint8Array(32).fill(9) },
      (auth: AuthFrame) => auth,
    ],
    ['the signature was altered', {}, ({ signature }: AuthFrame) => altered(signature)],
  ])('[HS2] is refused when %s', async (_name, options, tamper) => {
    const [offerer, answerer] = [await makeEnd(ada, 'offerer', options), await makeEnd(vera, 'answerer')]
    const { byAnswerer } = await exchange(offerer, answerer)
    await expect(offerer.handleAuth(tamper(authOf(byAnswerer)))).rejects.toMatchObject({
      reason: 'notProven',
    })
  })

  it('[HS2] is refused when one’s own AUTH comes back, or one of another handshake', async () => {
    const [offerer, answerer] = [await makeEnd(ada, 'offerer'), await makeEnd(vera, 'answerer')]
    const { byOfferer, byAnswerer } = await exchange(offerer, answerer)
    const again = await exchange(offerer, await makeEnd(vera, 'answerer'))
    await expect(offerer.handleAuth(authOf(byOfferer))).rejects.toMatchObject({ reason: 'notProven' })
    await expect(offerer.handleAuth(authOf(byAnswerer))).rejects.toMatchObject({ reason: 'notProven' })
    expect(await offerer.handleAuth(authOf(again.byAnswerer))).toBeDefined()
  })

  it('[HS2] AUTH before HELLO, and one’s own HELLO, prove nothing', async () => {
    const offerer = await makeEnd(ada, 'offerer')
    const own = await offerer.hello()
    const auth = { type: 'auth', signature: new Uint8Array(64) } as const
    await expect(offerer.handleAuth(auth)).rejects.toMatchObject({ reason: 'notProven' })
    await expect(offerer.handleHello(helloOf(own), own)).rejects.toMatchObject({ reason: 'notProven' })
  })

  it('[HS3] a chain that has ended, is of another room, or not sealed for this one ends with 4401', async () => {
    const ended = await room.device('editor', 'ended', { notAfterMs: NOW_MS - 1 })
    const foreign = testRoom('foreign')
    const spy = await makeEnd(await foreign.device('owner'), 'answerer', { of: foreign })
    const sealedHere = { ...foreign, readKey: room.readKey }
    const insider = await makeEnd(await foreign.device('owner'), 'answerer', { of: sealedHere })
    for (const peer of [await makeEnd(ended, 'answerer'), spy, insider]) {
      const offerer = await makeEnd(ada, 'offerer')
      await offerer.hello()
      const hello = await peer.hello()
      await expect(offerer.handleHello(helloOf(hello), hello)).rejects.toMatchObject({ reason: 'notProven' })
    }
    expect(CLOSE.notProven).toBe(4401)
  })

  it('[HS3] another version ends with 4426, whatever else the HELLO holds', async () => {
    const offerer = await makeEnd(ada, 'offerer')
    await offerer.hello()
    const hello = { ...helloOf(await (await makeEnd(vera, 'answerer')).hello()), version: PEER_VERSION + 1 }
    await expect(offerer.handleHello(hello, encodeFrame(hello))).rejects.toMatchObject({ reason: 'version' })
    expect(CLOSE.version).toBe(4426)
  })
})

function altered(signature: Uint8Array): AuthFrame {
  const copy = signature.slice()
  copy[0] = (copy[0] as number) ^ 1
  return { type: 'auth', signature: copy }
}

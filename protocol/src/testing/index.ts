/// <reference types="node" />
/**
 * Rooms, keys and chains for tests, all from seeds. For Node only; production code never imports this.
 *
 * Nothing here checks what it signs: a test may raise a role, widen a delegation or sign with a stranger's key.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { concatBytes, fromBase64Url } from '../bytes.ts'
import { encodeChain, type Grant, type GrantChain, NEVER_MS, signGrant } from '../grant.ts'
import { type KeyId, keyIdOf, type RoomId, roomIdOf } from '../ids.ts'
import type { Role } from '../roles.ts'

/** PKCS #8 and SPKI headers of RFC 8410 §7 and §4: the raw 32 bytes follow. */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const X25519_PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex')
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex')

export interface TestKey {
  /** Ed25519, 32 bytes. */
  readonly seed: Uint8Array
  readonly publicKey: Uint8Array
  /** X25519, 32 bytes. */
  readonly agreementKey: Uint8Array
  readonly keyId: KeyId
  sign(message: Uint8Array): Uint8Array
}

export interface TestMember {
  readonly key: TestKey
  readonly chain: GrantChain
  readonly chainBytes: Uint8Array
}

export interface TestRoom {
  readonly roomId: RoomId
  /** 32 bytes. */
  readonly readKey: Uint8Array
  readonly root: TestKey
  /** A device that the root key granted a role to; without an end, may delegate to own devices. */
  device(role: Role, name?: string, fields?: Partial<Grant>): Promise<TestMember>
  /** An invite by the root key: give `invite.key.seed` to a link. */
  invite(role: Role, name?: string, fields?: Partial<Grant>): Promise<TestMember>
  /** One step further down: same role and end unless `fields` say otherwise. */
  delegate(from: TestMember, name: string, fields?: Partial<Grant>): Promise<TestMember>
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest())
}

function privateKey(header: Buffer, seed: Uint8Array) {
  return createPrivateKey({ key: Buffer.concat([header, seed]), format: 'der', type: 'pkcs8' })
}

function publicBytes(key: ReturnType<typeof createPrivateKey>): Uint8Array {
  return fromBase64Url(createPublicKey(key).export({ format: 'jwk' }).x as string) as Uint8Array
}

/** The same text always gives the same key. */
export function testKey(seedText: string): TestKey {
  const seed = bytesOf(`ed25519 ${seedText}`)
  const signing = privateKey(ED25519_PKCS8, seed)
  const publicKey = publicBytes(signing)
  return {
    seed,
    publicKey,
    agreementKey: publicBytes(privateKey(X25519_PKCS8, bytesOf(`x25519 ${seedText}`))),
    keyId: keyIdOf(publicKey),
    sign: (message) => new Uint8Array(sign(null, message, signing)),
  }
}

/** Ed25519 by node:crypto; false for what does not verify. */
export function testVerify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32) return false
  const der = Buffer.from(concatBytes(ED25519_SPKI, publicKey))
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
}

/** The same text always gives the same room. */
export function testRoom(seedText: string): TestRoom {
  const root = testKey(`${seedText}/root`)
  const roomId = roomIdOf(root.publicKey)

  async function extend(
    issuer: TestKey,
    above: GrantChain | null,
    grant: Omit<Grant, 'subject' | 'agreement' | 'epoch' | 'nonce'>,
    name: string,
    fields: Partial<Grant>,
  ): Promise<TestMember> {
    const key = testKey(`${seedText}/${name}`)
    const whole: Grant = {
      subject: key.publicKey,
      agreement: key.agreementKey,
      epoch: 0,
      nonce: bytesOf(`nonce ${seedText}/${name}`).slice(0, 8),
      ...grant,
      ...fields,
    }
    const signed = await signGrant(roomId, issuer.publicKey, whole, issuer.sign)
    const chain: GrantChain = { rootKey: root.publicKey, grants: [...(above?.grants ?? []), signed] }
    return { key, chain, chainBytes: encodeChain(chain) }
  }

  return {
    roomId,
    readKey: bytesOf(`readKey ${seedText}`),
    root,
    device: (role, name = `device-${role}`, fields = {}) =>
      extend(root, null, { role, may: 'own-devices', notAfterMs: NEVER_MS }, name, fields),
    invite: (role, name = `invite-${role}`, fields = {}) =>
      extend(root, null, { role, may: 'own-devices', notAfterMs: NEVER_MS }, name, fields),
    delegate(from, name, fields = {}) {
      const last = from.chain.grants.at(-1) as Grant
      const inherited = { role: last.role, may: last.may, notAfterMs: last.notAfterMs }
      return extend(from.key, from.chain, inherited, name, fields)
    },
  }
}
export { arbitraryFrame } from './frame-arbitraries.ts'

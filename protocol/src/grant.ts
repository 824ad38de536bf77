/** Grants: who may do what in a room, signed from the root key down. Layout: docs/spec.md, GR. */
import { ByteReader, ByteWriter, MalformedError } from './codec.ts'
import { withContext } from './hash.ts'
import { idBytes, type KeyId, keyIdOf, type RoomId, roomIdOf } from './ids.ts'
import { CHAIN_BYTES, CHAIN_GRANTS } from './limits.ts'
import { DELEGATIONS, type Delegation, ROLES, type Role, roleNarrows } from './roles.ts'

export interface Grant {
  /** Whom the grant is for: an Ed25519 public key, 32 bytes. */
  readonly subject: Uint8Array
  /** The subject's X25519 public key, 32 bytes: room keys are wrapped for it. */
  readonly agreement: Uint8Array
  readonly role: Role
  readonly may: Delegation
  /** Unix time in milliseconds; {@link NEVER_MS} for no end. */
  readonly notAfterMs: number
  /** The room's epoch counter when the grant was made. */
  readonly epoch: number
  /** 8 random bytes: two grants for one key can be told apart. */
  readonly nonce: Uint8Array
}

export interface SignedGrant extends Grant {
  /** Ed25519 by the issuer, 64 bytes. */
  readonly signature: Uint8Array
}

/** The issuer of the first grant is the root key, of every other one the subject before it. */
export interface GrantChain {
  readonly rootKey: Uint8Array
  readonly grants: readonly SignedGrant[]
}

/** What a chain says once every signature in it has been verified. */
export interface Standing {
  readonly roomId: RoomId
  readonly key: KeyId
  readonly agreement: Uint8Array
  readonly role: Role
  readonly may: Delegation
  readonly notAfterMs: number
  /** Every key that the chain passes through, the subject last. */
  readonly path: readonly KeyId[]
  /** The role at each step of `path`. */
  readonly roles: readonly Role[]
  readonly rootKey: KeyId
}

export type ChainFault = 'malformed' | 'other-room' | 'widens' | 'bad-signature'
export type ChainVerdict =
  | { readonly ok: true; readonly standing: Standing }
  | { readonly ok: false; readonly fault: ChainFault }

/** Ed25519 (RFC 8032 §5.1.7); must not throw on keys that are not on the curve. */
export type Verify = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>
export type Sign = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>

export const NEVER_MS: number = Number.MAX_SAFE_INTEGER

function encodeBody(grant: Grant): Uint8Array {
  return new ByteWriter()
    .fixed(grant.subject)
    .fixed(grant.agreement)
    .u8(ROLES.indexOf(grant.role))
    .u8(DELEGATIONS.indexOf(grant.may))
    .varUint(grant.notAfterMs)
    .varUint(grant.epoch)
    .fixed(grant.nonce)
    .done()
}

function grantMessage(roomId: RoomId, issuer: Uint8Array, grant: Grant): Uint8Array {
  return withContext('parley/grant/v1', idBytes(roomId), issuer, encodeBody(grant))
}

export async function signGrant(
  roomId: RoomId,
  issuer: Uint8Array,
  grant: Grant,
  sign: Sign,
): Promise<SignedGrant> {
  return { ...grant, signature: await sign(grantMessage(roomId, issuer, grant)) }
}

export function encodeChain(chain: GrantChain): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().fixed(chain.rootKey).u8(chain.grants.length)
  for (const grant of chain.grants) writer.fixed(encodeBody(grant)).fixed(grant.signature)
  return writer.done()
}

function readGrant(reader: ByteReader): SignedGrant {
  const subject = reader.fixed(32)
  const agreement = reader.fixed(32)
  const role = ROLES[reader.u8()]
  const may = DELEGATIONS[reader.u8()]
  if (!role || !may) throw new MalformedError('unknown role or delegation')
  const notAfterMs = reader.varUint()
  const epoch = reader.varUint()
  return {
    subject,
    agreement,
    role,
    may,
    notAfterMs,
    epoch,
    nonce: reader.fixed(8),
    signature: reader.fixed(64),
  }
}

/** Throws {@link MalformedError}; says nothing about signatures. */
export function decodeChain(bytes: Uint8Array): GrantChain {
  if (bytes.length > CHAIN_BYTES) throw new MalformedError('chain too long')
  const reader = new ByteReader(bytes.slice())
  const rootKey = reader.fixed(32)
  const count = reader.u8()
  if (count < 1 || count > CHAIN_GRANTS) throw new MalformedError('chain length')
  const grants: SignedGrant[] = []
  for (let i = 0; i < count; i++) grants.push(readGrant(reader))
  reader.end()
  return { rootKey, grants }
}

/** Role, end and delegation may only become less from one grant to the next. */
function narrows(parent: Grant, child: Grant): boolean {
  return (
    parent.may !== 'none' &&
    DELEGATIONS.indexOf(child.may) <= DELEGATIONS.indexOf(parent.may) &&
    roleNarrows(parent.role, child.role) &&
    child.notAfterMs <= parent.notAfterMs
  )
}

/**
 * Verifies a chain against the room that it claims. Time is not judged here: callers compare
 * `standing.notAfterMs` with the moment that matters to them (now, or an entry's own time).
 */
export async function verifyChain(bytes: Uint8Array, roomId: RoomId, verify: Verify): Promise<ChainVerdict> {
  let chain: GrantChain
  try {
    chain = decodeChain(bytes)
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    return { ok: false, fault: 'malformed' }
  }
  if (roomIdOf(chain.rootKey) !== roomId) return { ok: false, fault: 'other-room' }
  let issuer = chain.rootKey
  let parent: Grant | null = null
  for (const grant of chain.grants) {
    if (parent && !narrows(parent, grant)) return { ok: false, fault: 'widens' }
    if (!(await verify(issuer, grantMessage(roomId, issuer, grant), grant.signature))) {
      return { ok: false, fault: 'bad-signature' }
    }
    issuer = grant.subject
    parent = grant
  }
  return { ok: true, standing: standingOf(chain, roomId) }
}

function standingOf(chain: GrantChain, roomId: RoomId): Standing {
  const last = chain.grants[chain.grants.length - 1] as SignedGrant
  return {
    roomId,
    key: keyIdOf(last.subject),
    agreement: last.agreement,
    role: last.role,
    may: last.may,
    notAfterMs: last.notAfterMs,
    path: chain.grants.map((grant) => keyIdOf(grant.subject)),
    roles: chain.grants.map((grant) => grant.role),
    rootKey: keyIdOf(chain.rootKey),
  }
}

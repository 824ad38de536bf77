/** Making, joining and reopening: from a link or from storage to an identity that can enter the room. */
import {
  concatBytes,
  decodeChain,
  deriveKey,
  encodeChain,
  equalBytes,
  type Grant,
  IV_BYTES,
  idBytes,
  inviteAgreementSeedOf,
  limits,
  NEVER_MS,
  parseRoomLink,
  type ReaderLink,
  ROLES,
  ROOM_ID_LINK_CHARACTERS,
  type Role,
  type RoomId,
  type RoomLink,
  roomIdOf,
  type Standing,
  signalKeyOf,
  signGrant,
  toBase64Url,
  verifyChain,
} from '@parley/protocol'
import { ParleyError } from './errors.ts'
import type { Identity } from './join/identity.ts'
import type { AeadKey, Platform, Signer, Storage, StoredKeys } from './ports.ts'
import type { Recovered } from './recovery-file.ts'
import { COPY_RECORD, type KeptCopy, parseCopy } from './room-copy.ts'

/** The record `room` of a room's storage. */
export interface RoomSecrets {
  readonly readKey: Uint8Array
  readonly chain: Uint8Array
  readonly keys: StoredKeys
  /** Root seed under a key of this device; only where the room was made. */
  readonly root: { readonly localKey: AeadKey; readonly sealed: Uint8Array } | null
  /** As the link said, or whoever made the room: known before the first connection. */
  readonly relayOnly?: boolean
}

export interface Entrance {
  readonly identity: Identity
  readonly secrets: RoomSecrets
  readonly storage: Storage
  readonly records: ReadonlyMap<string, unknown>
  readonly entries: readonly Uint8Array[]
  /** The invite that was just used: epoch keys are wrapped for it as well. */
  readonly invites: readonly Signer[]
}

const RECORD = 'room'

export async function makeRoom(platform: Platform, relayOnly = false): Promise<Entrance> {
  return ownRoom(platform, platform.random.bytes(32), platform.random.bytes(32), relayOnly)
}

/** From a recovery file: this device becomes an owner of the room that it is the root of. */
export async function recoverRoom(platform: Platform, recovered: Recovered): Promise<Entrance> {
  return ownRoom(platform, recovered.rootSeed, recovered.readKey, recovered.relayOnly ?? false)
}

async function ownRoom(
  platform: Platform,
  rootSeed: Uint8Array,
  readKey: Uint8Array,
  relayOnly: boolean,
): Promise<Entrance> {
  const { keyring, cipher, storages } = platform
  const root = await keyring.fromSeeds(rootSeed, deriveKey(rootSeed, 'parley/x25519'))
  const roomId = roomIdOf(root.publicKey)
  const storage = await storages.open(storageName(roomId))
  const stored = await storage.load()
  const keys = parseSecrets(stored.records.get(RECORD))?.keys ?? (await keyring.generate())
  const grant = await grantTo(await keyring.signer(keys), platform, {
    role: 'owner',
    may: 'invite',
    notAfterMs: NEVER_MS,
  })
  const signed = await signGrant(roomId, root.publicKey, grant, (message) => root.sign(message))
  const chain = encodeChain({ rootKey: root.publicKey, grants: [signed] })
  const localKey = await cipher.generateKey()
  const sealed = await sealRoot(platform, localKey, roomId, rootSeed)
  return enter(
    platform,
    storage,
    roomId,
    { readKey, chain, keys, root: { localKey, sealed }, relayOnly },
    stored,
  )
}

/** Throws {@link ParleyError} `link-damaged`, `link-refused` or `link-expired`. */
export async function acceptLink(platform: Platform, text: string): Promise<Entrance> {
  const verdict = parseRoomLink(text)
  if (!verdict.ok) throw new ParleyError('link-damaged', `not a usable room link: ${verdict.fault}`)
  const { link } = verdict
  if (!('readKey' in link))
    throw new ParleyError('link-refused', 'a link for an archivist: nobody can read by it')
  const { standing, invite } = await useInvite(platform, link)
  const storage = await platform.storages.open(storageName(link.roomId))
  const stored = await storage.load()
  const known = parseSecrets(stored.records.get(RECORD))
  const secrets = await delegateToDevice(platform, link, standing, invite, known)
  return { ...(await enter(platform, storage, link.roomId, secrets, stored)), invites: [invite] }
}

/** Checks that a link leads to its room now. Throws {@link ParleyError} `link-damaged`, `link-refused`, `link-expired`. */
export async function useInvite(
  platform: Platform,
  link: RoomLink,
): Promise<{ readonly standing: Standing; readonly invite: Signer }> {
  const standing = await verifiedStanding(platform, encodeChain(link.chain), link.roomId)
  if (!standing) throw new ParleyError('link-refused', 'the grants in the link do not hold')
  if (standing.notAfterMs <= platform.clock.nowMs())
    throw new ParleyError('link-expired', 'the invite has ended')
  const invite = await platform.keyring.fromSeeds(link.inviteSeed, inviteAgreementSeedOf(link.inviteSeed))
  if (!equalBytes(invite.publicKey, idBytes(standing.key))) {
    throw new ParleyError('link-damaged', 'the key in the link is not the one that its grants name')
  }
  return { standing, invite }
}

/** What a room is stored under: the part of its id that links and the address bar carry. */
export function storageName(roomId: string): string {
  return roomId.slice(0, ROOM_ID_LINK_CHARACTERS)
}

/**
 * @param roomId the whole id or its first 22 characters
 * @throws {@link ParleyError} `room-unknown` when this device keeps no such room
 */
export async function reenter(platform: Platform, roomId: string): Promise<Entrance> {
  const found = await reenterOrCopy(platform, roomId)
  if ('identity' in found) return found
  await found.storage.close()
  throw new ParleyError('not-allowed', 'this device keeps a copy of the room, and no grant')
}

/** As {@link reenter}, or the copy that is kept without a grant. */
export async function reenterOrCopy(platform: Platform, roomId: string): Promise<Entrance | KeptCopy> {
  const unknown = new ParleyError('room-unknown', 'this device keeps no such room')
  if (!/^[A-Za-z0-9_-]{22,43}$/.test(roomId)) throw unknown
  const storage = await platform.storages.open(storageName(roomId))
  const stored = await storage.load()
  const secrets = parseSecrets(stored.records.get(RECORD))
  if (secrets) return enter(platform, storage, roomIdOf(decodeChain(secrets.chain).rootKey), secrets, stored)
  const copy = parseCopy(stored.records.get(COPY_RECORD))
  if (copy) return { storage, stored, secrets: copy }
  await storage.close()
  await platform.storages.remove(storageName(roomId))
  throw unknown
}

/** Whether these records are of a room that this device has a grant in. */
export function hasSecrets(records: ReadonlyMap<string, unknown>): boolean {
  return parseSecrets(records.get(RECORD)) !== null
}

async function enter(
  platform: Platform,
  storage: Storage,
  roomId: RoomId,
  secrets: RoomSecrets,
  stored?: Awaited<ReturnType<Storage['load']>>,
): Promise<Entrance> {
  const standing = await verifiedStanding(platform, secrets.chain, roomId)
  if (!standing) throw new ParleyError('link-refused', 'the grants kept for this room do not hold')
  await storage.put(RECORD, secrets)
  const instance = platform.random.bytes(16)
  const identity: Identity = {
    roomId,
    signer: await platform.keyring.signer(secrets.keys),
    standing,
    chain: secrets.chain,
    instance,
    instanceName: toBase64Url(instance),
    signalKey: await platform.cipher.importKey(signalKeyOf(secrets.readKey)),
  }
  return {
    identity,
    secrets,
    storage,
    records: stored?.records ?? new Map(),
    entries: stored?.entries ?? [],
    invites: [],
  }
}

export async function verifiedStanding(
  platform: Platform,
  chain: Uint8Array,
  roomId: RoomId,
): Promise<Standing | null> {
  const verdict = await verifyChain(chain, roomId, (key, message, signature) =>
    platform.keyring.verify(key, message, signature),
  )
  return verdict.ok ? verdict.standing : null
}

async function delegateToDevice(
  platform: Platform,
  link: ReaderLink,
  standing: Standing,
  invite: Signer,
  known: RoomSecrets | null,
): Promise<RoomSecrets> {
  const relayOnly = (known?.relayOnly ?? false) || (link.relayOnly ?? false)
  if (known && (await outranks(platform, known, standing))) return { ...known, relayOnly }
  const keys = known?.keys ?? (await platform.keyring.generate())
  const chain = await delegatedChain(platform, link, standing, invite, keys)
  // A link never replaces the key that this device reads the room with: a false one would lock its owner out.
  return { readKey: known?.readKey ?? link.readKey, chain, keys, root: known?.root ?? null, relayOnly }
}

/** The chain in a link and one step more, to a device. Throws {@link ParleyError} `link-refused`. */
export async function delegatedChain(
  platform: Platform,
  link: RoomLink,
  standing: Standing,
  invite: Signer,
  keys: StoredKeys,
): Promise<Uint8Array> {
  if (link.chain.grants.length >= limits.CHAIN_GRANTS) {
    throw new ParleyError('link-refused', 'the chain of grants in the link cannot be continued')
  }
  const { role, may, notAfterMs } = standing
  const grant = await grantTo(await platform.keyring.signer(keys), platform, { role, may, notAfterMs })
  const signed = await signGrant(link.roomId, invite.publicKey, grant, (message) => invite.sign(message))
  return encodeChain({ rootKey: link.chain.rootKey, grants: [...link.chain.grants, signed] })
}

/** Whether the grant kept here gives at least what the link would. */
async function outranks(
  platform: Platform,
  known: Pick<RoomSecrets, 'chain'>,
  offered: Standing,
): Promise<boolean> {
  const kept = await verifiedStanding(platform, known.chain, offered.roomId)
  if (!kept || kept.notAfterMs <= platform.clock.nowMs()) return false
  const rank = (role: Role) => (role === 'archivist' ? -1 : ROLES.indexOf(role))
  const more = rank(kept.role) - rank(offered.role)
  return more > 0 || (more === 0 && kept.notAfterMs >= offered.notAfterMs)
}

export async function grantTo(
  subject: Pick<Signer, 'publicKey' | 'agreementKey'>,
  platform: Pick<Platform, 'random'>,
  given: Pick<Grant, 'role' | 'may' | 'notAfterMs'>,
): Promise<Grant> {
  const { publicKey, agreementKey } = subject
  return { subject: publicKey, agreement: agreementKey, ...given, epoch: 0, nonce: platform.random.bytes(8) }
}

async function sealRoot(
  platform: Pick<Platform, 'random' | 'cipher'>,
  key: AeadKey,
  roomId: RoomId,
  seed: Uint8Array,
): Promise<Uint8Array> {
  const iv = platform.random.bytes(IV_BYTES)
  return concatBytes(iv, await platform.cipher.encrypt(key, iv, idBytes(roomId), seed))
}

/** The root key as an author of its own, `null` where this device does not hold it. */
export async function rootAuthor(
  platform: Pick<Platform, 'cipher' | 'keyring' | 'random'>,
  roomId: RoomId,
  secrets: RoomSecrets,
): Promise<{ readonly signer: Signer; readonly chain: Uint8Array } | null> {
  const seed = await openRoot(platform, roomId, secrets)
  if (!seed) return null
  const signer = await platform.keyring.fromSeeds(seed, deriveKey(seed, 'parley/x25519'))
  const grant = await grantTo(signer, platform, { role: 'owner', may: 'none', notAfterMs: NEVER_MS })
  const signed = await signGrant(roomId, signer.publicKey, grant, (message) => signer.sign(message))
  return { signer, chain: encodeChain({ rootKey: signer.publicKey, grants: [signed] }) }
}

/** The root seed, `null` where this device does not hold it. */
export async function openRoot(
  platform: Pick<Platform, 'cipher'>,
  roomId: RoomId,
  secrets: RoomSecrets,
): Promise<Uint8Array | null> {
  if (!secrets.root) return null
  const { localKey, sealed } = secrets.root
  return platform.cipher.decrypt(localKey, sealed.slice(0, IV_BYTES), idBytes(roomId), sealed.slice(IV_BYTES))
}

/** Storage is input like any other: a record of another shape is none. */
function parseSecrets(value: unknown): RoomSecrets | null {
  if (typeof value !== 'object' || value === null) return null
  const { readKey, chain, keys } = value as Partial<RoomSecrets>
  if (!(readKey instanceof Uint8Array) || readKey.length !== 32 || !(chain instanceof Uint8Array) || !keys)
    return null
  try {
    decodeChain(chain)
  } catch {
    return null
  }
  return value as RoomSecrets
}

/** How an archivist enters a room: by a link without the read key, or from what it stored when it last did. */
import {
  decodeChain,
  parseRoomLink,
  type RoomId,
  type RoomLink,
  roomIdOf,
  signalKeyOf,
  toBase64Url,
} from '@parley/protocol'
import { ParleyError } from './errors.ts'
import type { Identity } from './join/identity.ts'
import type { Platform, Storage, StoredKeys, StoredRoom } from './ports.ts'
import { delegatedChain, outranks, storageName, useInvite, verifiedStanding } from './room-secrets.ts'

/** The record `keeper` of a room's storage. */
interface KeeperSecrets {
  readonly signalKey: Uint8Array
  readonly chain: Uint8Array
  readonly keys: StoredKeys
}

export interface KeeperEntrance {
  readonly identity: Identity
  readonly storage: Storage
  readonly stored: StoredRoom
}

const RECORD = 'keeper'

/**
 * @param place a room link, or the id of a room (22 to 43 characters) that was kept here before
 * @throws {@link ParleyError} `link-damaged`, `link-refused`, `link-expired`, `room-unknown`
 */
export async function enterAsKeeper(platform: Platform, place: string): Promise<KeeperEntrance> {
  return /^[A-Za-z0-9_-]{22,43}$/.test(place) ? enterAgain(platform, place) : enterByLink(platform, place)
}

async function enterByLink(platform: Platform, text: string): Promise<KeeperEntrance> {
  const verdict = parseRoomLink(text)
  if (!verdict.ok) throw new ParleyError('link-damaged', `not a usable room link: ${verdict.fault}`)
  const { link } = verdict
  const { standing, invite } = await useInvite(platform, link)
  if (standing.role !== 'archivist') throw new ParleyError('link-refused', 'the link is not for an archivist')
  const storage = await platform.storages.open(storageName(link.roomId))
  const stored = await storage.load()
  const known = parseSecrets(stored.records.get(RECORD))
  if (known && (await outranks(platform, known, standing))) {
    return enter(platform, storage, stored, link.roomId, known)
  }
  const keys = known?.keys ?? (await platform.keyring.generate())
  const chain = await delegatedChain(platform, link, standing, invite, keys)
  const signalKey = known?.signalKey ?? signalKeyIn(link)
  return enter(platform, storage, stored, link.roomId, { signalKey, chain, keys })
}

/** Of a link that shows more than an archivist needs, the rest is let go of here and now. */
function signalKeyIn(link: RoomLink): Uint8Array {
  return 'signalKey' in link ? link.signalKey : signalKeyOf(link.readKey)
}

async function enterAgain(platform: Platform, roomId: string): Promise<KeeperEntrance> {
  const storage = await platform.storages.open(storageName(roomId))
  const stored = await storage.load()
  const secrets = parseSecrets(stored.records.get(RECORD))
  if (secrets) {
    return enter(platform, storage, stored, roomIdOf(decodeChain(secrets.chain).rootKey), secrets)
  }
  await storage.close()
  throw new ParleyError('room-unknown', 'no such room is kept here')
}

async function enter(
  platform: Platform,
  storage: Storage,
  stored: StoredRoom,
  roomId: RoomId,
  secrets: KeeperSecrets,
): Promise<KeeperEntrance> {
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
    signalKey: await platform.cipher.importKey(secrets.signalKey),
  }
  return { identity, storage, stored }
}

/** Storage is input like any other: a record of another shape is none. */
function parseSecrets(value: unknown): KeeperSecrets | null {
  const { signalKey, chain, keys } = (value ?? {}) as Partial<KeeperSecrets>
  if (!(signalKey instanceof Uint8Array) || signalKey.length !== 32) return null
  if (!(chain instanceof Uint8Array) || !keys) return null
  try {
    decodeChain(chain)
  } catch {
    return null
  }
  return { signalKey, chain, keys }
}

/** How an archivist enters a room: by a link for one, with or without the read key, or from what it stored when it last did. */
import {
  decodeChain,
  equalBytes,
  inviteAgreementSeedOf,
  parseRoomLink,
  type RoomId,
  type RoomLink,
  roomIdOf,
  type Standing,
  signalKeyOf,
  toBase64Url,
} from '@parley/protocol'
import { type ArchivedStorage, archivedStorage } from './archived-storage.ts'
import { ParleyError } from './errors.ts'
import type { Identity } from './join/identity.ts'
import type { Platform, Signer, StoredKeys } from './ports.ts'
import { delegatedChain, storageName, useInvite, verifiedStanding } from './room-secrets.ts'

/** What lets an archivist read; only where an owner's link gave it. */
interface StoredSight {
  readonly readKey: Uint8Array
  /** Later keys are wrapped for the invite as well, until this device is known. */
  readonly inviteSeed: Uint8Array
}

/** The record `keeper` of a room's storage. */
interface KeeperSecrets {
  readonly signalKey: Uint8Array
  readonly chain: Uint8Array
  readonly keys: StoredKeys
  /** `null`: kept blindly. */
  readonly sight: StoredSight | null
}

export interface KeeperEntrance {
  readonly identity: Identity
  readonly storage: ArchivedStorage
  readonly records: ReadonlyMap<string, unknown>
  readonly sight: { readonly readKey: Uint8Array; readonly invite: Signer } | null
}

const RECORD = 'keeper'

/**
 * @param place a room link, or the id of a room (22 to 43 characters) that was kept here before
 * @param blind of a link that shows the read key, it is let go of here and now
 * @throws {@link ParleyError} `link-damaged`, `link-refused`, `link-expired`, `room-unknown`
 */
export async function enterAsKeeper(
  platform: Platform,
  place: string,
  blind = false,
): Promise<KeeperEntrance> {
  return /^[A-Za-z0-9_-]{22,43}$/.test(place)
    ? enterAgain(platform, place)
    : enterByLink(platform, place, blind)
}

async function enterByLink(platform: Platform, text: string, blind: boolean): Promise<KeeperEntrance> {
  const verdict = parseRoomLink(text)
  if (!verdict.ok) throw new ParleyError('link-damaged', `not a usable room link: ${verdict.fault}`)
  const { link } = verdict
  const { standing, invite } = await useInvite(platform, link)
  if (standing.role !== 'archivist') throw new ParleyError('link-refused', 'the link is not for an archivist')
  const storage = archivedStorage(await platform.storages.open(storageName(link.roomId)))
  const records = await storage.records()
  const known = parseSecrets(records.get(RECORD))
  const signalKey = signalKeyIn(link)
  if (known && !equalBytes(known.signalKey, signalKey)) {
    await storage.close()
    throw new ParleyError('link-refused', 'the key in the link is not the one that this room is kept with')
  }
  const keys = known?.keys ?? (await platform.keyring.generate())
  const kept = known && (await keptChain(platform, known, standing))
  const chain = kept ?? (await delegatedChain(platform, link, standing, invite, keys))
  const sight = 'readKey' in link && !blind ? { readKey: link.readKey, inviteSeed: link.inviteSeed } : null
  return enter(platform, storage, records, link.roomId, { signalKey, chain, keys, sight })
}

/** The chain that is kept, where it came by this very link; else the latest link counts: the one before may be revoked. */
async function keptChain(
  platform: Platform,
  known: KeeperSecrets,
  offered: Standing,
): Promise<Uint8Array | null> {
  const kept = await verifiedStanding(platform, known.chain, offered.roomId)
  if (!kept || kept.notAfterMs <= platform.clock.nowMs()) return null
  return kept.path.includes(offered.key) ? known.chain : null
}

function signalKeyIn(link: RoomLink): Uint8Array {
  return 'signalKey' in link ? link.signalKey : signalKeyOf(link.readKey)
}

async function enterAgain(platform: Platform, roomId: string): Promise<KeeperEntrance> {
  const storage = archivedStorage(await platform.storages.open(storageName(roomId)))
  const records = await storage.records()
  const secrets = parseSecrets(records.get(RECORD))
  if (secrets) {
    return enter(platform, storage, records, roomIdOf(decodeChain(secrets.chain).rootKey), secrets)
  }
  await storage.close()
  throw new ParleyError('room-unknown', 'no such room is kept here')
}

async function enter(
  platform: Platform,
  storage: ArchivedStorage,
  records: ReadonlyMap<string, unknown>,
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
  return { identity, storage, records, sight: await openSight(platform, secrets.sight) }
}

async function openSight(platform: Platform, sight: StoredSight | null): Promise<KeeperEntrance['sight']> {
  if (!sight) return null
  const { readKey, inviteSeed } = sight
  const invite = await platform.keyring.fromSeeds(inviteSeed, inviteAgreementSeedOf(inviteSeed))
  return { readKey, invite }
}

/** Whether what is stored of a room lets its archivist read; `null` where none keeps it. */
export function storedSight(records: ReadonlyMap<string, unknown>): boolean | null {
  const secrets = parseSecrets(records.get(RECORD))
  return secrets && secrets.sight !== null
}

/** Storage is input like any other: a record of another shape is none. */
function parseSecrets(value: unknown): KeeperSecrets | null {
  const { signalKey, chain, keys, sight } = (value ?? {}) as Partial<KeeperSecrets>
  if (!isKey(signalKey) || !(chain instanceof Uint8Array) || !keys) return null
  try {
    decodeChain(chain)
  } catch {
    return null
  }
  return { signalKey, chain, keys, sight: parseSight(sight) }
}

function parseSight(value: unknown): StoredSight | null {
  const { readKey, inviteSeed } = (value ?? {}) as Partial<StoredSight>
  return isKey(readKey) && isKey(inviteSeed) ? { readKey, inviteSeed } : null
}

function isKey(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 32
}

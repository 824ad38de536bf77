/** The room link: everything after `#`, which no server receives. Layout: docs/spec.md, LK. */
import { fromBase64Url, toBase64Url } from './bytes.ts'
import { decodeChain, encodeChain, type GrantChain } from './grant.ts'
import { ROOM_ID_LINK_CHARACTERS, type RoomId, roomIdOf } from './ids.ts'

interface LinkParts {
  readonly roomId: RoomId
  readonly chain: GrantChain
  /** Ed25519 seed of the invite key that the chain ends in, 32 bytes. */
  readonly inviteSeed: Uint8Array
  /** Signaling servers, in the order to try them; empty for the app's own. */
  readonly via: readonly string[]
  /** Before the first connection: nothing but what goes through a relay may leave the device. */
  readonly relayOnly?: true
}

/** For people: whoever has it can read. */
export interface ReaderLink extends LinkParts {
  /** 32 random bytes: opens epoch 0 and, by derivation, sealed signals. */
  readonly readKey: Uint8Array
}

/** For an archivist that is to read nothing: it can meet the others and carry what is sealed. */
export interface BlindLink extends LinkParts {
  /** Opens sealed signals and nothing else, 32 bytes. */
  readonly signalKey: Uint8Array
}

export type RoomLink = ReaderLink | BlindLink

export type LinkFault = 'not-a-room-link' | 'damaged'
export type LinkVerdict =
  | { readonly ok: true; readonly link: RoomLink }
  | { readonly ok: false; readonly fault: LinkFault }

/** `base` is the address of the app without a fragment. */
export function formatRoomLink(base: string, link: RoomLink): string {
  const parts = [
    `r=${link.roomId.slice(0, ROOM_ID_LINK_CHARACTERS)}`,
    'readKey' in link ? `k=${toBase64Url(link.readKey)}` : `q=${toBase64Url(link.signalKey)}`,
    `g=${toBase64Url(encodeChain(link.chain))}`,
    `s=${toBase64Url(link.inviteSeed)}`,
    ...(link.relayOnly ? ['o=relay'] : []),
    ...link.via.map((url) => `via=${encodeURIComponent(url)}`),
  ]
  return `${base}#${parts.join('&')}`
}

function decodeField(fields: URLSearchParams, name: string): Uint8Array | null {
  const text = fields.get(name)
  return text === null ? null : fromBase64Url(text)
}

function parseVia(fields: URLSearchParams): readonly string[] | null {
  const via = fields.getAll('via').slice(0, 4)
  return via.every((url) => /^wss?:\/\/[^\s/?#]+/.test(url)) ? via : null
}

/** What the room asks of whoever enters; `null` for what this version does not know and so could not keep to. */
function parseDemand(fields: URLSearchParams): Pick<LinkParts, 'relayOnly'> | null {
  const demand = fields.get('o')
  if (demand === null) return {}
  return demand === 'relay' ? { relayOnly: true } : null
}

/** One of the two keys, never both: a link that shows an archivist the read key would not be blind. */
function parseKey(
  fields: URLSearchParams,
): Pick<ReaderLink, 'readKey'> | Pick<BlindLink, 'signalKey'> | null {
  const readKey = decodeField(fields, 'k')
  const signalKey = decodeField(fields, 'q')
  if (fields.has('k') === fields.has('q')) return null
  if (readKey?.length === 32) return { readKey }
  return signalKey?.length === 32 ? { signalKey } : null
}

/** Takes a whole address or just its fragment; anything may come in here. */
export function parseRoomLink(text: string): LinkVerdict {
  const hash = text.indexOf('#')
  const fields = new URLSearchParams(text.slice(hash + 1).trim())
  const short = fields.get('r')
  if (text.length > 16 * 1024 || !short || !fields.has('g')) return { ok: false, fault: 'not-a-room-link' }
  const key = parseKey(fields)
  const inviteSeed = decodeField(fields, 's')
  const chainBytes = decodeField(fields, 'g')
  const via = parseVia(fields)
  const demand = parseDemand(fields)
  const damaged: LinkVerdict = { ok: false, fault: 'damaged' }
  if (!key || inviteSeed?.length !== 32 || !chainBytes || !via || !demand) return damaged
  let chain: GrantChain
  try {
    chain = decodeChain(chainBytes)
  } catch {
    return damaged
  }
  const roomId = roomIdOf(chain.rootKey)
  if (roomId.slice(0, ROOM_ID_LINK_CHARACTERS) !== short) return damaged
  return { ok: true, link: { roomId, ...key, chain, inviteSeed, via, ...demand } }
}

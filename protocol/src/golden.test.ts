/**
 * The bytes of every layout, recorded once. Whoever changes one of them makes a new version of the protocol: peers of
 * the old one could not read the new one's bytes.
 */
import { describe, expect, it } from 'vitest'
import { concatBytes, utf8 } from './bytes.ts'
import {
  clientIdOf,
  decodeEntry,
  type EntryHeader,
  encodeEntryHeader,
  entryAdditionalData,
  entryMessage,
  FIRST_PREV,
  logHashOf,
} from './entry.ts'
import { decodeChain } from './grant.ts'
import { sha256 } from './hash.ts'
import { type DocName, type LogKey, logKeyOf, type PeerId, sessionIdOf } from './ids.ts'
import { custodyMessage } from './peer/custody.ts'
import { decodeFrame, encodeFrame, type Frame } from './peer/frame.ts'
import { authMessage, helloAdditionalData, PEER_VERSION } from './peer/hello.ts'
import { decodeMetaRecord, encodeMetaRecord, type MetaRecord } from './peer/meta-record.ts'
import {
  decodePresencePayload,
  encodePresencePayload,
  factsMessage,
  type PresencePayload,
  presenceAdditionalData,
} from './peer/presence.ts'
import {
  docKeyOf,
  epochIdOf,
  epochZeroKeyOf,
  inviteAgreementSeedOf,
  presenceKeyOf,
  signalKeyOf,
} from './room-keys.ts'
import { formatRoomLink, parseRoomLink } from './room-link.ts'
import { sealedLinkAdditionalData, sealedLinkInfo } from './sealed-link.ts'
import { clientMessageSchema, SIGNALING_VERSION } from './signaling/client-messages.ts'
import { signalingProofMessage } from './signaling/proof.ts'
import { sealedSignalSchema, signalAdditionalData } from './signaling/sealed-signal.ts'
import { serverMessageSchema } from './signaling/server-messages.ts'
import { GOLDEN } from './testing/golden-vectors.ts'
import { testKey, testRoom } from './testing/index.ts'
import { schemaShape } from './testing/schema-shape.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
/** `length` bytes that count up from `first`. */
const run = (first: number, length: number) =>
  Uint8Array.from({ length }, (_, index) => (first + index) & 255)

const room = testRoom('golden')
const author = testKey('golden/author')
const doc = 'content/page-1' as DocName
const session = sessionIdOf(run(0xa0, 8))
const log = { doc, author: author.keyId, session, log: logKeyOf(doc, author.keyId, session) as LogKey }
const head = { ...log, seq: 300, hash: run(0x20, 32) }
const keyHash = run(0x50, 8)
const header: EntryHeader = {
  doc,
  kind: 'live',
  epoch: { counter: 0, keyHash },
  author: author.keyId,
  session,
  seq: 1,
  prev: FIRST_PREV,
  timeMs: 1_763_683_200_000,
}
const headerBytes = encodeEntryHeader(header)
const iv = run(0x70, 12)
const ciphertext = run(0x80, 20)
const message = entryMessage(room.roomId, headerBytes, iv, ciphertext)
const entryBytes = concatBytes(headerBytes, iv, ciphertext, author.sign(message))

const FRAMES: Readonly<Record<string, Frame>> = {
  hello: {
    type: 'hello',
    version: 1,
    nonce: run(0, 32),
    instance: run(0x40, 16),
    sealedChain: run(0x60, 40),
    epoch: 0,
    metaHeads: new Uint8Array(32),
  },
  auth: { type: 'auth', signature: run(0, 64) },
  author: { type: 'author', chain: run(0, 10) },
  'digest root': { type: 'digest', root: run(0, 32), buckets: null },
  'digest buckets': {
    type: 'digest',
    root: run(0, 32),
    buckets: Array.from({ length: 256 }, (_, i) => run(i, 8)),
  },
  heads: { type: 'heads', answer: true, buckets: Uint8Array.of(1, 255), heads: [head] },
  want: { type: 'want', ranges: [{ ...log, from: 1, to: 16_384 }] },
  entry: { type: 'entry', entry: run(0, 10) },
  draft: { type: 'draft', doc, session, update: run(0, 10) },
  ihave: { type: 'ihave', heads: [head] },
  graft: { type: 'graft', source: author.keyId },
  prune: { type: 'prune', source: author.keyId },
  presence: { type: 'presence', sealed: run(0, 10) },
  receipt: { type: 'receipt', ...log, seq: 2 ** 40 },
  ping: { type: 'ping', count: 127 },
  pong: { type: 'pong', count: 128 },
  close: { type: 'close', code: 4403 },
  credit: { type: 'credit', bytes: 262_144 },
  reading: { type: 'reading', doc, heads: run(0, 32), reading: run(0x20, 32) },
  keys: { type: 'keys', epochs: [{ counter: 300, key: run(0, 32) }] },
  proof: {
    type: 'proof',
    first: { header: run(0, 9), bodyHash: run(1, 32), signature: run(2, 64) },
    second: { header: run(9, 9), bodyHash: run(3, 32), signature: run(4, 64) },
  },
  seek: { type: 'seek', doc, client: 2 ** 52 },
  custody: { type: 'custody', ...head, archivist: author.keyId, signature: run(2, 64) },
}

const RECORDS: Readonly<Record<string, MetaRecord>> = {
  revoke: { type: 'revoke', key: author.keyId, keep: [author.keyId], heads: [head] },
  close: { type: 'close', key: author.keyId, heads: [head] },
  epoch: {
    type: 'epoch',
    counter: 2,
    keyHash: run(0, 8),
    wraps: [{ recipient: author.keyId, ephemeral: run(1, 32), iv: run(2, 12), sealed: run(3, 48) }],
  },
  policy: { type: 'policy', relayOnly: true },
}

const facts = {
  presenceId: run(0, 16),
  key: author.publicKey,
  seq: 7,
  name: 'Zoë 李',
  color: 0x3366cc,
  handRaised: true,
  page: doc,
}
const PRESENCE: Readonly<Record<string, PresencePayload>> = {
  facts: { kind: 'facts', ...facts, signature: run(0, 64) },
  'facts without page': { kind: 'facts', ...facts, page: null, signature: run(0, 64) },
  caret: { kind: 'caret', presenceId: run(0, 16), seq: 8, doc, clientId: 2 ** 52, stateJson: '{"anchor":1}' },
  gone: { kind: 'gone', presenceId: run(0, 16) },
}

/** What is signed, sealed over or derived: nothing decodes it, yet both sides must agree on every byte. */
const DERIVED: Readonly<Record<string, Uint8Array>> = {
  'room id': utf8(room.roomId),
  'entry message': message,
  'entry additional data': entryAdditionalData(room.roomId, headerBytes),
  'log hash': logHashOf(doc, author.keyId, session),
  'client id': utf8(String(clientIdOf(author.keyId, session, doc))),
  'auth message': authMessage('answerer', {
    offererHello: run(0, 5),
    answererHello: run(5, 300),
    offererFingerprint: run(1, 32),
    answererFingerprint: run(2, 32),
  }),
  'hello additional data': helloAdditionalData(run(0, 32)),
  'custody message': custodyMessage(room.roomId, author.keyId, head),
  'sealed link info': utf8(sealedLinkInfo(run(0, 32), run(0x20, 32))),
  'sealed link additional data': sealedLinkAdditionalData(run(0, 32), run(0x20, 32)),
  'facts message': factsMessage(room.roomId, facts),
  'presence additional data': presenceAdditionalData(room.roomId),
  'signal additional data': signalAdditionalData(room.roomId, 'peer-a' as PeerId, 'peer-b' as PeerId),
  'signal key': signalKeyOf(room.readKey),
  'epoch 0 key': epochZeroKeyOf(room.readKey),
  'epoch key hash': epochIdOf(0, epochZeroKeyOf(room.readKey)).keyHash,
  'document key': docKeyOf(epochZeroKeyOf(room.readKey), doc),
  'presence key': presenceKeyOf(epochZeroKeyOf(room.readKey)),
  'invite agreement seed': inviteAgreementSeedOf(run(0, 32)),
}

async function chainAndLink(): Promise<Record<'chain' | 'link' | 'blind link', string>> {
  const invite = await room.invite('editor', 'invite', { may: 'own-devices', notAfterMs: 1_766_275_200_000 })
  const device = await room.delegate(invite, 'device', { may: 'none' })
  const fields = { roomId: room.roomId, readKey: room.readKey, inviteSeed: invite.key.seed }
  const link = formatRoomLink('', { ...fields, chain: invite.chain, via: ['wss://signal.example/v1'] })
  const keeper = await room.invite('archivist', 'keeper', { notAfterMs: 1_766_275_200_000 })
  const signalKey = signalKeyOf(room.readKey)
  const blind = { roomId: room.roomId, signalKey, inviteSeed: keeper.key.seed, chain: keeper.chain, via: [] }
  return { chain: hex(device.chainBytes), link, 'blind link': formatRoomLink('', blind) }
}

async function allVectors(): Promise<Record<string, string>> {
  const named = (kind: string, values: Readonly<Record<string, Uint8Array>>) =>
    Object.entries(values).map(([name, bytes]) => [`${kind}: ${name}`, hex(bytes)])
  const mapped = <T>(values: Readonly<Record<string, T>>, encode: (value: T) => Uint8Array) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, encode(value)]))
  return {
    ...Object.fromEntries(named('frame', mapped(FRAMES, encodeFrame))),
    ...Object.fromEntries(named('presence', mapped(PRESENCE, encodePresencePayload))),
    ...Object.fromEntries(named('record', mapped(RECORDS, encodeMetaRecord))),
    ...Object.fromEntries(named('derived', DERIVED)),
    ...(await chainAndLink()),
    'entry header': hex(headerBytes),
    entry: hex(entryBytes),
  }
}

describe('golden bytes', () => {
  it('[FR1] [GR2] [EN1] [EN2] are what every layout, signature and derived key gives', async () => {
    expect(await allVectors()).toEqual(GOLDEN)
  })

  it.each(Object.entries(FRAMES))('[FR1] decode to the frame %s', (name, frame) => {
    expect(decodeFrame(unhex(GOLDEN[`frame: ${name}`] ?? ''))).toEqual(frame)
  })

  it.each(Object.entries(PRESENCE))('[FR1] decode to the presence payload %s', (name, payload) => {
    expect(decodePresencePayload(unhex(GOLDEN[`presence: ${name}`] ?? ''))).toEqual(payload)
  })

  it.each(Object.entries(RECORDS))('[MT1] decode to the record %s', (name, record) => {
    expect(decodeMetaRecord(unhex(GOLDEN[`record: ${name}`] ?? ''))).toEqual(record)
  })

  it('[FR1] [EN3] decode to the entry, the chain and the link', () => {
    const bytes = unhex(GOLDEN['entry'] ?? '')
    expect(decodeEntry(bytes)).toMatchObject({ ...header, log: log.log, iv, ciphertext })
    const chain = decodeChain(unhex(GOLDEN['chain'] ?? ''))
    expect(chain.grants.map(({ role, may }) => [role, may])).toEqual([
      ['editor', 'own-devices'],
      ['editor', 'none'],
    ])
    expect(parseRoomLink(GOLDEN['link'] ?? '')).toMatchObject({ ok: true, link: { roomId: room.roomId } })
  })
})

describe('versions', () => {
  const digest = (value: unknown) => hex(sha256(utf8(JSON.stringify(value)))).slice(0, 16)
  /** Version → what its bytes and schemas hash to. A line that was released is never changed: add one. */
  const PEER_VERSIONS: Readonly<Record<number, string>> = { 1: 'd772d0ac92459c7e' }
  const SIGNALING_VERSIONS: Readonly<Record<number, string>> = { 1: 'd076e7f63c0198e9' }

  it('[FR1] of the peer protocol follow its bytes and schemas', () => {
    const found = digest([GOLDEN, schemaShape(sealedSignalSchema)])
    const advice = `what peers exchange changed: raise PEER_VERSION, record the new version as '${found}'`
    expect(found, advice).toBe(PEER_VERSIONS[PEER_VERSION])
  })

  it('[FR1] of the signaling protocol follow its messages', () => {
    const proof = hex(signalingProofMessage('Signal.Example:8787', run(0, 32), room.roomId))
    const found = digest([proof, schemaShape(clientMessageSchema), schemaShape(serverMessageSchema)])
    const advice = `what clients and servers exchange changed: raise SIGNALING_VERSION, record it as '${found}'`
    expect(found, advice).toBe(SIGNALING_VERSIONS[SIGNALING_VERSION])
  })
})

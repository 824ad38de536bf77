/** Arbitrary well-formed values of everything that has a layout. */
import fc from 'fast-check'
import {
  type DocName,
  type KeyId,
  keyIdOf,
  logKeyOf,
  parseDocName,
  type SessionId,
  sessionIdOf,
} from '../ids.ts'
import type { Frame } from '../peer/frame.ts'
import { BUCKET_HASH_BYTES, DIGEST_BUCKETS } from '../peer/heads.ts'
import type { PresencePayload } from '../peer/presence.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const upTo = (maxLength: number) => fc.uint8Array({ maxLength })
const count = fc.maxSafeNat()
const hash = bytes(32)

export const arbitraryDoc: fc.Arbitrary<DocName> = fc
  .oneof(fc.constantFrom('index', 'chat', 'comments'), fc.stringMatching(/^content\/[A-Za-z0-9_-]{1,40}$/))
  .map((text) => parseDocName(text) as DocName)
const key: fc.Arbitrary<KeyId> = bytes(32).map(keyIdOf)
const session: fc.Arbitrary<SessionId> = bytes(8).map(sessionIdOf)
const log = fc
  .record({ doc: arbitraryDoc, author: key, session })
  .map((name) => ({ ...name, log: logKeyOf(name.doc, name.author, name.session) }))
const head = fc.tuple(log, count, hash).map(([name, seq, value]) => ({ ...name, seq, hash: value }))
const heads = fc.array(head, { maxLength: 20 })
const range = fc
  .tuple(log, fc.integer({ min: 1, max: 2 ** 31 }), fc.nat())
  .map(([name, from, more]) => ({ ...name, from, to: from + more }))
const buckets = fc.array(bytes(BUCKET_HASH_BYTES), { minLength: DIGEST_BUCKETS, maxLength: DIGEST_BUCKETS })

const stub = fc.record({ header: upTo(512), bodyHash: hash, signature: bytes(64) })
const epoch = fc.record({ counter: count, key: hash })

const type = <T extends Frame['type']>(name: T) => fc.constant(name)

const hello = fc.record({
  type: type('hello'),
  version: count,
  nonce: hash,
  instance: bytes(16),
  sealedChain: upTo(2048),
  epoch: count,
  metaHeads: hash,
})

export const arbitraryFrame: fc.Arbitrary<Frame> = fc.oneof(
  hello,
  fc.record({ type: type('auth'), signature: bytes(64) }),
  fc.record({ type: type('keys'), epochs: fc.array(epoch, { maxLength: 9 }) }),
  fc.record({ type: type('proof'), first: stub, second: stub }),
  fc.record({ type: type('seek'), doc: arbitraryDoc, client: count }),
  fc.record({ type: type('draft'), doc: arbitraryDoc, session, update: upTo(1024) }),
  fc.record({ type: type('author'), chain: upTo(2048) }),
  fc.record({ type: type('digest'), root: hash, buckets: fc.option(buckets) }),
  fc.record({ type: type('heads'), answer: fc.boolean(), buckets: upTo(DIGEST_BUCKETS), heads }),
  fc.record({ type: type('want'), ranges: fc.array(range, { maxLength: 20 }) }),
  fc.record({ type: type('entry'), entry: upTo(4096) }),
  fc.record({ type: type('ihave'), heads }),
  fc.record({ type: fc.constantFrom('graft' as const, 'prune' as const), source: key }),
  fc.record({ type: type('presence'), sealed: upTo(4096) }),
  fc.tuple(log, count).map(([name, seq]) => ({ type: 'receipt' as const, ...name, seq })),
  fc
    .tuple(log, count, fc.record({ hash, archivist: key, signature: bytes(64) }))
    .map(([name, seq, fields]) => ({ type: 'custody' as const, ...name, seq, ...fields })),
  fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const), count }),
  fc.record({ type: type('close'), code: fc.integer({ min: 0, max: 9999 }) }),
  fc.record({ type: type('credit'), bytes: fc.integer({ min: 0, max: 2 ** 31 }) }),
  fc.record({ type: type('reading'), doc: arbitraryDoc, heads: hash, reading: hash }),
)

export const arbitraryPresence: fc.Arbitrary<PresencePayload> = fc.oneof(
  fc.record({
    kind: fc.constant('facts' as const),
    presenceId: bytes(16),
    key: hash,
    seq: count,
    name: fc.string({ unit: 'grapheme', maxLength: 30 }),
    color: fc.integer({ min: 0, max: 0xffffff }),
    handRaised: fc.boolean(),
    page: fc.option(arbitraryDoc),
    signature: bytes(64),
  }),
  fc.record({
    kind: fc.constant('caret' as const),
    presenceId: bytes(16),
    seq: count,
    doc: arbitraryDoc,
    clientId: count,
    stateJson: fc.json({ maxDepth: 2 }).filter((text) => text.length < 1000),
  }),
  fc.record({ kind: fc.constant('gone' as const), presenceId: bytes(16) }),
)

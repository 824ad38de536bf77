import {
  concatBytes,
  type DocName,
  decodeFrame,
  decodePresencePayload,
  deriveKey,
  encodeFrame,
  encodePresencePayload,
  factsMessage,
  idBytes,
  limits,
  type PresenceFrame,
  type PresencePayload,
  parseDocName,
  presenceKeyOf,
  toBase64Url,
  withContext,
} from '@parley/protocol'
import { testRoom, testVerify } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import { CARET_INTERVAL_MS, FACTS_INTERVAL_MS, PRESENCE_DEPTH, PRESENCE_PER_LINK } from '../limits.ts'
import { seededCipher, seededKeyring, seededRandom } from '../testing/seeded-crypto.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { AwarenessState } from './document-awareness.ts'
import { PresenceSync } from './presence-sync.ts'

const MAIN = parseDocName('content/main') as DocName
const room = testRoom('presence')
const random = seededRandom('presence')
const cipher = seededCipher(random)
const keyring = seededKeyring(random)
const epochKey = deriveKey(room.readKey, 'parley/epoch/0')
const roomKey = await cipher.importKey(presenceKeyOf(epochKey))
const ada = await room.device('owner', 'ada')
const mallory = await room.device('viewer', 'mallory')
const MALLORY_ID = new Uint8Array(16).fill(7)
const LINK = { to: 'mallory' }

/** Ada's presence, and whatever comes over one link whose key is proven to be mallory's. */
async function makeAda() {
  const clock = new VirtualClock()
  const sent: { atMs: number; to: object; frame: PresenceFrame }[] = []
  const shown = new Map<string, AwarenessState>()
  const dropped: string[] = []
  let changes = 0
  const presence = new PresenceSync<object>(
    {
      roomId: room.roomId,
      presenceId: new Uint8Array(16).fill(1),
      signer: await keyring.fromSeeds(ada.key.seed, ada.key.seed),
      cipher,
      keys: () => [roomKey],
      random,
      clock,
      verify: testVerify,
      send: (to, frame) => void sent.push({ atMs: clock.elapsedMs(), to, frame }),
    },
    {
      changed: () => {
        changes++
      },
      caret: (doc, clientId, state) => {
        if (state) shown.set(`${doc} ${clientId}`, state)
        else shown.delete(`${doc} ${clientId}`)
      },
      dropped: (why) => void dropped.push(why),
    },
  )
  presence.setProfile('Ada', '#112233')
  presence.attach(LINK, mallory.key.keyId)
  await clock.runFor(2 * FACTS_INTERVAL_MS)
  sent.length = 0
  const handle = async (sealed: Uint8Array, link: object = LINK) => {
    presence.handle(link, { type: 'presence', sealed })
    await clock.settle()
  }
  const receive = async (payload: PresencePayload, link?: object) =>
    handle(await seal(encodePresencePayload(payload)), link)
  return { clock, presence, sent, shown, dropped, handle, receive, changed: () => changes }
}

async function seal(plaintext: Uint8Array, key = roomKey, roomId = room.roomId): Promise<Uint8Array> {
  const iv = random.bytes(12)
  const additionalData = withContext('parley/presence-aead/v1', idBytes(roomId))
  return concatBytes(iv, await cipher.encrypt(key, iv, additionalData, plaintext))
}

function facts(over: Partial<Extract<PresencePayload, { kind: 'facts' }>> = {}, by = mallory) {
  const unsigned = {
    presenceId: MALLORY_ID,
    key: mallory.key.publicKey,
    seq: 1,
    name: 'Mallory',
    color: 0xff0000,
    handRaised: false,
    page: null,
    ...over,
  }
  const signature = by.key.sign(factsMessage(room.roomId, unsigned))
  return { kind: 'facts', ...unsigned, signature, ...('signature' in over ? over : {}) } as const
}

function caret(
  seq: number,
  stateJson: string,
  over: { presenceId?: Uint8Array; clientId?: number; doc?: string } = {},
) {
  const doc = parseDocName(over.doc ?? 'content/main') as DocName
  const { presenceId = MALLORY_ID, clientId = 4711 } = over
  return { kind: 'caret', presenceId, seq, doc, clientId, stateJson } as const
}

const SHOWN = `${MAIN} 4711`

describe('what others show of themselves', () => {
  it('[PR2] facts that the key of the link has signed are shown, others are dropped', async () => {
    const { presence, receive, dropped } = await makeAda()
    const nameless = { key: mallory.key.keyId, name: '', color: '#808080', handRaised: false, page: null }
    const signature = facts().signature.slice()
    signature[3] = (signature[3] as number) ^ 1
    await receive(facts({ signature }))
    await receive({ ...facts(), name: 'Ada' })
    await receive(facts({ key: ada.key.publicKey }, ada))
    expect(dropped).toEqual([
      'facts with a wrong signature',
      'facts with a wrong signature',
      'facts of another key',
    ])
    expect(presence.present()).toEqual([nameless])
    await receive(facts({ handRaised: true, page: MAIN }))
    expect(presence.present()).toEqual([
      { ...nameless, name: 'Mallory', color: '#ff0000', handRaised: true, page: MAIN },
    ])
  })

  it('[F39] facts for another room’s id are no facts here', async () => {
    const { presence, receive } = await makeAda()
    const elsewhere = mallory.key.sign(factsMessage(testRoom('elsewhere').roomId, facts()))
    await receive(facts({ signature: elsewhere }))
    expect(presence.present()[0]?.name).toBe('')
  })

  it('[PR1] what was sealed under another key, for another room, or altered is dropped', async () => {
    const { presence, handle, dropped } = await makeAda()
    const plaintext = encodePresencePayload(facts())
    const other = await cipher.importKey(presenceKeyOf(deriveKey(testRoom('x').readKey, 'parley/epoch/0')))
    const altered = await seal(plaintext)
    altered[20] = (altered[20] as number) ^ 1
    for (const sealed of [
      await seal(plaintext, other),
      await seal(plaintext, roomKey, testRoom('x').roomId),
      altered,
      new Uint8Array(3),
    ]) {
      await handle(sealed)
    }
    expect(dropped).toEqual(Array(4).fill('sealed under another key'))
    expect(presence.present()[0]?.name).toBe('')
    await handle(await seal(plaintext))
    expect(presence.present()[0]?.name).toBe('Mallory')
  })

  it('[PR3] the highest seq wins, for facts and carets', async () => {
    const { presence, receive, shown } = await makeAda()
    await receive(facts({ seq: 5, name: 'newer' }))
    await receive(facts({ seq: 4, name: 'older' }))
    await receive(facts({ seq: 5, name: 'same' }))
    expect(presence.present()[0]?.name).toBe('newer')
    await receive(caret(9, '{"at":2}'))
    await receive(caret(8, '{"at":1}'))
    expect(shown.get(SHOWN)).toMatchObject({ at: 2 })
  })

  it('[PR3] [F39] a caret without facts, or under another presenceId than theirs, is not shown', async () => {
    const { receive, shown, dropped } = await makeAda()
    await receive(caret(2, '{"at":1}'))
    await receive(facts())
    await receive(caret(3, '{"at":1}', { presenceId: new Uint8Array(16).fill(1) }))
    expect(shown.size).toBe(0)
    expect(dropped).toEqual(['caret without facts', 'caret without facts'])
    await receive(caret(4, '{"at":1}'))
    expect([...shown.keys()]).toEqual([SHOWN])
  })

  it('[PR3] [F39] nobody moves or hides the caret of another copy', async () => {
    const { presence, receive, shown, dropped } = await makeAda()
    const vera = await room.device('viewer', 'vera')
    const other = { to: 'vera' }
    const presenceId = new Uint8Array(16).fill(9)
    presence.attach(other, vera.key.keyId)
    await receive(facts())
    await receive(caret(2, '{"at":1}'))
    await receive(facts({ key: vera.key.publicKey, presenceId, name: 'Vera' }, vera), other)
    await receive(caret(2, '{"at":9}', { presenceId }), other)
    await receive(caret(3, '', { presenceId }), other)
    expect(shown.get(SHOWN)).toMatchObject({ at: 1, user: { name: 'Mallory' } })
    expect(dropped).toEqual(['caret of another copy', 'caret of another copy'])
  })

  it('[PR2] name and colour of a caret come from the facts, whatever the caret says', async () => {
    const { receive, shown } = await makeAda()
    await receive(facts())
    await receive(caret(2, '{"user":{"name":"Ada","color":"#112233"},"at":1}'))
    expect(shown.get(SHOWN)).toEqual({ at: 1, user: { name: 'Mallory', color: '#ff0000' } })
    await receive(facts({ seq: 3, name: 'M\u202eadA\u0007', color: 0 }))
    expect(shown.get(SHOWN)).toMatchObject({ user: { name: 'M adA', color: '#000000' } })
  })

  it('[PR4] [F39] a state that is no plain object of at most 8 levels takes its own caret away', async () => {
    const nested = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`
    const hostile = [
      ...['[]', '"text"', '1', 'null', 'true', '{', '[{}]', '{"a":'],
      ...['{"__proto__":{"admin":1}}', '{"a":{"constructor":{}}}', '{"a":[{"prototype":1}]}'],
      nested(PRESENCE_DEPTH + 1),
      '{"a":'.repeat(600),
    ]
    const { presence, receive, shown } = await makeAda()
    await receive(facts())
    presence.setCaret(MAIN, 11, { mine: true })
    let seq = 2
    for (const stateJson of hostile) {
      await receive(caret(seq++, nested(PRESENCE_DEPTH)))
      expect(shown.has(SHOWN)).toBe(true)
      await receive(caret(seq++, stateJson))
      expect([...shown.keys()], stateJson.slice(0, 40)).toEqual([])
    }
    expect(presence.own).toEqual({ name: 'Ada', color: '#112233', handRaised: false, page: null })
    expect(Object.prototype).not.toHaveProperty('admin')
  })

  it('[PR1] [F39] bytes that are no presence are dropped; more than 4 KiB is no frame', async () => {
    const { presence, handle, dropped } = await makeAda()
    await handle(await seal(Uint8Array.of(9, 1, 2)))
    await handle(await seal(concatBytes(encodePresencePayload(facts()), Uint8Array.of(0))))
    expect(dropped).toHaveLength(2)
    expect(presence.present()[0]?.name).toBe('')
    const sealed = new Uint8Array(limits.PRESENCE_BYTES + 1)
    expect(() => decodeFrame(encodeFrame({ type: 'presence', sealed }))).toThrow()
    expect(() => decodeFrame(encodeFrame({ type: 'presence', sealed: sealed.slice(1) }))).not.toThrow()
  })

  it('[PR5] [F39] of one link 64 carets are kept, and their owner alone is left out', async () => {
    const { presence, receive, shown, dropped } = await makeAda()
    await receive(facts())
    for (let i = 0; i < PRESENCE_PER_LINK + 1_000; i++) {
      await receive(caret(2 + i, '{}', { doc: `content/page${i}`, clientId: i }))
    }
    expect([shown.size, PRESENCE_PER_LINK]).toEqual([64, 64])
    expect(dropped).toEqual(Array(1_000).fill('too many carets'))
    const vera = await room.device('viewer', 'vera')
    const other = { to: 'vera' }
    const presenceId = new Uint8Array(16).fill(9)
    presence.attach(other, vera.key.keyId)
    await receive(facts({ key: vera.key.publicKey, presenceId, name: 'Vera' }, vera), other)
    await receive(caret(2, '{"at":1}', { presenceId, clientId: 5_000 }), other)
    expect(shown.size).toBe(PRESENCE_PER_LINK + 1)
  })

  it('[PR6] somebody is gone, with all carets, when the link is; no timer does that', async () => {
    const { presence, clock, receive, shown, changed } = await makeAda()
    await receive(facts())
    await receive(caret(2, '{"at":1}'))
    await clock.runFor(24 * 3_600_000)
    expect([presence.present().length, shown.size]).toEqual([1, 1])
    const before = changed()
    presence.detach(LINK)
    expect([presence.present().length, shown.size, changed() - before]).toEqual([0, 0, 1])
    await receive(facts({ seq: 9 }))
    expect(presence.present()).toEqual([])
  })
})

describe('what goes out', () => {
  it('[PR5] carets at most every 50 ms, facts at most every second, the latest always', async () => {
    const { presence, clock, sent } = await makeAda()
    for (let i = 0; i < 200; i++) {
      presence.setCaret(MAIN, 11, { at: i })
      presence.setProfile(`Ada ${i}`, '#112233')
      await clock.runFor(10)
    }
    await clock.runFor(5_000)
    const payloads = await Promise.all(
      sent.map(async ({ atMs, frame }) => ({ atMs, ...(await open(frame)) })),
    )
    for (const [kind, intervalMs] of [
      ['caret', CARET_INTERVAL_MS],
      ['facts', FACTS_INTERVAL_MS],
    ] as const) {
      const atMs = payloads.filter((payload) => payload.kind === kind).map((payload) => payload.atMs)
      const gaps = atMs.slice(1).map((ms, i) => ms - (atMs[i] as number))
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(intervalMs)
    }
    const last = (kind: string) => payloads.findLast((payload) => payload.kind === kind)
    expect(last('caret')).toMatchObject({ stateJson: '{"at":199}' })
    expect(last('facts')).toMatchObject({ name: 'Ada 199' })
  })

  it('[PR1] [PR2] is sealed and signed as docs/spec.md says, each with a seq of its own', async () => {
    const { presence, clock, sent } = await makeAda()
    presence.setPage(MAIN)
    presence.setCaret(MAIN, 11, { at: 1 })
    await clock.runFor(5_000)
    const payloads = await Promise.all(sent.map(({ frame }) => open(frame)))
    const told = payloads.find((payload) => payload.kind === 'facts')
    if (told?.kind !== 'facts') throw new Error('no facts went out')
    expect(testVerify(ada.key.publicKey, factsMessage(room.roomId, told), told.signature)).toBe(true)
    expect(told).toMatchObject({ name: 'Ada', page: MAIN })
    const seqs = payloads.flatMap((payload) => (payload.kind === 'gone' ? [] : [payload.seq]))
    expect(new Set(seqs).size).toBe(seqs.length)
  })

  it('who links later is told all, others nothing of it', async () => {
    const { presence, clock, sent } = await makeAda()
    presence.setCaret(MAIN, 11, { at: 1 })
    await clock.runFor(5_000)
    sent.length = 0
    const late = { to: 'late' }
    presence.attach(late, toBase64Url(new Uint8Array(32).fill(3)) as never)
    await clock.runFor(5_000)
    expect(new Set(sent.map(({ to }) => to))).toEqual(new Set([late]))
    expect((await Promise.all(sent.map(({ frame }) => open(frame)))).map(({ kind }) => kind)).toEqual([
      'facts',
      'caret',
    ])
  })

  it('[PR1] an own caret that does not fit stays here', async () => {
    const { presence, clock, sent, dropped } = await makeAda()
    presence.setCaret(MAIN, 11, { selected: 'x'.repeat(limits.PRESENCE_BYTES) })
    await clock.runFor(5_000)
    expect([sent.length, dropped]).toEqual([0, ['own caret too large']])
  })
})

async function open({ sealed }: PresenceFrame): Promise<PresencePayload> {
  const additionalData = withContext('parley/presence-aead/v1', idBytes(room.roomId))
  const bytes = await cipher.decrypt(roomKey, sealed.slice(0, 12), additionalData, sealed.slice(12))
  return decodePresencePayload(bytes as Uint8Array)
}

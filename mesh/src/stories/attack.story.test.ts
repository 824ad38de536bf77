/** Attacks that once broke a promise; each stays as the test that shows it kept. */
import {
  compareBytes,
  type DocName,
  decodeChain,
  encodeChain,
  encodeEntryHeader,
  encodeMetaRecord,
  entryMessageOf,
  epochIdOf,
  FIRST_PREV,
  type Frame,
  formatRoomLink,
  keyIdOf,
  parseRoomLink,
  sessionIdOf,
  sha256,
  signGrant,
} from '@parley/protocol'
import { testKey } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import type { RoomEvent } from '../api.ts'
import { acceptLink, reenter } from '../room-secrets.ts'
import { joinRoomOn } from '../rooms.ts'
import { type HostileLink, HostilePeer, typing } from '../testing/hostile-peer.ts'
import { type Guest, Meeting, SIGNALING } from './meeting.ts'

const FAR = { notAfterMs: 4e12 } as const
const watch = (g: Guest) => {
  const e: RoomEvent[] = []
  g.room.onEvent((x) => void e.push(x))
  return e
}

async function pair(seed: number) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  const ben = await meeting.join('ben', ada)
  ada.doc.doc.getText('t').insert(0, 'honest')
  await meeting.until(() => meeting.agree([ada, ben], 'honest') && ada.room.state.people.length === 2)
  return { meeting, ada, ben }
}
async function hostile(
  meeting: Meeting,
  ada: Guest,
  role: 'viewer' | 'editor' | 'owner',
  host: string,
  links: number,
) {
  const { link } = await meeting.during(ada.room.createInvite('https://parley.test/', { role, ...FAR }))
  const peer = await meeting.during(HostilePeer.join(meeting.world.platform(host), link, SIGNALING))
  await meeting.until(() => peer.links.length === links)
  return peer
}

describe('attacks on what stands', () => {
  it('a proof about a key without a chain changes nothing', async () => {
    const { meeting, ada } = await pair(201)
    const events = watch(ada)
    const mallory = await hostile(meeting, ada, 'viewer', 'mallory', 2)
    const stranger = testKey('stranger')
    const stub = (n: number) => {
      const header = encodeEntryHeader({
        doc: 'roster' as DocName,
        kind: 'live',
        epoch: epochIdOf(0, new Uint8Array(32)),
        author: stranger.keyId,
        session: sessionIdOf(new Uint8Array(8)),
        seq: 1,
        prev: FIRST_PREV,
        timeMs: 1,
      })
      const bodyHash = new Uint8Array(32).fill(n)
      return { header, bodyHash, signature: stranger.sign(entryMessageOf(ada.room.id, header, bodyHash)) }
    }
    const [first] = mallory.links
    mallory.send(first as HostileLink, { type: 'proof', first: stub(1), second: stub(2) })
    await meeting.world.clock.runFor(3_000)
    const passedOn = mallory.links.flatMap((l) => l.received).filter((f) => f.type === 'proof')
    expect([passedOn.length, events.filter((e) => e.type === 'equivocation').length]).toEqual([0, 0])
  })

  it('a revoked owner revokes nobody', async () => {
    const { meeting, ada, ben } = await pair(202)
    const exOwner = await hostile(meeting, ada, 'owner', 'exowner', 2)
    for (const l of exOwner.links) exOwner.send(l, { type: 'author', chain: exOwner.entrance.identity.chain })
    await meeting.world.clock.runFor(1_000)
    const eve = await hostile(meeting, ada, 'viewer', 'eve', 3)
    await meeting.during(ada.room.revoke(exOwner.entrance.identity.standing.key))
    await meeting.until(() => exOwner.links.filter((l) => l.closed).length >= 2)
    const log = exOwner.log('meta', 9)
    const record = encodeMetaRecord({ type: 'revoke', key: ben.room.self.key, keep: [], heads: [] })
    const { entry, hash } = await log.next(record, meeting.world.clock.nowMs())
    const to = eve.links.filter((l) => !l.closed)
    for (const l of to) {
      eve.send(l, {
        type: 'ihave',
        heads: [
          { doc: entry.doc, author: entry.author, session: entry.session, log: entry.log, seq: 1, hash },
        ],
      })
    }
    await meeting.world.clock.runFor(1_500)
    for (const l of to) eve.send(l, { type: 'entry', entry: entry.bytes })
    await meeting.world.clock.runFor(5_000)
    expect(ada.room.isRevoked(ben.room.self.key)).toBe(false)
    expect(ben.room.state.connection.name).not.toBe('refused')
  })

  it('after a revocation its author rewrites nothing that stands', async () => {
    const { meeting, ada, ben } = await pair(203)
    const mallory = await hostile(meeting, ada, 'editor', 'mallory', 2)
    const nowMs = meeting.world.clock.nowMs()
    const log = mallory.log('content/main', 1)
    const one = await log.next(typing(log.clientId, 'ONE '), nowMs)
    for (const l of mallory.links) {
      mallory.send(l, { type: 'author', chain: mallory.entrance.identity.chain })
      mallory.send(l, { type: 'entry', entry: one.entry.bytes })
    }
    await meeting.until(() => /ONE/.test(meeting.textOf(ada)) && meeting.agree([ada, ben]))
    const before = meeting.textOf(ada)
    const eve = await hostile(meeting, ada, 'viewer', 'eve', 3)
    await meeting.during(ada.room.revoke(mallory.entrance.identity.standing.key))
    await meeting.until(() => mallory.links.filter((l) => l.closed).length >= 2)
    await meeting.world.clock.runFor(3_000)
    let other = one
    for (let i = 0; other === one || compareBytes(other.hash, one.hash) >= 0; i++) {
      const again = mallory.log('content/main', 1)
      other = await again.next(typing(log.clientId, `EVIL${i} `), nowMs)
    }
    for (let i = 0; i < 4; i++) {
      for (const l of eve.links) if (!l.closed) eve.send(l, { type: 'entry', entry: other.entry.bytes })
      await meeting.world.clock.runFor(5_000)
    }
    expect([meeting.textOf(ada), meeting.textOf(ben)]).toEqual([before, before])
  })

  it('a member with 2,100 logs can be revoked, and the owner is not refused for it', async () => {
    const { meeting, ada, ben } = await pair(204)
    const events = watch(ben)
    const mallory = await hostile(meeting, ada, 'viewer', 'mallory', 2)
    const { identity } = mallory.entrance
    for (const l of mallory.links) mallory.send(l, { type: 'author', chain: identity.chain })
    for (let i = 0; i < 2_100; i++) {
      const session = sessionIdOf(new Uint8Array([i >> 8, i & 255, 0, 0, 0, 0, 0, 0]))
      const { entry } = await mallory.seal.seal(
        {
          doc: 'roster' as DocName,
          kind: 'live',
          author: identity.standing.key,
          session,
          seq: 1,
          prev: FIRST_PREV,
          timeMs: Math.floor(meeting.world.clock.nowMs()),
        },
        new Uint8Array([123]),
        identity.signer,
      )
      for (const l of mallory.links) mallory.send(l, { type: 'entry', entry: entry.bytes })
      if (i % 500 === 0) await meeting.world.clock.runFor(500)
    }
    await meeting.world.clock.runFor(5_000)
    await meeting.during(ada.room.revoke(identity.standing.key))
    await meeting.world.clock.runFor(5_000)
    expect(ada.room.members().map((m) => m.key)).not.toContain(identity.standing.key)
    expect(events.filter((e) => e.type === 'author-refused')).toEqual([])
  }, 120_000)

  it('a copy that takes the name of another closes nobody else’s link', async () => {
    const { meeting, ada, ben } = await pair(205)
    const { link } = await ada.room.createInvite('https://parley.test/', { role: 'viewer', ...FAR })
    const spy = await meeting.during(HostilePeer.join(meeting.world.platform('spy'), link, SIGNALING))
    await meeting.until(() => spy.links.length === 2)
    const toBen = spy.links.find((l) => l.proven.peer.standing.key === ben.room.self.key) as HostileLink
    const instance = toBen.proven.peer.instance
    spy.close()
    const events = watch(ada)
    const entrance = await meeting.during(acceptLink(meeting.world.platform('mallory'), link))
    const { toBase64Url } = await import('@parley/protocol')
    const stolen = {
      ...entrance,
      identity: { ...entrance.identity, instance, instanceName: toBase64Url(instance) },
    }
    const mallory = new HostilePeer(meeting.world.platform('mallory'), stolen, SIGNALING)
    await meeting.until(() => mallory.links.length >= 1)
    await meeting.world.clock.runFor(500)
    const closed = events.filter((e) => e.type === 'link-closed' && e.key === ben.room.self.key)
    expect(closed).toEqual([])
  })

  it('who was raised from viewer to editor is not refused by somebody who hears of it through a third', async () => {
    const meeting = new Meeting({ seed: 206 })
    const ada = await meeting.make('ada')
    const ben = await meeting.join('ben', ada)
    const cleo = await meeting.join('cleo', ada, { role: 'viewer' })
    await meeting.until(() => [ada, ben, cleo].every((g) => g.room.state.people.length === 3))
    await meeting.world.clock.runFor(5_000)
    const events = watch(ben)
    const { link } = await meeting.during(
      ada.room.createInvite('https://parley.test/', { role: 'editor', ...FAR }),
    )
    await meeting.during(cleo.room.close())
    meeting.world.network.block('ben', 'cleo')
    const again = await meeting.joinBy('cleo', link)
    await meeting.until(() => ada.room.state.people.length === 3 && again.room.state.people.length === 2)
    await meeting.world.clock.runFor(3_000)
    again.doc.doc.getText('t').insert(0, 'by cleo')
    await meeting.until(() => meeting.agree([ada, again], 'by cleo'))
    await meeting.world.clock.runFor(15_000)
    expect(events.filter((e) => e.type === 'author-refused')).toEqual([])
    expect(meeting.textOf(ben)).toBe('by cleo')
  })

  it('who is invited after a revocation reads what is written after it', async () => {
    const { meeting, ada, ben } = await pair(207)
    const cleo = await meeting.join('cleo', ada)
    await meeting.until(() => ada.room.state.people.length === 3)
    await meeting.during(ada.room.revoke(cleo.room.self.key))
    ben.doc.doc.getText('t').insert(0, 'new ')
    await meeting.until(() => meeting.agree([ada, ben], 'new honest'))
    const dan = await meeting.join('dan', ada)
    await meeting.world.clock.runFor(30_000)
    expect(meeting.textOf(dan)).toBe('new honest')
  })

  it('a link to a room that is kept here does not change the key that it is read with', async () => {
    const { meeting, ada } = await pair(208)
    const make = async (role: 'viewer' | 'editor') =>
      (await meeting.during(ada.room.createInvite('https://parley.test/', { role, ...FAR }))).link
    const platform = meeting.world.platform('vera')
    const first = await meeting.during(acceptLink(platform, await make('viewer')))
    const parsed = parseRoomLink(await make('editor'))
    if (!parsed.ok) throw new Error('link')
    const forged = formatRoomLink('https://parley.test/', {
      ...parsed.link,
      readKey: new Uint8Array(32).fill(9),
    })
    const second = await meeting.during(acceptLink(platform, forged).catch(() => null))
    const kept = await meeting.during(reenter(platform, ada.room.id))
    expect(kept.secrets.readKey).toEqual(first.secrets.readKey)
    void second
  })

  it('an editor who was a viewer for longer is heard of by those who come back', async () => {
    const meeting = new Meeting({ seed: 209 })
    const ada = await meeting.make('ada')
    const dan = await meeting.join('dan', ada)
    const cleo = await meeting.join('cleo', ada, { role: 'viewer' })
    await meeting.until(() => [ada, dan, cleo].every((g) => g.room.state.people.length === 3))
    await meeting.during(cleo.room.close())
    const { link } = await meeting.during(
      ada.room.createInvite('https://parley.test/', { role: 'editor', notAfterMs: 3.9e12 }),
    )
    const again = await meeting.joinBy('cleo', link)
    await meeting.until(() => [ada, dan, again].every((g) => g.room.state.people.length === 3))
    await meeting.during(dan.room.close())
    again.doc.doc.getText('t').insert(0, 'by cleo')
    await meeting.until(() => meeting.agree([ada, again], 'by cleo'))
    await meeting.during(again.room.close())
    const back = await meeting.reopen('dan', dan.room)
    await meeting.world.clock.runFor(60_000)
    expect(meeting.textOf(back)).toBe('by cleo')
  })

  it('whose grant has ended loses the links', async () => {
    const meeting = new Meeting({ seed: 210 })
    const ada = await meeting.make('ada')
    const cleo = await meeting.join('cleo', ada, {
      role: 'viewer',
      notAfterMs: meeting.world.clock.nowMs() + 60_000,
    })
    await meeting.until(() => ada.room.state.people.length === 2)
    await meeting.world.clock.runFor(180_000)
    ada.doc.doc.getText('t').insert(0, 'later')
    await meeting.world.clock.runFor(5_000)
    expect(ada.room.state.people.length).toBe(1)
    expect(meeting.textOf(cleo)).toBe('')
  })
})

describe('attacks through relays and floods', () => {
  it('a relay that shows an old chain of an honest author gets nobody refused', async () => {
    const { meeting, ada, ben } = await pair(211)
    // vera, a viewer, signs a viewer grant for ben and shows that alone to a newcomer
    const vera = await hostile(meeting, ada, 'viewer', 'vera', 2)
    const { identity } = vera.entrance
    const benKey = ben.room.self.key
    const { idBytes } = await import('@parley/protocol')
    const chain = decodeChain(identity.chain)
    const grant = await signGrant(
      ada.room.id,
      identity.signer.publicKey,
      {
        subject: idBytes(benKey),
        agreement: identity.signer.agreementKey,
        role: 'viewer',
        may: 'none',
        notAfterMs: FAR.notAfterMs,
        epoch: 0,
        nonce: new Uint8Array(8),
      },
      (m) => identity.signer.sign(m),
    )
    const forged = encodeChain({ rootKey: chain.rootKey, grants: [...chain.grants, grant] })
    // what ben wrote, as vera was sent it
    ben.doc.doc.getText('t').insert(0, 'by ben ')
    await meeting.until(() => meeting.agree([ada, ben], 'by ben honest'))
    await meeting.world.clock.runFor(500)
    const frames = vera.links.flatMap((l) => l.received)
    const entries = frames.filter((f): f is Extract<Frame, { type: 'entry' }> => f.type === 'entry')
    meeting.world.network.partition([['ada'], ['ben'], ['vera', 'nina']])
    const { link } = await meeting.during(
      ada.room.createInvite('https://parley.test/', { role: 'editor', ...FAR }),
    )
    const nina = await meeting.joinBy('nina', link)
    const events = watch(nina)
    await meeting.until(
      () => vera.links.some((l) => l.proven.peer.standing.key === nina.room.self.key),
      120_000,
    )
    const to = vera.links.find((l) => l.proven.peer.standing.key === nina.room.self.key) as HostileLink
    vera.send(to, { type: 'author', chain: forged })
    for (const f of entries) vera.send(to, f)
    await meeting.world.clock.runFor(3_000)
    expect(events.filter((e) => e.type === 'author-refused')).toEqual([])
  })

  it('somebody with a room full of names does not keep newcomers out', async () => {
    const { meeting, ada } = await pair(212)
    const vera = await hostile(meeting, ada, 'viewer', 'vera', 2)
    const { identity } = vera.entrance
    const chain = decodeChain(identity.chain)
    const keyring = meeting.world.platform('vera').keyring
    const nowMs = Math.floor(meeting.world.clock.nowMs())
    for (let i = 0; i < 1_300; i++) {
      const device = await keyring.fromSeeds(
        sha256(new Uint8Array([i >> 8, i & 255])),
        sha256(new Uint8Array([i >> 8, i & 255, 1])),
      )
      const grant = await signGrant(
        ada.room.id,
        identity.signer.publicKey,
        {
          subject: device.publicKey,
          agreement: device.agreementKey,
          role: 'viewer',
          may: 'none',
          notAfterMs: FAR.notAfterMs,
          epoch: 0,
          nonce: new Uint8Array(8),
        },
        (m) => identity.signer.sign(m),
      )
      const bytes = encodeChain({ rootKey: chain.rootKey, grants: [...chain.grants, grant] })
      const { entry } = await vera.seal.seal(
        {
          doc: 'roster' as DocName,
          kind: 'live',
          author: keyIdOf(device.publicKey),
          session: sessionIdOf(new Uint8Array(8)),
          seq: 1,
          prev: FIRST_PREV,
          timeMs: nowMs,
        },
        new Uint8Array([123]),
        device,
      )
      const to = vera.links[0] as HostileLink
      vera.send(to, { type: 'author', chain: bytes })
      vera.send(to, { type: 'entry', entry: entry.bytes })
      if (i % 10 === 9) await meeting.world.clock.runFor(500)
    }
    vera.close()
    await meeting.world.clock.runFor(60_000)
    meeting.world.kill('vera')
    const { link } = await meeting.during(
      ada.room.createInvite('https://parley.test/', { role: 'editor', ...FAR }),
    )
    const nina = await meeting.joinBy('nina', link)
    const events = watch(nina)
    await meeting.world.clock.runFor(120_000)
    expect(events.filter((e) => e.type === 'link-closed')).toEqual([])
    expect(meeting.textOf(nina)).toBe('honest')
  }, 300_000)
})

describe('owners and keys', () => {
  it('[MT1] what an owner decided before hearing of its own end counts for all or for nobody', async () => {
    const meeting = new Meeting({ seed: 401 })
    const ada = await meeting.make('ada')
    const olga = await meeting.join('olga', ada, { role: 'owner' })
    const ben = await meeting.join('ben', ada)
    const cleo = await meeting.join('cleo', ada)
    await meeting.until(() => [ada, olga, ben, cleo].every((g) => g.room.state.people.length === 4))
    await meeting.world.clock.runFor(5_000)
    meeting.world.network.partition([
      ['ada', 'cleo'],
      ['olga', 'ben'],
    ])
    await meeting.during(ada.room.revoke(olga.room.self.key))
    await meeting.during(olga.room.revoke(cleo.room.self.key))
    await meeting.until(() => ben.room.isRevoked(cleo.room.self.key))
    meeting.world.network.heal()
    await meeting.world.clock.runFor(60_000)
    expect(ben.room.isRevoked(cleo.room.self.key)).toBe(ada.room.isRevoked(cleo.room.self.key))
  })

  it('[EP3] keys that come while the record that names them is being verified are taken', async () => {
    const meeting = new Meeting({ seed: 601 })
    const ada = await meeting.make('ada')
    const cleo = await meeting.join('cleo', ada)
    await meeting.until(() => ada.room.state.people.length === 2)
    await meeting.during(ada.room.revoke(cleo.room.self.key))
    ada.doc.doc.getText('t').insert(0, 'after')
    await meeting.world.clock.runFor(3_000)
    const { link } = await meeting.during(
      ada.room.createInvite('https://parley.test/', { role: 'editor', notAfterMs: 4e12 }),
    )
    const platform = meeting.world.platform('dan')
    const slow = {
      ...platform,
      keyring: {
        ...platform.keyring,
        generate: () => platform.keyring.generate(),
        signer: (k: never) => platform.keyring.signer(k),
        fromSeeds: (a: Uint8Array, b: Uint8Array) => platform.keyring.fromSeeds(a, b),
        verify: async (...args: [Uint8Array, Uint8Array, Uint8Array]) => {
          await new Promise<void>((resolve) => {
            platform.clock.after(5, resolve)
          })
          return platform.keyring.verify(...args)
        },
      },
    }
    const dan = await meeting.during(
      joinRoomOn(slow as typeof platform, link, {
        signaling: [SIGNALING],
        profile: { name: 'dan', color: '#336699' },
      }),
    )
    const doc = dan.document('content/main')
    await meeting.world.clock.runFor(60_000)
    expect(doc.doc.getText('t').toString()).toBe('after')
  })

  it('[EP1] two owners who revoke at once end with a key that neither of the revoked was given', async () => {
    const meeting = new Meeting({ seed: 213 })
    const ada = await meeting.make('ada')
    const olga = await meeting.join('olga', ada, { role: 'owner' })
    const ben = await meeting.join('ben', ada)
    const cleo = await meeting.join('cleo', ada)
    const guests = [ada, olga, ben, cleo]
    await meeting.until(() => guests.every((guest) => guest.room.state.people.length === 4))
    await meeting.world.clock.runFor(5_000)
    meeting.world.network.partition([
      ['ada', 'ben'],
      ['olga', 'cleo'],
    ])
    await meeting.during(ada.room.revoke(ben.room.self.key))
    await meeting.during(olga.room.revoke(cleo.room.self.key))
    await meeting.world.clock.runFor(30_000)
    meeting.world.network.heal()
    await meeting.world.clock.runFor(120_000)
    expect([ada, olga].map(({ room }) => room.members().length)).toEqual([2, 2])
    expect(meeting.world.logLines.some(({ event }) => event === 'epoch-renewed')).toBe(true)
    ada.doc.doc.getText('t').insert(0, 'after all')
    await meeting.until(() => meeting.agree([ada, olga], 'after all'))
    expect([ben, cleo].map((guest) => meeting.textOf(guest))).toEqual(['', ''])
  })
})

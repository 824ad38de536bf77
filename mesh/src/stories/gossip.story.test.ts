/** What a link carries, as somebody sees it who listens and answers nothing. */
import { CLOSE, type Frame } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { HostilePeer } from '../testing/hostile-peer.ts'
import { Meeting, SIGNALING } from './meeting.ts'

async function listened(seed: number) {
  const meeting = new Meeting({ seed })
  const ada = await meeting.make('ada')
  ada.doc.doc.getText('t').insert(0, 'text')
  const { link } = await ada.room.createInvite('https://parley.test/', { role: 'editor', notAfterMs: 4e12 })
  const eve = await meeting.during(HostilePeer.join(meeting.world.platform('eve'), link, SIGNALING))
  await meeting.until(() => eve.links.length === 1)
  const to = eve.links[0] as (typeof eve.links)[0]
  await meeting.world.clock.runFor(30_000)
  to.received.length = 0
  /** Types of the frames that come in so many milliseconds, without presence. */
  const heard = async (durationMs: number): Promise<string[]> => {
    await meeting.world.clock.runFor(durationMs)
    return to.received.splice(0).flatMap(({ type }) => (type === 'presence' ? [] : [type]))
  }
  const send = (frame: Frame) => eve.send(to, frame)
  const type = () => ada.doc.doc.getText('t').insert(0, 'x')
  return { meeting, ada, eve, to, heard, send, type, source: ada.room.self.key }
}

describe('a quiet link', () => {
  it('[SY7] carries a digest every 10 s, and one after 2 s of quiet when something changed', async () => {
    const { heard, type } = await listened(91)
    const quiet = await heard(100_000)
    expect(new Set(quiet)).toEqual(new Set(['digest']))
    expect(quiet.length).toBe(10)
    type()
    expect(await heard(1_900)).not.toContain('digest')
    expect(await heard(1_300)).toContain('digest')
  })
})

describe('a source', () => {
  it('[OV2] [SY7] that was pruned is announced and not fed, until it is grafted', async () => {
    const { heard, send, type, source } = await listened(92)
    type()
    expect(await heard(1_000)).toContain('entry')
    send({ type: 'prune', source })
    await heard(1_000)
    type()
    const announced = await heard(1_000)
    expect([announced.includes('ihave'), announced.includes('entry')]).toEqual([true, false])
    send({ type: 'graft', source })
    await heard(1_000)
    type()
    const fed = await heard(1_000)
    expect([fed.includes('ihave'), fed.includes('entry')]).toEqual([false, true])
  })

  it('[SY8] whose entry comes a second time is pruned on that link, once', async () => {
    const { meeting, to, heard, send, type } = await listened(93)
    type()
    await meeting.until(() => to.received.some((frame) => frame.type === 'entry'))
    const entries = to.received.filter((frame) => frame.type === 'entry')
    for (const entry of [...entries, ...entries, ...entries]) send(entry)
    expect((await heard(1_000)).filter((name) => name === 'prune')).toEqual(['prune'])
  })
})

describe('a live link', () => {
  it('[HS7] is closed when a newer one to the same copy was proven', async () => {
    const { meeting, ada, eve, to } = await listened(95)
    const again = new HostilePeer(meeting.world.platform('eve'), eve.entrance, SIGNALING)
    await meeting.until(() => again.links.length === 1 && to.closed !== null)
    expect([to.closed?.reason, again.links.map(({ closed }) => closed)]).toEqual(['normal', [null]])
    expect(ada.room.state.connection).toMatchObject({ name: 'connected', linkCount: 1 })
  })

  it('[FR4] is closed with 4400 by a second HELLO or AUTH', async () => {
    for (const frame of [
      { type: 'auth', signature: new Uint8Array(64) } as const,
      {
        type: 'hello',
        version: 1,
        nonce: new Uint8Array(32),
        instance: new Uint8Array(16),
        sealedChain: new Uint8Array(28),
        epoch: 0,
        metaHeads: new Uint8Array(32),
      } as const,
    ]) {
      const { meeting, to, send } = await listened(94)
      send(frame)
      await meeting.until(() => to.closed !== null)
      expect([to.closed?.reason, CLOSE.malformed]).toEqual(['malformed', 4400])
    }
  })
})

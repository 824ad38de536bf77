/** A room whose owners decided very much. */
import { encodeMetaRecord, keyIdOf, sha256 } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { CONTROL_QUEUE_BYTES } from '../limits.ts'
import { type HostileLink, HostilePeer } from '../testing/hostile-peer.ts'
import { Meeting, SIGNALING } from './meeting.ts'

const RECORDS = 10_000

describe('a large meta', () => {
  it('[MT4] ten thousand records of owners: a newcomer gets all of them and the link stays', async () => {
    const meeting = new Meeting({ seed: 418 })
    const ada = await meeting.make('ada')
    const owner = { role: 'owner', notAfterMs: 4e12 } as const
    const { link } = await meeting.during(ada.room.createInvite('https://parley.test/', owner))
    const olga = await meeting.during(HostilePeer.join(meeting.world.platform('olga'), link, SIGNALING))
    await meeting.until(() => olga.links.length === 1)
    const to = olga.links[0] as HostileLink
    olga.send(to, { type: 'author', chain: olga.entrance.identity.chain })
    const log = olga.log('meta', 1)
    const keyOf = (i: number) => keyIdOf(sha256(new Uint8Array([i >> 8, i & 255])))
    let bytes = 0
    for (let i = 0; i < RECORDS; i++) {
      const record = encodeMetaRecord({ type: 'revoke', key: keyOf(i), keep: [keyOf(i)], heads: [] })
      const { entry } = await log.next(record, meeting.world.clock.nowMs())
      bytes += entry.bytes.length
      olga.send(to, { type: 'entry', entry: entry.bytes })
      if (i % 400 === 399) await meeting.world.clock.runFor(500)
    }
    expect(bytes).toBeGreaterThan(CONTROL_QUEUE_BYTES)
    const isHeld = (room: typeof ada.room) => room.isRevoked(keyOf(RECORDS - 1))
    await meeting.until(() => isHeld(ada.room))
    expect(to.closed).toBe(null)
    olga.close()
    meeting.world.kill('olga')
    ada.doc.doc.getText('t').insert(0, 'written')
    const ben = await meeting.join('ben', ada)
    const closed: string[] = []
    for (const { room } of [ada, ben])
      room.onEvent((event) => {
        if (event.type === 'link-closed' && event.key === ben.room.self.key) closed.push(event.detail)
        if (event.type === 'link-closed' && event.key === ada.room.self.key) closed.push(event.detail)
      })
    await meeting.until(() => meeting.textOf(ben) === 'written' && isHeld(ben.room), 120_000)
    expect(ben.room.isRevoked(keyOf(0))).toBe(true)
    expect(closed).toEqual([])
  }, 180_000)
})

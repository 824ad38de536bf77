/** Links of a room without transports, over a real journal and admission. */
import { CLOSE, type CloseReason, encodeFrame, type Frame } from '@parley/protocol'
import type { ProvenLink } from '../join/connect-peer.ts'
import { Admission } from '../journal/admission.ts'
import type { Lane } from '../link/chunk.ts'
import { type LiveLink, RoomLinks } from '../room-links.ts'
import { SealedRoom } from './sealed-room.ts'
import { VirtualClock } from './virtual-clock.ts'

/** A link of `key` without a transport: what it is handed, and how it was closed. */
export function fakeLink(key: string, instance: number) {
  const closed: number[] = []
  let events: Parameters<ProvenLink['start']>[0] | null = null
  const link = {
    send: () => true,
    sendBulk: () => Promise.resolve(),
    consumed: () => undefined,
    close: (code: number) => {
      closed.push(code)
      events?.closed(reasonOf(code), '')
    },
  }
  const proven = {
    link,
    peer: { standing: { key, path: [] }, instance: instanceOf(instance) },
    side: 'answerer',
    path: () => Promise.resolve(null),
    start: (started: Parameters<ProvenLink['start']>[0]) => {
      events = started
    },
  } as unknown as ProvenLink
  const receiveBytes = (bytes: Uint8Array, lane: Lane) => events?.frame(bytes, lane)
  const receive = (frame: Frame, lane: Lane) => receiveBytes(encodeFrame(frame), lane)
  return { proven, receive, receiveBytes, closed }
}

export function makeLinks(seed: string) {
  const house = new SealedRoom(seed)
  const clock = new VirtualClock()
  const free = { cutOf: () => null, hasLost: () => false, isWanted: () => false, isOpen: () => false }
  const admission: Admission = new Admission(
    { ...free, ...house, journal: house.journal, nowMs: () => clock.nowMs() },
    {
      ...{
        admitted: () => undefined,
        duplicate: () => undefined,
        gap: () => undefined,
        fork: () => undefined,
      },
      blameLink: (from, reason) => (from as LiveLink).link.close(CLOSE[reason], ''),
      ...{ blameAuthor: () => undefined, dropped: () => undefined },
      consumed: () => undefined,
      wasted: (from, workMs) => links.wasted(from as LiveLink, workMs),
    },
  )
  const links: RoomLinks = new RoomLinks(
    {
      clock,
      journal: house.journal,
      authors: house.authors,
      admission,
      cutOf: () => null,
      isNeeded: () => false,
    },
    { attached: () => undefined, detached: () => undefined, frame: () => undefined },
  )
  return { house, clock, links }
}

function instanceOf(number: number): Uint8Array {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

function reasonOf(code: number): CloseReason {
  const found = Object.entries(CLOSE).find(([, value]) => value === code)
  return found ? (found[0] as CloseReason) : 'normal'
}

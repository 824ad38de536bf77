/** Several people on one document, each with a log, who hear of each other's updates late and in any order. */
import * as Y from 'yjs'
import type { FoldLog } from '../document/fold.ts'
import { applyRemote, REMOTE } from '../document/remote-apply.ts'
import { checkUpdate, type GateFault } from '../document/update-gate.ts'
import { type Fraction, honestEdit, honestRoots, honestUndo } from './honest-traffic.ts'

/** Above 32 bits, as the clientIDs of logs are. */
const FIRST_CLIENT = 2 ** 40

export class HonestPeer {
  readonly doc = new Y.Doc()
  readonly updates: Uint8Array[] = []
  readonly clientId: number
  readonly undo: Y.UndoManager
  /** Per peer: how many of its updates are in `doc`. */
  readonly heads = new Map<HonestPeer, number>()
  /** Local updates that no edit made: Yjs's own clean-up. */
  strayCount = 0
  #editing = false

  constructor(rank: number) {
    this.clientId = FIRST_CLIENT + rank * 7919
    this.doc.clientID = this.clientId
    honestRoots(this.doc)
    this.undo = honestUndo(this.doc)
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === REMOTE) return
      if (!this.#editing) this.strayCount++
      this.updates.push(update)
    })
  }

  edit(fraction: Fraction): void {
    this.#editing = true
    honestEdit(this.doc, fraction, this.undo)
    this.#editing = false
  }
}

export interface Refused {
  readonly fault: GateFault
  readonly update: Uint8Array
}

export class HonestRoom {
  readonly peers: readonly HonestPeer[]
  readonly refused: Refused[] = []
  waitCount = 0
  applyCount = 0
  readonly #fraction: Fraction

  constructor(peerCount: number, fraction: Fraction) {
    this.peers = Array.from({ length: peerCount }, (_, rank) => new HonestPeer(rank))
    this.#fraction = fraction
  }

  somePeer(): HonestPeer {
    return this.peers[Math.floor(this.#fraction() * this.peers.length)] as HonestPeer
  }

  /** Up to `count` next updates of one log reach one peer; false when none could be applied. */
  deliver(to: HonestPeer, from: HonestPeer, count: number): boolean {
    const start = to.heads.get(from) ?? 0
    let head = start
    while (to !== from && head < from.updates.length && head - start < count && this.#receive(to, from, head))
      head++
    to.heads.set(from, head)
    return head > start
  }

  /** Random bursts of random logs until everybody has everything; returns false when that does not come about. */
  deliverAll(): boolean {
    for (const to of this.peers) {
      const rest = this.peers.filter((from) => from !== to)
      while (rest.length > 0) {
        const some = Math.floor(this.#fraction() * rest.length)
        this.deliver(to, rest[some] as HonestPeer, 1 + Math.floor(this.#fraction() * 30))
        if (!this.#hasAll(to, rest[some] as HonestPeer)) {
          if (!rest.some((from) => this.deliver(to, from, 1))) return false
        } else rest.splice(some, 1)
      }
    }
    return true
  }

  logs(): FoldLog[] {
    return this.peers.map(({ clientId, updates }, rank) => {
      return {
        hash: new Uint8Array(32).fill((rank * 37 + 11) & 255),
        clientId,
        updates,
        standing: updates.length,
      }
    })
  }

  #hasAll(to: HonestPeer, from: HonestPeer): boolean {
    return to.heads.get(from) === from.updates.length
  }

  #receive(to: HonestPeer, from: HonestPeer, head: number): boolean {
    const update = from.updates[head] as Uint8Array
    const verdict = checkUpdate(to.doc, update, from.clientId)
    if (verdict.verdict === 'refuse') this.refused.push({ fault: verdict.fault, update })
    if (verdict.verdict === 'wait') this.waitCount++
    if (verdict.verdict !== 'apply') return false
    applyRemote(to.doc, update)
    this.applyCount++
    return true
  }
}

import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { APPLY_SLICE_MS, ENTRY_APPLY_MS } from '../limits.ts'
import { rawItem, rawUpdate } from '../testing/raw-update.ts'
import { StoredDocument, StoredLog } from '../testing/stored-logs.ts'
import type { LogView } from './log-cursor.ts'

const [ADA, MALLORY, BEN] = [1_000, 1_001, 1_002]
const CONFLICTS = 1_500

/** Turns that the test gives one by one; each slice of an update takes `sliceMs`. */
class Turns {
  now = 0
  readonly #waiting: (() => void)[] = []

  readonly clock = {
    nowMs: () => this.now,
    after: () => () => undefined,
    yieldToHost: () => new Promise<void>((resolve) => void this.#waiting.push(resolve)),
  }

  /** False when nobody waited for it. */
  async give(): Promise<boolean> {
    const next = this.#waiting.shift()
    next?.()
    await new Promise((resolve) => setImmediate(resolve))
    return next !== undefined
  }
}

function typed(clientId: number, text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = clientId
  doc.getText('text').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

/** Each item says that it stands anywhere before the i-th character: all that came before lie in between. */
function conflicts(count: number): Uint8Array {
  const structs = Array.from({ length: count }, (_, i) =>
    rawItem(new Y.ContentString('M'), { rightOrigin: { client: ADA, clock: i } }),
  )
  return rawUpdate([{ client: MALLORY, clock: 0, structs }])
}

async function attacked() {
  const logs = [ADA, MALLORY, BEN].map((client, rank) => new StoredLog(rank, client))
  const [ada, mallory, ben] = logs as [StoredLog, StoredLog, StoredLog]
  ada.append(typed(ADA, 'x'.repeat(CONFLICTS)))
  const turns = new Turns()
  const work = new Map<string, number>()
  const onWork = (log: LogView, ms: number): void => void work.set(log.key, (work.get(log.key) ?? 0) + ms)
  const document = new StoredDocument(logs, { clock: turns.clock, onWork })
  await document.sync.whenLoaded
  const text = () => document.doc.getText('text').toString()
  const has = (letter: string) => text().split(letter).length - 1
  return { document, ada, mallory, ben, turns, work, has }
}

describe('logs of one document', () => {
  it('[FD7] are applied in turn: what takes long in one holds up no keystroke of another', async () => {
    const { document, mallory, ben, turns, has } = await attacked()
    mallory.append(conflicts(CONFLICTS))
    document.stored(mallory)
    await turns.give()
    const before = has('M')
    expect(before).toBeGreaterThan(0)
    ben.append(typed(BEN, 'B'))
    document.stored(ben)
    await turns.give()
    // One slice of the other at most.
    await turns.give()
    expect(has('B')).toBe(1)
    expect(has('M')).toBeLessThan(CONFLICTS)
    while (await turns.give());
    expect(has('M')).toBe(CONFLICTS)
    expect(document.refused).toEqual([])
  })

  it('[FD7] many small entries of one log give way to another as well, once they took half a frame', async () => {
    const { document, mallory, ben, turns, has } = await attacked()
    const doc = new Y.Doc()
    doc.clientID = MALLORY
    doc.on('update', (update: Uint8Array) => mallory.append(update))
    for (let i = 0; i < 100; i++) doc.getText('text').insert(i, 'M')
    document.doc.on('update', () => {
      turns.now += 1
    })
    document.stored(mallory)
    await turns.give()
    ben.append(typed(BEN, 'B'))
    document.stored(ben)
    const before = has('M')
    await turns.give()
    expect(has('B')).toBe(1)
    expect(has('M') - before).toBeLessThanOrEqual(2 * APPLY_SLICE_MS)
    while (await turns.give());
    expect(has('M')).toBe(100)
  })

  it('[WK3] the time that a log took is told of that log, but for what an entry usually takes', async () => {
    const { document, mallory, ben, turns, work } = await attacked()
    const tookMs = 3 * ENTRY_APPLY_MS
    document.doc.on('update', () => {
      turns.now += tookMs
    })
    mallory.append(conflicts(CONFLICTS))
    document.stored(mallory)
    ben.append(typed(BEN, 'B'))
    document.stored(ben)
    let count = 0
    while (await turns.give()) count++
    expect(work.get(ben.key)).toBe(tookMs - ENTRY_APPLY_MS)
    const slices = ((work.get(mallory.key) as number) + ENTRY_APPLY_MS) / tookMs
    expect(slices).toBeGreaterThan(10)
    expect(slices).toBeLessThanOrEqual(count)
    expect(Number.isInteger(slices)).toBe(true)
  })
})

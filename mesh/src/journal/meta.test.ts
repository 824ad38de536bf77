import {
  type DocName,
  type KeyId,
  keyIdOf,
  logKeyOf,
  type MetaRecord,
  type Standing,
  sessionIdOf,
} from '@parley/protocol'
import { testKey } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import { Meta } from './meta.ts'

const [ROOT, ADA, OLGA, BEN] = ['root', 'ada', 'olga', 'ben'].map((name) =>
  keyIdOf(testKey(name).publicKey),
) as [KeyId, KeyId, KeyId, KeyId]
const DOC = 'content/main' as DocName
const logOf = (byte: number) => logKeyOf(DOC, BEN, sessionIdOf(new Uint8Array(8).fill(byte)))
const head = (byte: number, seq: number) => ({
  doc: DOC,
  author: BEN,
  session: sessionIdOf(new Uint8Array(8).fill(byte)),
  log: logOf(byte),
  seq,
  hash: new Uint8Array(32),
})
const chain = (notAfterMs: number, role: Standing['role'] = 'editor'): Standing =>
  ({
    key: BEN,
    rootKey: ROOT,
    role,
    notAfterMs,
    path: [ADA, BEN],
    roles: ['owner', role],
  }) as unknown as Standing
const close = (...heads: ReturnType<typeof head>[]): MetaRecord => ({ type: 'close', key: BEN, heads })

describe('closings', () => {
  it('[MT8] cut what relies on chains that had ended, at the heads named, and all logs that are not', () => {
    const meta = new Meta(ROOT)
    meta.add({ record: close(head(1, 5)), author: ADA, timeMs: 1_000 })
    expect([logOf(1), logOf(2)].map((log) => meta.cutOf(log, BEN, [chain(1_000)]))).toEqual([5, 0])
    expect(meta.isClosed(BEN, chain(1_000))).toBe(true)
  })

  it('[MT8] a chain that ends later lifts them', () => {
    const meta = new Meta(ROOT)
    meta.add({ record: close(head(1, 5)), author: ADA, timeMs: 1_000 })
    expect(meta.cutOf(logOf(1), BEN, [chain(1_000), chain(1_001)])).toBe(null)
    expect(meta.isClosed(BEN, chain(1_001))).toBe(false)
  })

  it('[MT8] of several the furthest heads count, whoever signed them and in whatever order', () => {
    const records = [
      { record: close(head(1, 5)), author: ADA, timeMs: 1_000 },
      { record: close(head(1, 7), head(2, 1)), author: OLGA, timeMs: 1_500 },
    ]
    for (const inOrder of [records, records.toReversed()]) {
      const meta = new Meta(ROOT)
      for (const record of inOrder) meta.add(record)
      expect([logOf(1), logOf(2)].map((log) => meta.cutOf(log, BEN, [chain(1_000)]))).toEqual([7, 1])
    }
  })

  it('[MT8] of an owner are the root key’s alone', () => {
    const meta = new Meta(ROOT)
    meta.add({ record: close(head(1, 5)), author: ADA, timeMs: 1_000 })
    expect(meta.cutOf(logOf(1), BEN, [chain(1_000, 'owner')])).toBe(null)
    meta.add({ record: close(head(1, 5)), author: ROOT, timeMs: 1_000 })
    expect(meta.cutOf(logOf(1), BEN, [chain(1_000, 'owner')])).toBe(5)
  })
})

import { type KeyId, keyIdOf } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { keyText, markedName, nameMarks } from './name-marks.ts'

const key = (...first: number[]): KeyId => keyIdOf(Uint8Array.from({ length: 32 }, (_, i) => first[i] ?? 7))
const ADA = { key: key(1, 2, 3), name: 'Ada' }
const BEN = { key: key(4, 5, 6), name: 'Ben' }

describe('names of people', () => {
  it('stay as they are while everybody has their own', () => {
    expect(nameMarks([ADA, BEN, ADA]).size).toBe(0)
  })

  it.each(['Ada', 'ada', ' A d a', 'Ａｄａ', 'A\u200bda', 'Ad\u202ea', 'A\u00adda'])(
    'are marked on both sides when another key wears %j',
    (name) => {
      const other = { key: key(9, 9, 9), name }
      const marks = nameMarks([ADA, BEN, other])
      expect(markedName(ADA, marks)).toBe(`Ada · ${ADA.key.slice(0, 4)}`)
      expect(markedName(other, marks)).toBe(`${name} · ${other.key.slice(0, 4)}`)
      expect(markedName(BEN, marks)).toBe('Ben')
    },
  )

  it('are marked longer when somebody has made a key that begins alike', () => {
    const twin = { key: key(1, 2, 3, 9), name: 'Ada' }
    const marks = nameMarks([ADA, twin])
    expect(marks.get(ADA.key)).not.toBe(marks.get(twin.key))
    expect(ADA.key.slice(0, 4)).toBe(twin.key.slice(0, 4))
  })

  it('stand beside whole keys that can be read aloud', () => {
    expect(keyText(ADA.key).replaceAll(' ', '')).toBe(ADA.key)
    expect(keyText(ADA.key)).toMatch(/^(\S{4} ){10}\S{3}$/)
  })
})

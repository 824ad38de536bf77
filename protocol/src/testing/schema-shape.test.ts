import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { schemaShape } from './schema-shape.ts'

describe('the shape of a schema', () => {
  const base = v.strictObject({ type: v.literal('a'), id: v.pipe(v.string(), v.maxLength(3)) })

  it('is the same for the same schema written twice', () => {
    const again = v.strictObject({ type: v.literal('a'), id: v.pipe(v.string(), v.maxLength(3)) })
    expect(schemaShape(again)).toEqual(schemaShape(base))
  })

  it.each([
    ['a longer text', v.strictObject({ type: v.literal('a'), id: v.pipe(v.string(), v.maxLength(4)) })],
    ['another pattern', v.strictObject({ type: v.literal('a'), id: v.pipe(v.string(), v.regex(/a/)) })],
    ['another literal', v.strictObject({ type: v.literal('b'), id: base.entries.id })],
    ['another name', v.strictObject({ type: v.literal('a'), key: base.entries.id })],
    ['a field more', v.strictObject({ ...base.entries, more: v.number() })],
    ['an optional field', v.strictObject({ type: v.literal('a'), id: v.optional(base.entries.id) })],
    ['unknown fields let in', v.object(base.entries)],
    ['a list of it', v.array(base)],
    ['one of two', v.variant('type', [base, v.strictObject({ type: v.literal('b') })])],
  ])('differs for %s', (_what, schema) => {
    expect(schemaShape(schema)).not.toEqual(schemaShape(base))
  })

  it('differs for options, items and wrapped schemas that differ inside', () => {
    const wrap = (max: number) =>
      v.variant('type', [
        v.object({ type: v.literal('a'), list: v.optional(v.array(v.pipe(v.string(), v.maxLength(max)))) }),
      ])
    expect(schemaShape(wrap(1))).not.toEqual(schemaShape(wrap(2)))
    expect(schemaShape(v.picklist(['a']))).not.toEqual(schemaShape(v.picklist(['a', 'b'])))
  })
})

import type { KeyId } from '@parley/protocol'
import { expect, it } from 'vitest'
import { earlierStates } from './earlier-states.ts'
import type { Moment } from './mesh-types.ts'

function moment(insertedCount: number, deletedCount: number): Moment {
  const heads = new Map()
  const times = { fromMs: 1, toMs: 2, entryCount: 1 }
  return {
    author: 'k' as KeyId,
    name: 'Eve',
    ...times,
    insertedCount,
    deletedCount,
    before: heads,
    after: heads,
  }
}

it('[F36] says where much was deleted and little written instead', () => {
  const states = earlierStates([moment(0, 900), moment(900, 900), moment(0, 20), moment(0, 200)])
  expect(states.map(({ muchDeleted }) => muchDeleted)).toEqual([true, false, false, true])
})

it('shows the latest of very many', () => {
  expect(earlierStates(Array.from({ length: 900 }, () => moment(1, 0)))).toHaveLength(200)
})

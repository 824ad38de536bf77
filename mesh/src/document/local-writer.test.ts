import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { LocalWriter } from './local-writer.ts'

it('[EN9] what could not be sealed is handed back, with all that waited behind it', async () => {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  for (const letter of 'abcd') doc.getText('t').insert(0, letter)
  const written: Uint8Array[] = []
  const failures: { error: unknown; unwritten: readonly Uint8Array[] }[] = []
  const writer = new LocalWriter({
    clock: new VirtualClock(),
    fits: () => false,
    write: async (update) => {
      if (written.length === 2) throw new Error('sealing failed')
      written.push(update)
    },
    onError: (error, unwritten) => void failures.push({ error, unwritten }),
  })
  writer.push(updates.slice(0, 3))
  writer.push(updates.slice(3))
  await writer.flush()
  expect(failures).toMatchObject([{ error: { message: 'sealing failed' } }])
  expect([...written, ...(failures[0]?.unwritten ?? [])]).toEqual(updates)
  expect(writer.isIdle).toBe(true)
})

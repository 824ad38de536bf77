import type { KeyId } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { REFUSED_KEY_MS } from './limits.ts'
import { RefusedKeys } from './refused-keys.ts'

const MALLORY = 'mallory' as KeyId

function refusing() {
  const said: string[] = []
  const now = { ms: 1_000 }
  const keys = new RefusedKeys({
    nowMs: () => now.ms,
    log: (_level, event) => said.push(event),
    closeLinks: (key, reason) => said.push(`close ${key} ${reason}`),
    onRefused: (key, reason) => said.push(`refused ${key} ${reason}`),
  })
  return { keys, said, now }
}

describe('refused keys', () => {
  it('lose their links each time; whoever is here hears of it once', () => {
    const { keys, said } = refusing()
    keys.refuse(MALLORY, 'role', 'wrote')
    expect(said).toEqual(['close mallory role', 'author-refused', 'refused mallory role'])
    keys.refuse(MALLORY, 'malformed', 'wrote on')
    expect(said.slice(3)).toEqual(['close mallory malformed', 'author-refused'])
    expect(keys.refusalOf(MALLORY)).toBe('malformed')
  })

  it('are let in again after a while, counted from the last time', () => {
    const { keys, said, now } = refusing()
    keys.shutOut(MALLORY, 'equivocation', 'two entries for one place')
    expect(said).toEqual(['close mallory equivocation'])
    now.ms += REFUSED_KEY_MS - 1
    expect(keys.refusalOf(MALLORY)).toBe('equivocation')
    keys.shutOut(MALLORY, 'role', 'again')
    now.ms += REFUSED_KEY_MS - 1
    expect(keys.refusalOf(MALLORY)).toBe('role')
    now.ms += 1
    expect(keys.refusalOf(MALLORY)).toBe(null)
    expect(keys.refusalOf('ada' as KeyId)).toBe(null)
  })
})

import { describe, expect, it } from 'vitest'
import { DigestPace } from './digest-pace.ts'
import { DIGEST_INTERVAL_MS, DIGEST_QUIET_MS } from './limits.ts'

/** After the first one, which is due at any time. */
function paceAt(startMs: number): DigestPace {
  const pace = new DigestPace()
  expect(pace.due(startMs)).toBe('interval')
  return pace
}

describe('the pace of digests', () => {
  it('is an interval while nothing changes', () => {
    const pace = paceAt(50_000)
    expect(pace.due(50_000 + DIGEST_INTERVAL_MS - 1)).toBe(null)
    expect(pace.due(50_000 + DIGEST_INTERVAL_MS)).toBe('interval')
    expect(pace.due(50_000 + DIGEST_INTERVAL_MS)).toBe(null)
  })

  it('is once after a change, when it has been quiet', () => {
    const pace = paceAt(50_000)
    pace.changed(51_000)
    pace.changed(51_500)
    expect(pace.due(51_000 + DIGEST_QUIET_MS)).toBe(null)
    expect(pace.due(51_500 + DIGEST_QUIET_MS)).toBe('quiet')
    expect(pace.due(51_501 + DIGEST_QUIET_MS)).toBe(null)
  })

  it('does not wait for quiet for ever', () => {
    const pace = paceAt(50_000)
    const endMs = 50_000 + DIGEST_INTERVAL_MS
    pace.changed(endMs - 1)
    expect(pace.due(endMs)).toBe('interval')
    expect(pace.due(endMs - 1 + DIGEST_QUIET_MS)).toBe('quiet')
  })

  it('is put off to when it is asked for again', () => {
    const pace = paceAt(50_000)
    pace.again(55_000)
    expect(pace.due(54_999)).toBe(null)
    expect(pace.due(55_000)).toBe('quiet')
  })
})

import { describe, expect, it } from 'vitest'
import { CREDENTIAL_TTL_MOST_S } from './limits.ts'
import { mintCredential, parseSecrets } from './turn-credentials.ts'

describe('credentials', () => {
  it('[TN1] are the time of their end and the start of the key, under HMAC-SHA1 in base64', () => {
    // printf '1700000600:abcdefghijklmnop' | openssl dgst -sha1 -hmac north-wind-and-sun -binary | base64
    const minted = mintCredential({
      secret: 'north-wind-and-sun',
      key: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
      nowMs: 1_700_000_000_999,
    })
    expect(minted).toEqual({
      username: '1700000600:abcdefghijklmnop',
      credential: 'BPOO0XuLL2MBoZV2YY3IsplanmM=',
      expiresAtMs: 1_700_000_600_000,
    })
  })

  it('[TN1] end after an hour at the latest, whatever is asked for', () => {
    const tenYears = mintCredential({ secret: 's', key: 'k', nowMs: 0, ttlSeconds: 315_360_000 })
    expect(tenYears.username).toBe(`${CREDENTIAL_TTL_MOST_S}:k`)
    expect(mintCredential({ secret: 's', key: 'k', nowMs: 0, ttlSeconds: -5 }).username).toBe('1:k')
  })
})

describe('secrets', () => {
  it('[TN2] are up to four lines, the first of which mints', () => {
    expect(parseSecrets('the-new-secret-2026\r\n\nthe-old-secret-2025\n')).toEqual([
      'the-new-secret-2026',
      'the-old-secret-2025',
    ])
  })

  it.each([
    ['nothing', ''],
    ['a short one', 'short'],
    ['a space, which ends a value in the file', 'this is not one word'],
    ['what begins a comment there', '####################'],
    ['a short one among others', `${'a'.repeat(20)}\nb`],
    ['five', Array.from({ length: 5 }, () => 'a'.repeat(20)).join('\n')],
    ['a very long one', 'a'.repeat(257)],
  ])('[TN2] are not %s', (_what, text) => {
    expect(parseSecrets(text)).toBeNull()
  })
})

/** Keys of live invites as the document `invites` lists them: content like any other, so parsed like any other. */
import { fromBase64Url, parseKeyId } from '@parley/protocol'
import type { Recipient } from './epoch-keys.ts'

/** Entries that are not of the right shape, or have ended, are left out. */
export function parseInvites(listed: Iterable<readonly [string, unknown]>, nowMs: number): Recipient[] {
  return [...listed].flatMap(([name, value]) => {
    const key = parseKeyId(name)
    const { agreement, notAfterMs } = (value ?? {}) as { agreement?: unknown; notAfterMs?: unknown }
    const bytes = typeof agreement === 'string' ? fromBase64Url(agreement) : null
    const live = typeof notAfterMs === 'number' && notAfterMs > nowMs
    return key && bytes?.length === 32 && live ? [{ key, agreement: bytes }] : []
  })
}

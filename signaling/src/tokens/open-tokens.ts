/** From settings to a function that checks tokens, with keys that are read again while the server runs. */
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { KeysUnreadable, keySource } from './key-source.ts'
import { makeVerifyToken, type VerifyToken } from './operator-token.ts'
import type { TokenConfig } from './token-settings.ts'
import { TrustedKeys } from './trusted-keys.ts'

const refuseAll: VerifyToken = async () => ({ ok: false, fault: 'key' })

/**
 * Rejects when a file of keys cannot be read. A provider that does not answer is asked again by the first token: the
 * server must be able to start while it is down.
 */
export async function openTokens(
  config: TokenConfig | null,
  metrics: Metrics,
  log: Log,
): Promise<VerifyToken> {
  if (!config) return refuseAll
  const failed = (reason: string) => {
    metrics.tokenKeysRead('failed')
    log('warn', 'token-keys-unreadable', { reason })
  }
  const read = (keyCount: number) => {
    metrics.tokenKeysRead('read')
    log('info', 'token-keys-read', { keyCount })
  }
  const keys = new TrustedKeys(keySource(config.keys), { read, failed }, () => performance.now())
  try {
    await keys.read()
  } catch (error) {
    if (!(error instanceof KeysUnreadable)) throw error
    if (!config.keys.includes('://')) throw new Error(`${config.keys}: ${error.message}`, { cause: error })
    failed(error.message)
  }
  return makeVerifyToken(config, (header) => keys.keyFor(header), Date.now)
}

/** The token of the operator of a signaling server, from a file that somebody else renews. */
import { readFile } from 'node:fs/promises'
import type { OperatorToken } from '@parley/mesh'
import type { Log } from './log.ts'

/** Read for every dial, and again before the token ends: whoever renews it replaces the file, and nothing is restarted. */
export function operatorTokenFrom(file: string, log: Log): OperatorToken {
  return async () => {
    try {
      return (await readFile(file, 'utf8')).trim()
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      log('warn', 'operator-token-unreadable', { reason: code })
      throw error
    }
  }
}

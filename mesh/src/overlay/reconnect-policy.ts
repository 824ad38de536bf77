/** How long to wait before trying again. */
import { REDIAL_FIRST_MS, REDIAL_MAX_MS } from '../limits.ts'

/**
 * Doubles from {@link REDIAL_FIRST_MS} to {@link REDIAL_MAX_MS}, with full jitter in the upper half: a server that comes
 * back is not met by everybody at once.
 *
 * @param attempt counts from 0
 * @param fraction uniform in [0, 1)
 */
export function redialDelayMs(attempt: number, fraction: number): number {
  const ceiling = Math.min(REDIAL_MAX_MS, REDIAL_FIRST_MS * 2 ** Math.min(attempt, 16))
  return Math.round(ceiling * (0.5 + fraction / 2))
}

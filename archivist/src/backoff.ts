/** When the child that keeps rooms is started again. Pure. */
import { RESTART_CALM_MS, RESTART_FIRST_MS, RESTART_MAX_MS } from './limits.ts'

/** @param failures in a row, from 1; `ranMs` is how long the last one ran */
export function restartAfter(failures: number, ranMs: number): { delayMs: number; failures: number } {
  const counted = ranMs >= RESTART_CALM_MS ? 1 : failures
  return { delayMs: Math.min(RESTART_FIRST_MS * 2 ** (counted - 1), RESTART_MAX_MS), failures: counted }
}

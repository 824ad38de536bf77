/**
 * What it costs to look at frames, in milliseconds of one core of a desktop computer of today. Counted, not measured:
 * signatures are verified on other threads, where waiting for them tells how busy the machine is, not what it did, and
 * what a link is blamed for may not depend on that. Figures and where they come from: `WORK_COSTS`.
 */
import { type FrameName, limits } from '@parley/protocol'
import { WORK_COSTS } from '../limits.ts'

/** Of a usual grant; a chain has 33 before its first one. */
const GRANT_BYTES = 145
const CHAIN_HEAD_BYTES = 33

/** Decoding a frame and acting on it. */
export function frameCostMs(byteCount: number): number {
  return WORK_COSTS.frameMs + (byteCount / 1024) * WORK_COSTS.kibibyteMs
}

/** One that is verified, opened, stored and handed on. */
export function entryCostMs(byteCount: number): number {
  return frameCostMs(byteCount) + WORK_COSTS.signatureMs + WORK_COSTS.openMs
}

/** One signature for each grant. */
export function chainCostMs(byteCount: number): number {
  const grants = Math.ceil((byteCount - CHAIN_HEAD_BYTES) / GRANT_BYTES)
  return frameCostMs(byteCount) + Math.min(limits.CHAIN_GRANTS, Math.max(1, grants)) * WORK_COSTS.signatureMs
}

export function workOf(frame: FrameName, byteCount: number): number {
  const { signatureMs, openMs } = WORK_COSTS
  if (frame === 'entry') return entryCostMs(byteCount)
  if (frame === 'author') return chainCostMs(byteCount)
  if (frame === 'proof') return frameCostMs(byteCount) + 2 * signatureMs
  // Facts are signed; a caret is not, and counts alike.
  if (frame === 'presence') return frameCostMs(byteCount) + openMs + signatureMs
  return frameCostMs(byteCount)
}

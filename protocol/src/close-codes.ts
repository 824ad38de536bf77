/**
 * WebSocket close codes and codes of the peer frame CLOSE, from the private range of RFC 6455 §7.4.2. Texts never tell
 * "no such room" from "no right".
 */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  malformed: 4400,
  notProven: 4401,
  role: 4403,
  timeout: 4408,
  equivocation: 4409,
  revoked: 4410,
  tooLarge: 4413,
  full: 4423,
  version: 4426,
  rate: 4429,
} as const

export type CloseReason = keyof typeof CLOSE
export type CloseCode = (typeof CLOSE)[CloseReason]

const REASONS = new Map<number, CloseReason>(
  Object.entries(CLOSE).map(([reason, code]) => [code, reason as CloseReason]),
)

/** `null` for a code that this version does not know. */
export function closeReasonOf(code: number): CloseReason | null {
  return REASONS.get(code) ?? null
}

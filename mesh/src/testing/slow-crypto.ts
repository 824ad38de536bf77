import type { Clock, Platform } from '../ports.ts'

/** Milliseconds of virtual time. */
export interface CryptoCosts {
  readonly verifyMs: number
  readonly decryptMs: number
}

/** As on a machine with one core for it: signature checks and openings take their time, one after the other. */
class OneCore {
  readonly #clock: Clock
  #freeAtMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  take(costMs: number): Promise<void> {
    const nowMs = this.#clock.nowMs()
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + costMs
    return new Promise((resolve) => void this.#clock.after(this.#freeAtMs - nowMs, resolve))
  }
}

/** `checkCount` is how many signatures this platform has verified. */
export function slowCrypto(
  platform: Platform,
  costs: CryptoCosts,
): { platform: Platform; checkCount(): number } {
  const core = new OneCore(platform.clock)
  let checkCount = 0
  const slow: Platform = {
    ...platform,
    keyring: {
      ...platform.keyring,
      verify: async (...signed) => {
        checkCount++
        await core.take(costs.verifyMs)
        return platform.keyring.verify(...signed)
      },
    },
    cipher: {
      ...platform.cipher,
      decrypt: async (...sealed) => {
        await core.take(costs.decryptMs)
        return platform.cipher.decrypt(...sealed)
      },
    },
  }
  return { platform: slow, checkCount: () => checkCount }
}

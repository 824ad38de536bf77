/** Which other instances were heard of lately. Pure: time comes in with every call, in milliseconds. */
import type { InstanceId } from './instance-messages.ts'

export class LiveInstances {
  readonly #seenAtMs = new Map<InstanceId, number>()
  readonly #ttlMs: number

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs
  }

  saw(instance: InstanceId, atMs: number): void {
    this.#seenAtMs.set(instance, Math.max(atMs, this.#seenAtMs.get(instance) ?? atMs))
  }

  has(instance: InstanceId, nowMs: number): boolean {
    const seenAtMs = this.#seenAtMs.get(instance)
    return seenAtMs !== undefined && nowMs - seenAtMs <= this.#ttlMs
  }

  /** While nothing could be heard nobody can be taken for gone. */
  forgive(nowMs: number): void {
    for (const instance of this.#seenAtMs.keys()) this.#seenAtMs.set(instance, nowMs)
  }

  /** Those that are gone, each once. */
  takeGone(nowMs: number): readonly InstanceId[] {
    const gone = [...this.#seenAtMs.keys()].filter((instance) => !this.has(instance, nowMs))
    for (const instance of gone) this.#seenAtMs.delete(instance)
    return gone
  }
}

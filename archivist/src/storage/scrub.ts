/** Reads sealed segments through after a start, of one room at a time: a flipped bit is found before somebody needs the entry. */
import type { IndexStore } from './index-store.ts'
import type { Manifest } from './manifest.ts'

export interface ScrubPace {
  readonly delayMs: number
  readonly pauseMs: number
}

export interface ScrubTask {
  readonly indices: IndexStore
  readonly manifest: Manifest
  isOver(): boolean
  /** Whole records of a sealed segment end before the segment does. */
  damaged(number: number, atByte: number): void
  /** It could not be read: no damage, and no reason to go on. */
  failed(error: unknown): void
}

export class Scrubs {
  readonly #pace: ScrubPace
  #last: Promise<void> = Promise.resolve()

  constructor(pace: ScrubPace) {
    this.#pace = pace
  }

  add(task: ScrubTask): void {
    this.#last = this.#last.then(() => this.#run(task)).catch((error: unknown) => task.failed(error))
  }

  async #run(task: ScrubTask): Promise<void> {
    const { indices, manifest, isOver, damaged } = task
    if (manifest.sealed.length === 0 || isOver()) return
    await pause(this.#pace.delayMs)
    const goesOn = async () => {
      await pause(this.#pace.pauseMs)
      return !isOver()
    }
    for (const [i, { bytes }] of manifest.sealed.entries()) {
      if (isOver()) return
      const wholeBytes = await indices.wholeBytes(i + 1, bytes, goesOn)
      if (isOver()) return
      if (wholeBytes !== bytes) return damaged(i + 1, wholeBytes)
    }
  }
}

/** Keeps no process running. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}

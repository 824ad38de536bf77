/** What one entry costs between its bytes and Yjs, with the browser's own cryptography. */
import { defaultPlatform } from '@parley/mesh'
import { entryPath } from '@parley/mesh/testing/entry-path'

export interface EntryPathPage {
  /** Milliseconds each entry took to verify, open and judge; the first `warmUpCount` are left out. */
  measure(kind: 'keystroke' | 'paste', count: number, warmUpCount: number): Promise<readonly number[]>
}

const PASTE = 'A paragraph that somebody had written elsewhere before. '.repeat(18)

const page: EntryPathPage = {
  async measure(kind, count, warmUpCount) {
    const path = await entryPath(defaultPlatform())
    const text = kind === 'keystroke' ? 'k' : PASTE
    const edits = Array.from({ length: count + warmUpCount }, () => {
      return (into: { length: number; insert(at: number, text: string): void }) =>
        into.insert(into.length, text)
    })
    const entries = await path.seal(edits, Date.now())
    const tookMs: number[] = []
    for (const entry of entries) {
      // A turn of its own, as each message from a channel has.
      await new Promise((resolve) => setTimeout(resolve, 0))
      const startMs = performance.now()
      const update = await path.receive(entry)
      tookMs.push(performance.now() - startMs)
      path.apply(update)
    }
    return tookMs.slice(warmUpCount)
  },
}
Object.assign(globalThis, { bench: page })

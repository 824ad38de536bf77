/** What a page of a benchmark does, whichever library is in it. */
import * as Y from 'yjs'
import { fill, isFilled, type Sample } from './samples.ts'
import { StallProbe, type Stalls } from './stall-probe.ts'
import { type WireCount, watchWire } from './wire-count.ts'

export interface Meeting {
  readonly signaling: string
  /** What the first page returned from `enter`; `null` in the first page. */
  readonly invite: string | null
}

export interface Library {
  /** Resolves to what other pages need to come in. */
  enter(meeting: Meeting): Promise<string>
  doc(): Y.Doc
  linkCount(): number
  /** Nothing that was written here waits any more to be on its way and stored. */
  isSaved(): boolean
}

export interface Joined {
  /** From opening the link until the document was complete; `null`: not within the time allowed. */
  readonly totalMs: number | null
  /** From opening the link until the first link was up. */
  readonly linkedMs: number | null
  readonly stalls: Stalls
}

export interface BenchPage extends Omit<Library, 'doc'> {
  /** Compares this page's clock with the server's: offset and the round trip that bounds its error. */
  clock(): Promise<{ offsetMs: number; roundTripMs: number }>
  /** Starts to note when characters become visible. */
  watch(): void
  seenCount(): number
  /** Times since the epoch at which the n-th character was visible here. */
  seen(): readonly number[]
  /** Types at the end of the text; resolves to the times of the keystrokes. */
  type(count: number, intervalMs: number): Promise<readonly number[]>
  wire(): WireCount
  /** Resolves to the length of the whole document in V1 encoding. */
  fill(sample: Sample): Promise<number>
  join(meeting: Meeting, sample: Sample, waitMs: number): Promise<Joined>
}

const nowMs = (): number => performance.timeOrigin + performance.now()
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function clock(): Promise<{ offsetMs: number; roundTripMs: number }> {
  let best = { offsetMs: 0, roundTripMs: Number.POSITIVE_INFINITY }
  for (let i = 0; i < 60; i++) {
    const sentMs = nowMs()
    const serverMs = Number(await (await fetch('/clock')).text())
    const cameMs = nowMs()
    const roundTripMs = cameMs - sentMs
    if (roundTripMs < best.roundTripMs) best = { offsetMs: (sentMs + cameMs) / 2 - serverMs, roundTripMs }
  }
  return best
}

class Text {
  readonly #text: Y.Text
  readonly seenMs: number[] = []

  constructor(doc: Y.Doc) {
    this.#text = doc.getText('text')
    this.#note()
    this.#text.observe(() => this.#note())
  }

  #note(): void {
    const atMs = nowMs()
    while (this.seenMs.length < this.#text.length) this.seenMs.push(atMs)
  }

  async type(count: number, intervalMs: number): Promise<number[]> {
    const typedMs: number[] = []
    const startMs = performance.now()
    for (let i = 0; i < count; i++) {
      const waitMs = startMs + i * intervalMs - performance.now()
      if (waitMs > 0) await sleep(waitMs)
      typedMs.push(nowMs())
      this.#text.insert(this.#text.length, String.fromCharCode(97 + (i % 26)))
    }
    return typedMs
  }
}

/** Resolves to false when it took longer than `waitMs`. */
function filled(doc: Y.Doc, sample: Sample, waitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), waitMs)
    const look = (): void => {
      if (!isFilled(doc, sample)) return
      clearTimeout(timer)
      doc.off('afterAllTransactions', look)
      resolve(true)
    }
    doc.on('afterAllTransactions', look)
    look()
  })
}

async function join(library: Library, meeting: Meeting, sample: Sample, waitMs: number): Promise<Joined> {
  const probe = new StallProbe()
  await sleep(100)
  probe.reset()
  const startMs = performance.now()
  let linkedMs: number | null = null
  const looking = setInterval(() => {
    if (linkedMs === null && library.linkCount() > 0) linkedMs = performance.now() - startMs
  }, 2)
  await library.enter(meeting)
  const complete = await filled(library.doc(), sample, waitMs)
  const totalMs = complete ? performance.now() - startMs : null
  clearInterval(looking)
  await sleep(50)
  return { totalMs, linkedMs, stalls: probe.stop() }
}

export function providePage(library: Library): void {
  const wire = watchWire()
  let text: Text | null = null
  const watched = (): Text => {
    text ??= new Text(library.doc())
    return text
  }
  const page: BenchPage = {
    enter: (meeting) => library.enter(meeting),
    linkCount: () => library.linkCount(),
    isSaved: () => library.isSaved(),
    clock,
    watch: () => void watched(),
    seenCount: () => watched().seenMs.length,
    seen: () => watched().seenMs,
    type: (count, intervalMs) => watched().type(count, intervalMs),
    wire,
    fill: async (sample) => {
      await fill(library.doc(), sample)
      return Y.encodeStateAsUpdate(library.doc()).length
    },
    join: (meeting, sample, waitMs) => join(library, meeting, sample, waitMs),
  }
  Object.assign(globalThis, { bench: page })
}

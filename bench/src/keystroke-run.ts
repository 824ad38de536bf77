/** One run of P6: one page types, all others note when each character is visible. */
import type { Page } from 'playwright-core'
import { type Browser, launch } from './browser/chromium.ts'
import type { PageServer } from './browser/page-server.ts'
import type { Contender } from './contenders.ts'
import type { BenchPage, Meeting } from './pages/bench-page.ts'
import type { WireCount } from './pages/wire-count.ts'

declare const bench: BenchPage

export interface KeystrokeRun {
  /** One for every keystroke and page that saw it. */
  readonly delaysMs: readonly number[]
  /** Keystrokes times other pages. */
  readonly expectedCount: number
  readonly cpuMs: number
  /** Of all pages while typing. */
  readonly wire: WireCount
  /** Open ends of links over all pages. */
  readonly linkEnds: number
  /** Largest difference between the clocks of two pages, and the error that this was measured with. */
  readonly clockSpreadMs: number
  readonly clockErrorMs: number
}

const WARM_UP_KEYS = 40
const WARM_UP_INTERVAL_MS = 50
const KEYS = 150
const INTERVAL_MS = 100
const LINKING_MS = 30_000
const ARRIVAL_MS = 10_000
const CLOCK_TOLERANCE_MS = 0.5

/** False after `waitMs`; both libraries may leave some links out. */
async function linked(pages: readonly Page[], waitMs: number): Promise<boolean> {
  const wanted = Math.min(pages.length - 1, 12)
  const waits = pages.map((page) =>
    page.waitForFunction((count) => bench.linkCount() >= count, wanted, { timeout: waitMs, polling: 50 }),
  )
  const settled = await Promise.allSettled(waits)
  return settled.every(({ status }) => status === 'fulfilled')
}

async function arrived(pages: readonly Page[], count: number): Promise<void> {
  const waits = pages.map((page) =>
    page.waitForFunction((wanted) => bench.seenCount() >= wanted, count, {
      timeout: ARRIVAL_MS,
      polling: 50,
    }),
  )
  await Promise.allSettled(waits)
}

async function total(pages: readonly Page[]): Promise<WireCount> {
  const counts = await Promise.all(pages.map((page) => page.evaluate(() => bench.wire())))
  return counts.reduce((a, b) => ({ messages: a.messages + b.messages, bytes: a.bytes + b.bytes }))
}

async function compareClocks(
  pages: readonly Page[],
): Promise<Pick<KeystrokeRun, 'clockSpreadMs' | 'clockErrorMs'>> {
  const offsets: number[] = []
  let clockErrorMs = 0
  for (const page of pages) {
    const { offsetMs, roundTripMs } = await page.evaluate(() => bench.clock())
    offsets.push(offsetMs)
    clockErrorMs = Math.max(clockErrorMs, roundTripMs / 2)
  }
  const clockSpreadMs = Math.max(...offsets) - Math.min(...offsets)
  if (clockSpreadMs > CLOCK_TOLERANCE_MS + clockErrorMs)
    throw new Error(`the clocks of the pages are ${clockSpreadMs} ms apart`)
  return { clockSpreadMs, clockErrorMs }
}

async function enter(browser: Browser, contender: Contender, count: number): Promise<Page[]> {
  const pages: Page[] = []
  let invite: string | null = null
  for (let copy = 0; copy < count; copy++) {
    const page = await browser.open(contender.page, copy)
    const meeting: Meeting = { signaling: contender.signaling, invite }
    const answer: string = await page.evaluate((given) => bench.enter(given), meeting)
    invite ??= answer
    await page.evaluate(() => bench.watch())
    pages.push(page)
  }
  return pages
}

async function typeAndCollect(browser: Browser, pages: readonly Page[]): Promise<KeystrokeRun> {
  const [typist, ...readers] = pages as [Page, ...Page[]]
  const linkCounts = await Promise.all(pages.map((page) => page.evaluate(() => bench.linkCount())))
  const clocks = await compareClocks(pages)
  await typist.evaluate(([n, ms]) => bench.type(n, ms), [WARM_UP_KEYS, WARM_UP_INTERVAL_MS] as const)
  await arrived(readers, WARM_UP_KEYS)
  const wireBefore = await total(pages)
  const cpuBeforeMs = browser.cpuMs()
  const typedMs = await typist.evaluate(([n, ms]) => bench.type(n, ms), [KEYS, INTERVAL_MS] as const)
  await arrived(readers, WARM_UP_KEYS + KEYS)
  const cpuMs = browser.cpuMs() - cpuBeforeMs
  const wire = await total(pages)
  const delaysMs: number[] = []
  for (const reader of readers) {
    const seen = (await reader.evaluate(() => bench.seen())).slice(WARM_UP_KEYS)
    delaysMs.push(...seen.map((atMs, i) => atMs - (typedMs[i] ?? Number.NaN)))
  }
  return {
    ...clocks,
    delaysMs,
    expectedCount: KEYS * readers.length,
    cpuMs,
    wire: { messages: wire.messages - wireBefore.messages, bytes: wire.bytes - wireBefore.bytes },
    linkEnds: linkCounts.reduce((a, b) => a + b, 0),
  }
}

export async function runKeystrokes(
  server: PageServer,
  contender: Contender,
  peers: number,
): Promise<KeystrokeRun> {
  const browser = await launch(server)
  try {
    const pages = await enter(browser, contender, peers)
    await linked(pages, LINKING_MS)
    return await typeAndCollect(browser, pages)
  } finally {
    await browser.close()
  }
}

export const KEYSTROKES: string = `${KEYS} keystrokes at ${1000 / INTERVAL_MS}/s`

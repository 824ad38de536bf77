/** How bytes travel on each link, asked of the connections now and then; the screen tells *relayed* from it. */
import type { KeyId } from '@parley/protocol'
import { FIRST_PATH_MS, PATH_INTERVAL_MS, ROUND_TRIP_STEP_MS } from './limits.ts'
import type { Clock, LinkPath, Unsubscribe } from './ports.ts'

export interface WatchedLink {
  readonly key: KeyId
  readonly path: () => Promise<LinkPath | null>
}

export class RoomPaths<Link extends WatchedLink> {
  readonly #clock: Clock
  readonly #changed: () => void
  readonly #links = new Map<Link, { path: LinkPath | null; cancel: Unsubscribe }>()

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  attach(link: Link): void {
    this.#links.set(link, { path: null, cancel: () => undefined })
    this.#look(link, FIRST_PATH_MS)
  }

  detach(link: Link): void {
    this.#links.get(link)?.cancel()
    this.#links.delete(link)
  }

  /** Of several links to one key a direct one counts; `null` without any that is known. */
  of(key: KeyId): LinkPath | null {
    const known = [...this.#links].flatMap(([link, { path }]) => (link.key === key && path ? [path] : []))
    return known.find(({ kind }) => kind === 'direct') ?? known[0] ?? null
  }

  get relayedCount(): number {
    return [...this.#links.values()].filter(({ path }) => path?.kind === 'relayed').length
  }

  close(): void {
    for (const link of [...this.#links.keys()]) this.detach(link)
  }

  #look(link: Link, afterMs: number): void {
    const watched = this.#links.get(link)
    if (watched) watched.cancel = this.#clock.after(afterMs, () => void this.#ask(link))
  }

  async #ask(link: Link): Promise<void> {
    const path = await link.path()
    const watched = this.#links.get(link)
    if (!watched) return
    const told = differs(watched.path, path)
    if (told) watched.path = path
    this.#look(link, path ? PATH_INTERVAL_MS : FIRST_PATH_MS)
    if (told) this.#changed()
  }
}

/** Round trips waver: a screen that follows every millisecond is drawn for nothing. */
function differs(before: LinkPath | null, now: LinkPath | null): boolean {
  if (!before || !now || before.kind !== now.kind) return before !== now
  if (before.roundTripMs === null || now.roundTripMs === null) return before.roundTripMs !== now.roundTripMs
  return (
    Math.abs(before.roundTripMs - now.roundTripMs) >= Math.max(ROUND_TRIP_STEP_MS, before.roundTripMs / 4)
  )
}

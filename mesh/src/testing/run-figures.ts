/** What a long run prints: seed, counts, time and memory. For tests alone. */
import { memoryUsage, stdout } from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const MEGABYTE = 1e6

/** Node lets a process ask for a collection only when told so; without, what lies about counts as held. */
const gc = exposedGc()

export class RunFigures {
  readonly #title: string
  readonly #startedMs = performance.now()
  readonly #startBytes: number
  #peakBytes: number

  constructor(title: string) {
    this.#title = title
    this.#startBytes = heldBytes()
    this.#peakBytes = this.#startBytes
  }

  /** Looks at the memory held now; call it now and then. */
  sample(): void {
    this.#peakBytes = Math.max(this.#peakBytes, heldBytes())
  }

  /** Whether memory is measured after a collection, and so says what is really held. */
  get isExact(): boolean {
    return gc !== null
  }

  /** Milliseconds since the run began. */
  get elapsedMs(): number {
    return performance.now() - this.#startedMs
  }

  /** Megabytes held beyond those of the start, right now. */
  get grownMegabytes(): number {
    return (heldBytes() - this.#startBytes) / MEGABYTE
  }

  print(figures: Readonly<Record<string, number | string>>): void {
    this.sample()
    const memory = `memory +${this.grownMegabytes.toFixed(1)} MB at the end, +${((this.#peakBytes - this.#startBytes) / MEGABYTE).toFixed(1)} MB at most`
    const listed = Object.entries(figures).map(([name, value]) => `${name} ${value}`)
    stdout.write(`${this.#title}: ${listed.join(', ')}, ${(this.elapsedMs / 1000).toFixed(1)} s, ${memory}\n`)
  }
}

function exposedGc(): (() => void) | null {
  setFlagsFromString('--expose-gc')
  const exposed: unknown = runInNewContext('typeof gc === "function" ? gc : null')
  return typeof exposed === 'function' ? () => void exposed() : null
}

function heldBytes(): number {
  gc?.()
  const { heapUsed, arrayBuffers } = memoryUsage()
  return heapUsed + arrayBuffers
}

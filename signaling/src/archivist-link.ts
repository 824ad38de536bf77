/**
 * The archivists of this server: their common key goes into `welcome`, and what an owner sealed for it is handed to them.
 * What is handed on is ciphertext, and what comes back is a yes or a no: nothing of an answer reaches a client.
 */
import * as v from 'valibot'
import { boundedText } from './bounded-text.ts'
import type { Log } from './log.ts'
import { TokenBucket } from './rate-limit.ts'

/** What a session needs of it. */
export interface ArchivistPort {
  /** X25519 key of the archivist, 43 characters of base64url; `null` while it cannot be reached. */
  agreement(): string | null
  /** `room` is what the client has proven to own. Never rejects. */
  keep(room: string, sealed: string): Promise<boolean>
}

export interface ArchivistTimes {
  /** One question, the answer included. */
  readonly timeoutMs: number
  /** An archivist that could not be reached is asked again after so long… */
  readonly retryMs: number
  /** …and one that could, to notice another key. */
  readonly refreshMs: number
}

export interface ArchivistConfig {
  /** `http(s)://host[:port]`; several share one identity and divide the rooms among them. */
  readonly urls: readonly string[]
  /** What they ask for beyond loopback. */
  readonly token: string | null
}

export const ARCHIVIST_TIMES: ArchivistTimes = { timeoutMs: 10_000, retryMs: 2_000, refreshMs: 60_000 }
/** Of an answer; the longest that is expected has 80. */
const ANSWER_BYTES = 4096
/** Rooms kept a second by all clients together: each costs the archivist some signatures and a write. */
const KEEPS_PER_SECOND = 5
const KEEPS_BURST = 50

const identitySchema = v.object({ agreement: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)) })
const keptSchema = v.object({ accepted: v.boolean() })

export class ArchivistLink implements ArchivistPort {
  readonly #config: ArchivistConfig
  readonly #log: Log
  readonly #times: ArchivistTimes
  readonly #bucket = new TokenBucket(KEEPS_PER_SECOND, KEEPS_BURST, Date.now())
  readonly #ending = new AbortController()
  #agreement: string | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(config: ArchivistConfig, log: Log, times: ArchivistTimes = ARCHIVIST_TIMES) {
    this.#config = config
    this.#log = log
    this.#times = times
  }

  agreement(): string | null {
    return this.#agreement
  }

  /** Resolves after the first question, whatever came of it; asks again by itself from then on. */
  async start(): Promise<void> {
    await this.#refresh()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#ending.abort()
  }

  async keep(room: string, sealed: string): Promise<boolean> {
    if (this.#agreement === null || !this.#bucket.take(Date.now())) return false
    const answers = await Promise.all(this.#config.urls.map((url) => this.#keepAt(url, { room, sealed })))
    if (answers.some((answer) => answer?.accepted)) return true
    if (answers.some((answer) => answer === null)) void this.#refresh()
    return false
  }

  async #keepAt(url: string, body: object): Promise<v.InferOutput<typeof keptSchema> | null> {
    const { token } = this.#config
    return this.#ask(`${url}/keep`, keptSchema, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(body),
    })
  }

  async #refresh(): Promise<void> {
    clearTimeout(this.#timer)
    const answers = await Promise.all(
      this.#config.urls.map((url) => this.#ask(`${url}/identity`, identitySchema, {})),
    )
    if (this.#ending.signal.aborted) return
    const keys = new Set(answers.flatMap((answer) => (answer ? [answer.agreement] : [])))
    const [key = null] = keys
    // A link sealed for one key is of no use to an archivist with another: nothing is promised until they agree.
    this.#become(keys.size > 1 ? null : key, keys.size > 1 ? 'archivists-disagree' : 'archivist-lost')
    const delayMs = answers.includes(null) ? this.#times.retryMs : this.#times.refreshMs
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#refresh(), delayMs)
    this.#timer.unref()
  }

  #become(agreement: string | null, loss: string): void {
    if (agreement === this.#agreement) return
    this.#agreement = agreement
    if (agreement === null) this.#log('warn', loss)
    else this.#log('info', 'archivist-found')
  }

  /** `null` for whatever is no such answer in time. */
  async #ask<S extends v.GenericSchema>(
    url: string,
    schema: S,
    init: RequestInit,
  ): Promise<v.InferOutput<S> | null> {
    try {
      const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(this.#times.timeoutMs)])
      const response = await fetch(url, { ...init, signal, redirect: 'error' })
      const text = await boundedText(response, ANSWER_BYTES)
      if (!response.ok || text === null) return this.#failed(`status ${response.status}`)
      const result = v.safeParse(schema, JSON.parse(text))
      return result.success ? result.output : this.#failed('not an answer of an archivist')
    } catch (error) {
      return this.#failed(error instanceof Error ? error.message : String(error))
    }
  }

  #failed(reason: string): null {
    if (!this.#ending.signal.aborted) this.#log('debug', 'archivist-unanswered', { reason })
    return null
  }
}

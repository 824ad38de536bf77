/**
 * Two connections to one Redis, for commands and for what is published. Nothing queues up here: without a connection,
 * or beyond the limits, a command is not sent and the answer is `null`.
 */
import { Redis, type RedisOptions } from 'ioredis'
import {
  REDIS_ANSWER_MS,
  REDIS_DISCONNECT_MS,
  REDIS_KEEP_ALIVE_MS,
  REDIS_PENDING_CHARACTERS,
  REDIS_PENDING_COUNT,
  REDIS_RETRY_MAX_MS,
  REDIS_RETRY_MS,
} from '../limits.ts'
import type { Log } from '../log.ts'

export interface RedisEvents {
  /** Both connections stand. Commands may be sent from here on. */
  up(): void
  message(channel: string, text: string): void
}

export type RedisArguments = readonly (string | number)[]

const OPTIONS: RedisOptions = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  disconnectTimeout: REDIS_DISCONNECT_MS,
  connectTimeout: REDIS_ANSWER_MS * 2,
  keepAlive: REDIS_KEEP_ALIVE_MS,
  retryStrategy: (attempt) => Math.min(REDIS_RETRY_MS * 2 ** Math.min(attempt, 10), REDIS_RETRY_MAX_MS),
}

export class RedisClient {
  readonly #commands: Redis
  readonly #subscriber: Redis
  readonly #events: RedisEvents
  readonly #log: Log
  #pendingCount = 0
  #pendingCharacters = 0
  #isUp = false
  /** That it is down was said, and not yet that it is up again. */
  #isDownLogged = false
  #isClosed = false

  constructor(url: string, events: RedisEvents, log: Log) {
    this.#events = events
    this.#log = log
    this.#commands = this.#open(url)
    this.#subscriber = this.#open(url)
    this.#subscriber.on('message', (channel, text) => this.#events.message(channel, text))
  }

  get isUp(): boolean {
    return this.#isUp
  }

  #open(url: string): Redis {
    const redis = new Redis(url, OPTIONS)
    redis.on('ready', () => this.#onReady())
    redis.on('close', () => this.#onClose())
    // Every failed attempt; `close` follows, and is logged once.
    redis.on('error', (error: Error) => this.#log('debug', 'redis-error', { reason: error.message }))
    return redis
  }

  #onReady(): void {
    if (this.#commands.status !== 'ready' || this.#subscriber.status !== 'ready') return
    this.#isUp = true
    this.#isDownLogged = false
    this.#log('info', 'redis-up')
    this.#events.up()
  }

  #onClose(): void {
    this.#isUp = false
    if (this.#isDownLogged || this.#isClosed) return
    this.#isDownLogged = true
    this.#log('warn', 'redis-down')
  }

  /** A Redis that stands still is as good as none: what waits for it in the socket goes with the connection. */
  #onNoAnswer(): void {
    if (!this.#isUp) return
    this.#onClose()
    this.#commands.disconnect(true)
  }

  /** `null` when it could not be sent, was not answered in time, or failed. Never rejects. */
  async run(command: string, parameters: RedisArguments): Promise<unknown> {
    const characters = parameters.reduce<number>((sum, one) => sum + String(one).length, 0)
    if (!this.#isUp || this.#pendingCount >= REDIS_PENDING_COUNT) return null
    if (this.#pendingCharacters + characters > REDIS_PENDING_CHARACTERS) return null
    this.#pendingCount++
    this.#pendingCharacters += characters
    try {
      return await this.#inTime(this.#commands.call(command, [...parameters]))
    } catch (error) {
      this.#log('debug', 'redis-command-failed', { command, reason: String(error) })
      return null
    } finally {
      this.#pendingCount--
      this.#pendingCharacters -= characters
    }
  }

  /** Rejects after {@link REDIS_ANSWER_MS}. */
  async #inTime(answer: Promise<unknown>): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#onNoAnswer()
        reject(new Error('no answer in time'))
      }, REDIS_ANSWER_MS)
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Runs one of the scripts. */
  script(source: string, keys: readonly string[], parameters: RedisArguments): Promise<unknown> {
    return this.run('EVAL', [source, keys.length, ...keys, ...parameters])
  }

  /** What fails is done again by who is told `up`. */
  subscribe(channels: readonly string[]): void {
    this.#change(this.#subscriber.subscribe(...channels))
  }

  unsubscribe(channels: readonly string[]): void {
    this.#change(this.#subscriber.unsubscribe(...channels))
  }

  #change(done: Promise<unknown>): void {
    done.catch((error: unknown) => this.#log('debug', 'redis-command-failed', { reason: String(error) }))
  }

  close(): void {
    this.#isClosed = true
    this.#isUp = false
    this.#commands.disconnect()
    this.#subscriber.disconnect()
  }
}

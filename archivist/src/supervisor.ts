/**
 * Keeps the child that keeps rooms running. WebRTC is native code: when it takes its process down, this one goes on
 * answering health, metrics and signaling, and starts another. Whatever was acknowledged lies on the disk by then.
 */
import type { ChildProcess } from 'node:child_process'
import * as v from 'valibot'
import { restartAfter } from './backoff.ts'
import {
  EXIT_IN_USE,
  EXIT_UNSUPPORTED,
  type FromChild,
  fromChildSchema,
  type KeeperStatus,
  type ToChild,
} from './child-messages.ts'
import {
  ANSWER_TIMEOUT_MS,
  LONG_ANSWER_TIMEOUT_MS,
  SILENT_CHILD_MS,
  START_TIMEOUT_MS,
  STATUS_INTERVAL_MS,
  STOP_MS,
} from './limits.ts'
import type { Log } from './log.ts'
import { isLong, type Operation, type Outcome } from './operations.ts'

export type SupervisorState =
  | { readonly at: 'starting' }
  | { readonly at: 'running'; readonly status: KeeperStatus | null }
  /** The child ended; another one follows. */
  | { readonly at: 'waiting' }
  | { readonly at: 'stopped' }

export interface SupervisorDeps {
  readonly fork: () => ChildProcess
  readonly log: Log
  readonly nowMs: () => number
}

/** What a first child that ends is told by; a later one is tried again. */
const NO_START: Readonly<Record<number, string>> = {
  [EXIT_IN_USE]: 'the folder is in use by another archivist; end that one first',
  [EXIT_UNSUPPORTED]: 'WebRTC is missing on this machine: npm install @roamhq/wrtc',
}

/** It is not running, or did not answer in time. */
const AWAY: Outcome = { ok: false, error: 'the archivist is starting again; try later' }

interface Question {
  readonly timer: NodeJS.Timeout
  answer(reply: Outcome | string): void
}

export class Supervisor {
  readonly #deps: SupervisorDeps
  readonly #questions = new Map<number, Question>()
  #child: ChildProcess | null = null
  #state: SupervisorState = { at: 'starting' }
  #nextId = 0
  #failures = 0
  #restarts = 0
  #startedMs = 0
  #heardMs = 0
  #restartTimer: NodeJS.Timeout | undefined
  #watchTimer: NodeJS.Timeout | undefined
  #ended: () => void = () => undefined
  #first: { resolve(): void; reject(error: Error): void } | null = null

  constructor(deps: SupervisorDeps) {
    this.#deps = deps
  }

  get state(): SupervisorState {
    return this.#state
  }

  /** Ends of the child that nobody asked for. */
  get restartCount(): number {
    return this.#restarts
  }

  /** For tests and the log. */
  get childPid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves once the first child has the folder; rejects when that one ends before, e.g. since the folder is in use. */
  start(): Promise<void> {
    const first = new Promise<void>((resolve, reject) => {
      this.#first = { resolve, reject }
    })
    this.#fork()
    this.#watchTimer = setInterval(() => this.#watch(), STATUS_INTERVAL_MS)
    return first
  }

  async perform(operation: Operation): Promise<Outcome> {
    const limitMs = isLong(operation) ? LONG_ANSWER_TIMEOUT_MS : ANSWER_TIMEOUT_MS
    const reply = await this.#ask((id) => ({ type: 'perform', id, operation }), limitMs)
    return typeof reply === 'string' ? AWAY : reply
  }

  /** The child's metrics; empty while there is none. */
  async metrics(): Promise<string> {
    const reply = await this.#ask((id) => ({ type: 'metrics', id }), ANSWER_TIMEOUT_MS)
    return typeof reply === 'string' ? reply : ''
  }

  /** Asks the child to flush and close, and kills it when that takes too long. */
  async stop(): Promise<void> {
    const child = this.#child
    clearTimeout(this.#restartTimer)
    clearInterval(this.#watchTimer)
    this.#state = { at: 'stopped' }
    if (!child) return
    const gone = new Promise<void>((resolve) => {
      this.#ended = resolve
    })
    this.#tell({ type: 'stop' })
    const cutOff = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await gone
    clearTimeout(cutOff)
  }

  #fork(): void {
    const { fork, nowMs } = this.#deps
    const child = fork()
    this.#child = child
    this.#state = { at: 'starting' }
    this.#startedMs = nowMs()
    this.#heardMs = this.#startedMs
    this.#deps.log('info', 'keeper-started', { pid: child.pid ?? 0 })
    child.on('message', (message) => this.#onMessage(child, message))
    child.on('error', (error) => this.#deps.log('error', 'keeper-fault', { reason: error.message }))
    child.once('exit', (code, signal) => this.#onExit(code, signal))
  }

  #onMessage(child: ChildProcess, raw: unknown): void {
    if (child !== this.#child) return
    this.#heardMs = this.#deps.nowMs()
    const message: FromChild = v.parse(fromChildSchema, raw)
    switch (message.type) {
      case 'ready':
        if (this.#state.at === 'starting') this.#state = { at: 'running', status: null }
        this.#first?.resolve()
        this.#first = null
        break
      case 'status':
        if (this.#state.at === 'running') this.#state = { at: 'running', status: message.status }
        break
      case 'answer':
        this.#settle(message.id, message.outcome)
        break
      case 'metrics':
        this.#settle(message.id, message.text)
    }
  }

  #onExit(code: number | null, signal: string | null): void {
    const { log, nowMs } = this.#deps
    this.#child = null
    for (const id of [...this.#questions.keys()]) this.#settle(id, AWAY)
    this.#ended()
    if (this.#state.at === 'stopped') return
    if (this.#first) {
      this.#state = { at: 'stopped' }
      clearInterval(this.#watchTimer)
      this.#first.reject(
        new Error(NO_START[code ?? 0] ?? 'the process that keeps rooms ended; its log says why'),
      )
      return
    }
    this.#restarts++
    const next = restartAfter(this.#failures + 1, nowMs() - this.#startedMs)
    this.#failures = next.failures
    this.#state = { at: 'waiting' }
    log('error', 'keeper-ended', { code: code ?? -1, signal: signal ?? 'none', retryMs: next.delayMs })
    this.#restartTimer = setTimeout(() => this.#fork(), next.delayMs)
  }

  /** A child that hangs is ended; its exit starts the next one. */
  #watch(): void {
    const child = this.#child
    if (!child) return
    const limitMs = this.#state.at === 'starting' ? START_TIMEOUT_MS : SILENT_CHILD_MS
    if (this.#deps.nowMs() - this.#heardMs <= limitMs) return
    this.#deps.log('error', 'keeper-silent', { limitMs })
    this.#heardMs = this.#deps.nowMs()
    child.kill('SIGKILL')
  }

  #ask(make: (id: number) => ToChild, limitMs: number): Promise<Outcome | string> {
    if (this.#state.at !== 'running') return Promise.resolve(AWAY)
    const id = this.#nextId++
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(id, AWAY), limitMs)
      this.#questions.set(id, { timer, answer: resolve })
      this.#tell(make(id))
    })
  }

  #settle(id: number, reply: Outcome | string): void {
    const question = this.#questions.get(id)
    this.#questions.delete(id)
    clearTimeout(question?.timer)
    question?.answer(reply)
  }

  /** A channel that closed under us is told by `exit`. */
  #tell(message: ToChild): void {
    this.#child?.send(message, (error) => {
      if (error) this.#deps.log('debug', 'keeper-gone', { reason: error.message })
    })
  }
}

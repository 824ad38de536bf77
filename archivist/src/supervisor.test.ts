import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EXIT_IN_USE, EXIT_UNSUPPORTED, type FromChild, type ToChild } from './child-messages.ts'
import { ANSWER_TIMEOUT_MS, SILENT_CHILD_MS, START_TIMEOUT_MS, STOP_MS } from './limits.ts'
import { Supervisor } from './supervisor.ts'

const STATUS = {
  roomCount: 0,
  unopenedCount: 0,
  quarantinedCount: 0,
  linkCount: 0,
  entryCount: 0,
  entryBytes: 0,
  sightedRooms: [],
  readOnly: null,
}

/** A child without a process. */
class FakeChild extends EventEmitter {
  readonly told: ToChild[] = []
  readonly pid = 1
  send(message: ToChild): boolean {
    this.told.push(message)
    return true
  }
  kill(signal: string): boolean {
    queueMicrotask(() => this.emit('exit', null, signal))
    return true
  }
  say(message: FromChild): void {
    this.emit('message', message)
  }
}

function makeHouse() {
  const children: FakeChild[] = []
  const events: string[] = []
  const fork = (): ChildProcess => {
    const child = new FakeChild()
    children.push(child)
    return child as unknown as ChildProcess
  }
  const supervisor = new Supervisor({
    fork,
    log: (_level, event) => void events.push(event),
    nowMs: Date.now,
  })
  return { children, events, supervisor, last: () => children.at(-1) as FakeChild }
}

async function started() {
  const house = makeHouse()
  const ready = house.supervisor.start()
  house.last().say({ type: 'ready' })
  await ready
  return house
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the supervisor', () => {
  it('runs once its child has the folder, and passes questions on', async () => {
    const { supervisor, last } = await started()
    expect(supervisor.state).toEqual({ at: 'running', status: null })
    last().say({ type: 'status', status: STATUS })
    expect(supervisor.state).toEqual({ at: 'running', status: STATUS })
    const answer = supervisor.perform({ op: 'list' })
    const [question] = last().told
    expect(question).toEqual({ type: 'perform', id: 0, operation: { op: 'list' } })
    last().say({ type: 'answer', id: 0, outcome: { ok: true, value: [] } })
    expect(await answer).toEqual({ ok: true, value: [] })
  })

  it('starts another child when one is killed, answers no meanwhile, and counts', async () => {
    const { supervisor, children, last } = await started()
    const asked = supervisor.perform({ op: 'list' })
    last().kill('SIGKILL')
    expect(await asked).toMatchObject({ ok: false })
    expect(supervisor.state).toEqual({ at: 'waiting' })
    expect(await supervisor.perform({ op: 'list' })).toMatchObject({ ok: false })
    expect(await supervisor.metrics()).toBe('')
    await vi.advanceTimersByTimeAsync(250)
    expect(children).toHaveLength(2)
    expect(supervisor.state).toEqual({ at: 'starting' })
    last().say({ type: 'ready' })
    expect(supervisor.state).toMatchObject({ at: 'running' })
    expect(supervisor.restartCount).toBe(1)
  })

  it('hears nothing from a child that it has given up', async () => {
    const { supervisor, children, last } = await started()
    last().kill('SIGKILL')
    await vi.advanceTimersByTimeAsync(250)
    children[0]?.say({ type: 'ready' })
    expect(supervisor.state).toEqual({ at: 'starting' })
  })

  it('kills a child that hangs, at its start and later', async () => {
    const { supervisor, children, events, last } = await started()
    await vi.advanceTimersByTimeAsync(SILENT_CHILD_MS + 2_000)
    expect(children).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(START_TIMEOUT_MS + 2_000)
    expect(children).toHaveLength(3)
    expect(events.filter((event) => event === 'keeper-silent')).toHaveLength(2)
    last().say({ type: 'ready' })
    expect(supervisor.state.at).toBe('running')
  })

  it('lets a question go that is not answered in time', async () => {
    const { supervisor, last } = await started()
    const asked = supervisor.perform({ op: 'list' })
    await vi.advanceTimersByTimeAsync(ANSWER_TIMEOUT_MS)
    expect(await asked).toMatchObject({ ok: false })
    last().say({ type: 'answer', id: 0, outcome: { ok: true, value: 'late' } })
  })

  it.each([
    [EXIT_IN_USE, 'in use'],
    [EXIT_UNSUPPORTED, 'WebRTC'],
    [1, 'log'],
  ])('gives up a first child that ends with %i, and says why', async (code, reason) => {
    const { supervisor, children, last } = makeHouse()
    const ready = supervisor.start()
    last().emit('exit', code, null)
    await expect(ready).rejects.toThrow(reason)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(children).toHaveLength(1)
  })

  it('asks its child to end, and kills one that does not', async () => {
    const { supervisor, children, last } = await started()
    const child = last()
    const stopping = supervisor.stop()
    expect(child.told).toEqual([{ type: 'stop' }])
    await vi.advanceTimersByTimeAsync(STOP_MS)
    await stopping
    await vi.advanceTimersByTimeAsync(60_000)
    expect(children).toHaveLength(1)
    expect(supervisor.state).toEqual({ at: 'stopped' })
  })
})

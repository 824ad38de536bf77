/** Has a request done: by the archivist that runs on the folder, or here when none does. */
import { mkdir } from 'node:fs/promises'
import * as v from 'valibot'
import { type Control, readControl } from './control-file.ts'
import { lockFolder } from './folder-lock.ts'
import { makeKeeperParts } from './keeper-parts.ts'
import { ANSWER_TIMEOUT_MS, LONG_ANSWER_TIMEOUT_MS, PROBE_TIMEOUT_MS } from './limits.ts'
import { type LogLevel, makeLog } from './log.ts'
import { isLong, type Operation, type Outcome, outcomeSchema, reasonOf } from './operations.ts'
import { perform } from './perform.ts'
import { WHOLE } from './share.ts'

const bearer = ({ token }: Control) => ({ authorization: `Bearer ${token}` })

/** What `/status` of the running archivist says; `null` when none runs. */
export async function runningStatus(dir: string): Promise<unknown | null> {
  const control = await readControl(dir)
  if (!control) return null
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS)
    const response = await fetch(`${control.url}/status`, { headers: bearer(control), signal })
    return response.ok ? ((await response.json()) as unknown) : null
  } catch (error) {
    if (isUnreachable(error)) return null
    throw error
  }
}

/** It left its file behind, or does not answer: the lock of the folder tells whether it lives. */
function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')
}

async function askRunning(control: Control, operation: Operation): Promise<Outcome> {
  const limitMs = isLong(operation) ? LONG_ANSWER_TIMEOUT_MS : ANSWER_TIMEOUT_MS
  try {
    const response = await fetch(`${control.url}/control`, {
      method: 'POST',
      headers: { ...bearer(control), 'content-type': 'application/json' },
      body: JSON.stringify(operation),
      signal: AbortSignal.timeout(limitMs),
    })
    if (!response.ok) return { ok: false, error: `the running archivist answered ${response.status}` }
    return v.parse(outcomeSchema, await response.json())
  } catch (error) {
    return { ok: false, error: `the running archivist did not answer: ${reasonOf(error)}` }
  }
}

async function performHere(dir: string, logLevel: LogLevel, operation: Operation): Promise<Outcome> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  let lost = false
  const lock = await lockFolder(dir, () => {
    lost = true
  })
  try {
    const parts = await makeKeeperParts(
      { dir, signaling: [], operatorTokenFile: null, share: WHOLE, maxRooms: Number.MAX_SAFE_INTEGER },
      makeLog(logLevel, 'command'),
    )
    const outcome = await perform(parts, operation)
    await parts.close()
    return lost ? { ok: false, error: 'another process took the folder meanwhile' } : outcome
  } finally {
    await lock.release()
  }
}

/** Rejects when the folder cannot be used. */
export async function ask(dir: string, logLevel: LogLevel, operation: Operation): Promise<Outcome> {
  const running = await runningStatus(dir)
  const control = running === null ? null : await readControl(dir)
  return control ? askRunning(control, operation) : performHere(dir, logLevel, operation)
}

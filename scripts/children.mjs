/** The processes that `npm start` runs beside each other: started, listened to and ended together. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** What a person at the terminal should see without asking. */
const LOUD = new Set(['warn', 'error', 'fatal'])

/** The child has a process group of its own, so that Ctrl-C reaches it once, through {@link endTogether}. */
export function startChild(script, args, env = {}) {
  return spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: process.platform !== 'win32',
    env: { ...process.env, ...env },
  })
}

function parseLine(line) {
  try {
    const value = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    return null
  }
}

const always = () => true

/** Children log one JSON object a line: shows what should be seen while `isHeard`, gives each to `onEntry`. */
export function followLog(child, { verbose }, onEntry, isHeard = always) {
  createInterface({ input: child.stdout }).on('line', (line) => {
    const entry = parseLine(line)
    if (verbose || entry === null || (LOUD.has(entry.level) && isHeard())) console.log(line)
    if (entry !== null) onEntry(entry)
  })
}

/** The child does not outlive this process, which is interrupted before {@link endTogether} takes over. */
export async function guarded(child, starting) {
  const stop = () => {
    child.kill('SIGTERM')
    process.exit(1)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, stop)
  try {
    return await starting
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}

function isRunning(child) {
  return child.exitCode === null && child.signalCode === null
}

/**
 * Signals reach all of them, a second one kills. When `main` ends the others are asked to, and this process follows once
 * all are gone, with the exit code of `main`. Others may end before.
 */
export function endTogether(main, others) {
  const all = [main, ...others]
  let asked = false
  const tell = (signal) => {
    for (const child of all) if (isRunning(child)) child.kill(signal)
  }
  const leaveWhenGone = () => {
    if (!all.some(isRunning)) process.exit(main.exitCode ?? (asked ? 0 : 1))
    if (!isRunning(main)) tell('SIGTERM')
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      tell(asked ? 'SIGKILL' : signal)
      asked = true
    })
  }
  process.on('exit', () => tell('SIGKILL'))
  for (const child of all) child.on('exit', leaveWhenGone)
}

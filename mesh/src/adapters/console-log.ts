import type { Log } from '../ports.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LEVELS)[number]

/** One line of JSON an event from `lowest` upwards: `{"at":"…","level":"info","event":"…",…}`. */
export function consoleLog(lowest: LogLevel, console: Pick<Console, LogLevel> = globalThis.console): Log {
  const from = LEVELS.indexOf(lowest)
  return (level, event, facts) => {
    if (LEVELS.indexOf(level) < from) return
    console[level](JSON.stringify({ at: new Date().toISOString(), level, event, ...facts }))
  }
}

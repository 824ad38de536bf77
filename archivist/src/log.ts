/**
 * JSON lines on standard output. Never in a log: content, links, chains, keys, whole addresses. A room is named by the
 * first 22 characters of its id, as its folder is: whoever reads the log can read the names of folders.
 * `info` tells what an operator does (start, stop, keep), `warn` what one should look at, `error` what needs somebody.
 */
import { type Logger, pino } from 'pino'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
export type Facts = Readonly<Record<string, string | number | boolean>>
export type Log = (level: Exclude<LogLevel, 'silent'>, event: string, facts?: Facts) => void

/** `part` is `supervisor` or `keeper`: both write to the same output. Lines are written at once, also by one that dies. */
export function makeLog(level: LogLevel, part: 'supervisor' | 'keeper' | 'command'): Log {
  const options = {
    name: 'parley-archivist',
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    base: { part },
  }
  // Commands print their result on standard output: what they log goes beside it.
  const logger: Logger = pino(options, pino.destination({ fd: part === 'command' ? 2 : 1, sync: true }))
  return (at, event, facts = {}) => logger[at]({ event, ...facts })
}

/**
 * JSON lines on standard output. Never in a log: content, chains, tokens, keys, room ids, whole addresses.
 * `info` tells what an operator does (start, drain), `warn` what one should look at, `debug` single connections.
 */
import { pino } from 'pino'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
export type Facts = Readonly<Record<string, string | number | boolean>>
export type Log = (level: Exclude<LogLevel, 'silent'>, event: string, facts?: Facts) => void

export function makeLog(level: LogLevel): Log {
  const logger = pino({
    name: 'parley-signaling',
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    base: {},
  })
  return (at, event, facts = {}) => logger[at]({ event, ...facts })
}

import { describe, expect, it } from 'vitest'
import { consoleLog, type LogLevel } from './console-log.ts'

describe('consoleLog', () => {
  it('writes one line of JSON an event, from the lowest level upwards', () => {
    const lines: string[] = []
    const write = (level: LogLevel) => (line: string) => lines.push(`${level} ${line}`)
    const sink = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
    const log = consoleLog('warn', sink)
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log(level, 'link-closed', { code: 4400 })
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['warn', 'error'])
    expect(JSON.parse(lines[0]?.slice(5) ?? '')).toMatchObject({
      level: 'warn',
      event: 'link-closed',
      code: 4400,
    })
  })
})

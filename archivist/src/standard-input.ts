import { createInterface } from 'node:readline'

/** The first line of standard input, without spaces around it; empty when there is none. */
export async function readLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line.trim()
  return ''
}

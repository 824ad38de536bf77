/** A real coturn on loopback, for tests. */

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { readConfig } from '../config.ts'
import { findCommand, startRelay } from '../launch.ts'
import { TurnClient } from './turn-client.ts'

export const SECRET = 'a-secret-for-tests-alone'

/** Why tests with a real relay cannot run here, `null` when they can. */
export const NO_RELAY = findCommand('turnserver') ? null : 'turnserver (package coturn) is not installed'

export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

export interface TestRelay {
  readonly port: number
  readonly lines: readonly string[]
  stop(): Promise<number>
}

/** Resolves once it answers. */
export async function startTestRelay(address: string, ...flags: readonly string[]): Promise<TestRelay> {
  const port = await freePort()
  const verdict = readConfig(['--listen', address, '--port', String(port), ...flags], {
    PARLEY_TURN_SECRET: SECRET,
  })
  if (!verdict.ok) throw new Error(verdict.errors.join('\n'))
  const lines: string[] = []
  const relay = startRelay(verdict.config, (line) => lines.push(line))
  const stop = () => {
    relay.stop()
    return relay.ended
  }
  const client = await TurnClient.open({ host: address, port, over: 'udp' })
  try {
    await client.binding()
  } catch (error) {
    await stop()
    throw new Error(`coturn did not start:\n${lines.join('\n')}`, { cause: error })
  } finally {
    client.close()
  }
  return { port, lines, stop }
}

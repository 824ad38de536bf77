/** Programs that run in a network namespace: the real servers, and a browser of its own for each home. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type BrowserContext, chromium } from 'playwright-core'
import { PUBLIC_ADDRESS } from './network.ts'

const ROOT = join(import.meta.dirname, '../../..')
const CHROMIUM = process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium'
const START_MS = 20_000
const ACTION_MS = 15_000

export interface Program {
  readonly lines: readonly string[]
  stop(): Promise<void>
}

/** Resolves once a line of its output says that it is ready. Without a namespace it runs where the tests do. */
export async function startIn(
  namespace: string | null,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  isReady: (line: string) => boolean,
): Promise<Program> {
  const entering = namespace === null ? [] : ['ip', 'netns', 'exec', namespace]
  const [command = process.execPath, ...given] = [...entering, process.execPath, ...args]
  const child = spawn(command, given, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  const ended = once(child, 'close')
  const lines: string[] = []
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  try {
    await untilReady(child, lines, isReady)
  } catch (error) {
    await stop()
    throw new Error(`${args[0]} did not start:\n${lines.join('\n')}`, { cause: error })
  }
  return { lines, stop }
}

function untilReady(child: ChildProcess, lines: string[], isReady: (line: string) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error('it took too long')), START_MS)
    if (!child.stdout) return reject(new Error('no output'))
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      if (!isReady(line)) return
      clearTimeout(limit)
      resolve()
    })
    child.once('close', () => reject(new Error('it ended')))
  })
}

/** The app and signaling on the public address. */
export function startSignalingIn(
  namespace: string | null,
  port: number,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
  address: string = PUBLIC_ADDRESS,
): Promise<Program> {
  const args = [join(ROOT, 'signaling/dist/main.js'), 'serve', '--host', address, '--port', String(port)]
  const app = ['--app', join(ROOT, 'app/dist')]
  return startIn(namespace, [...args, ...app, ...flags], env, (line) => line.includes('"listening"'))
}

export function startRelayIn(
  namespace: string | null,
  flags: readonly string[],
  secret: string,
  address: string = PUBLIC_ADDRESS,
): Promise<Program> {
  const args = [join(ROOT, 'turn/dist/main.js'), 'serve', '--listen', address, ...flags]
  const env = { PARLEY_TURN_SECRET: secret }
  return startIn(namespace, args, env, (line) => line.includes('Total General servers'))
}

export interface HomeBrowser {
  readonly context: BrowserContext
  close(): Promise<void>
}

/** `origins` are plain http ones that stand for https here: browsers give cryptography to secure places alone. */
export async function browserIn(namespace: string, origins: readonly string[]): Promise<HomeBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-home-'))
  const wrapper = join(folder, 'chromium')
  writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${namespace} ${CHROMIUM} "$@"\n`, { mode: 0o700 })
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: wrapper,
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--unsafely-treat-insecure-origin-as-secure=${origins.join(',')}`,
    ],
  })
  context.setDefaultTimeout(ACTION_MS)
  return {
    context,
    async close() {
      await context.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

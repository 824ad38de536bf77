/** coturn as a child: its configuration in a private folder, its log on our standard output, our signals handed on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Config, SecretSource } from './config.ts'
import { STOP_MS } from './limits.ts'
import { parseSecrets } from './turn-credentials.ts'
import { type ConfFacts, turnserverConf } from './turnserver-conf.ts'

/** What can be told to the operator in one sentence. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError'
}

export const HOW_TO_GET = 'apt-get install coturn (Debian, Ubuntu), brew install coturn (macOS)'

/** The whole path of a command, `null` when it is not on PATH. */
export function findCommand(name: string, path: string = process.env['PATH'] ?? ''): string | null {
  for (const folder of path.split(delimiter).filter((one) => one !== '')) {
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not here: the next folder of PATH may have it.
    }
  }
  return null
}

/** Throws {@link LaunchError}, which never shows a secret. */
export function readSecrets(source: SecretSource): readonly [string, ...string[]] {
  if (source.from === 'environment') return source.secrets
  if (source.from === 'nowhere') {
    throw new LaunchError('a secret is needed: --secret-file FILE, or PARLEY_TURN_SECRET in the environment')
  }
  let text: string
  try {
    text = readFileSync(source.file, 'utf8')
  } catch (error) {
    throw new LaunchError(`cannot read the secret: ${error instanceof Error ? error.message : String(error)}`)
  }
  const secrets = parseSecrets(text)
  if (!secrets) {
    throw new LaunchError(
      `${source.file}: expected 1 to 4 lines of 16 to 256 letters, digits or any of _+/=.~-`,
    )
  }
  return secrets
}

/** Addresses of this machine that others can reach; loopback where there are no others. */
export function ownAddresses(interfaces = networkInterfaces()): readonly string[] {
  const addresses = Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .filter(({ internal, address }) => !internal && !address.toLowerCase().startsWith('fe80:'))
    .map(({ address }) => address)
  return addresses.length > 0 ? addresses : ['127.0.0.1']
}

/** Those that were named; else where it listens; behind a 1:1 NAT those that the public addresses belong to. */
export function relayAddresses({ relay, listen, external }: Config, own = ownAddresses()): readonly string[] {
  if (relay.length > 0) return relay
  const listening = listen.length > 0 ? listen : own
  if (external.length === 0) return listening
  const inside = external.flatMap((pair) => pair.split('/')[1] ?? [])
  const families = external.map((pair) => isIP(pair.split('/', 1)[0] ?? ''))
  return inside.length > 0 ? inside : listening.filter((address) => families.includes(isIP(address)))
}

export function factsFor(config: Config, folder: string): ConfFacts {
  return { secrets: readSecrets(config.secret), relayAddresses: relayAddresses(config), folder }
}

export interface RunningRelay {
  /** Resolves with the exit code once coturn is gone and its folder removed. */
  readonly ended: Promise<number>
  /** SIGTERM, and SIGKILL when that is not heard in time. */
  stop(): void
}

/** Rejects nothing: what coturn has to say about its configuration is in its log. Throws {@link LaunchError}. */
export function startRelay(config: Config, onLine: (line: string) => void): RunningRelay {
  const command = findCommand('turnserver')
  if (!command) throw new LaunchError(`turnserver is not on PATH. Get it: ${HOW_TO_GET}`)
  const folder = mkdtempSync(join(tmpdir(), 'parley-turn-'))
  try {
    const file = join(folder, 'turnserver.conf')
    writeFileSync(file, turnserverConf(config, factsFor(config, folder)), { mode: 0o600, flag: 'wx' })
    return follow(spawn(command, ['-c', file], { stdio: ['ignore', 'pipe', 'pipe'] }), folder, onLine)
  } catch (error) {
    rmSync(folder, { recursive: true })
    throw error
  }
}

function follow(child: ChildProcess, folder: string, onLine: (line: string) => void): RunningRelay {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    })
  }
  let killTimer: NodeJS.Timeout | undefined
  const ended = new Promise<number>((resolve) => {
    const end = (code: number) => {
      clearTimeout(killTimer)
      rmSync(folder, { recursive: true, force: true })
      resolve(code)
    }
    child.once('error', (error) => {
      onLine(`turnserver could not be run: ${error.message}`)
      end(1)
    })
    child.once('close', (code) => end(code ?? 0))
  })
  return {
    ended,
    stop() {
      child.kill('SIGTERM')
      killTimer ??= setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    },
  }
}

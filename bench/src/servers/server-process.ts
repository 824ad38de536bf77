/** Servers under load: each a process of its own whose CPU and memory are read from outside. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { residentBytes, threadsCpuMs } from '../measure/process-figures.ts'

/** The host that clients of ours say they dialled, as behind a proxy. */
export const PUBLIC_HOST = 'bench.example'
/** Garbage is collected when asked for, so that memory is what is held and not what lies about. */
const COLLECT = 'data:text/javascript,process.on("SIGUSR2",()=>{gc();gc();console.log("collected")})'

export type ServerKind = 'ours' | 'raw' | 'y-webrtc'

export interface ServerProcess {
  readonly kind: ServerKind
  /** `ws://127.0.0.1:port` */
  readonly url: string
  cpuMs(): number
  residentBytes(): number
  /** Resolves when garbage was collected. */
  collect(): Promise<void>
  close(): Promise<void>
}

/** Bundles those of our own; what a server costs is measured as it is installed, not as it is developed. */
export async function bundleServers(outdir: string): Promise<void> {
  await build({
    entryPoints: ['ours', 'raw-ws'].map((name) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url))),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'error',
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)",
    },
  })
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function lineOf(lines: Interface): Promise<string> {
  const [line] = (await once(lines, 'line')) as [string]
  return line
}

function script(kind: ServerKind, folder: string): string {
  if (kind === 'ours') return join(folder, 'ours.mjs')
  if (kind === 'raw') return join(folder, 'raw-ws.mjs')
  return join(dirname(createRequire(import.meta.url).resolve('y-webrtc')), '../bin/server.js')
}

function wrap(kind: ServerKind, child: ChildProcess, lines: Interface, port: number): ServerProcess {
  const pid = child.pid as number
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  return {
    kind,
    url: `ws://127.0.0.1:${port}`,
    cpuMs: () => threadsCpuMs(pid),
    residentBytes: () => residentBytes(pid),
    async collect() {
      const collected = lineOf(lines)
      child.kill('SIGUSR2')
      await collected
    },
    async close() {
      process.off('exit', kill)
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** @param folder where {@link bundleServers} put them */
export async function startProcess(kind: ServerKind, folder: string, redisUrl = ''): Promise<ServerProcess> {
  const given = kind === 'y-webrtc' ? await freePort() : null
  // As its image and unit start it.
  const args = [
    ...(kind === 'ours' ? ['--max-semi-space-size=2'] : []),
    '--expose-gc',
    '--import',
    COLLECT,
    script(kind, folder),
    PUBLIC_HOST,
    redisUrl,
  ]
  const env = given === null ? process.env : { ...process.env, PORT: String(given) }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const first = await Promise.race([
    lineOf(lines),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the server ${kind} ended with ${code}`))),
  ])
  return wrap(kind, child, lines, given ?? Number(first))
}

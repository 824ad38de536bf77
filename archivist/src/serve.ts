/** `serve`: the supervisor, its child and the port. This file composes. */
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import type { ChildConfig } from './child.ts'
import type { ServeConfig } from './config.ts'
import { removeControl, writeControl } from './control-file.ts'
import { makeRoutes, type RouteContext } from './http-routes.ts'
import { loadIdentity } from './identity.ts'
import { HEADER_BYTES, HTTP_CONNECTIONS, REQUEST_TIMEOUT_MS } from './limits.ts'
import { type Log, makeLog } from './log.ts'
import { type Metrics, makeMetrics } from './metrics.ts'
import { Supervisor } from './supervisor.ts'

export interface RunningArchivist {
  readonly url: string
  readonly supervisor: Supervisor
  /** Flushes and closes every room, then ends. Calling it again waits for the same end. */
  close(): Promise<void>
}

function forkChild(main: string, serve: ServeConfig): ChildProcess {
  const { dir, signaling, operatorTokenFile, share, maxRooms, logLevel } = serve
  const config: ChildConfig = { dir, signaling, operatorTokenFile, share, maxRooms, logLevel }
  return fork(main, ['keeper', JSON.stringify(config)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

function listen(server: Server, { host, port }: ServeConfig): Promise<number> {
  return new Promise((resolvePort, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolvePort((server.address() as AddressInfo).port)
    })
  })
}

/** An address that this machine can open. */
function urlOf(host: string, port: number): string {
  const here = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${here.includes(':') ? `[${here}]` : here}:${port}`
}

function notReady({ state }: Supervisor): string | null {
  if (state.at === 'running') return state.status?.readOnly ? `read-only: ${state.status.readOnly}` : null
  return state.at === 'stopped' ? 'stopping' : 'the process that keeps rooms is being started'
}

function routeContext(
  config: ServeConfig,
  supervisor: Supervisor,
  metrics: Metrics,
  secrets: Pick<RouteContext, 'agreement' | 'controlToken'>,
): RouteContext {
  return {
    ...secrets,
    keepToken: config.keepToken,
    notReady: () => notReady(supervisor),
    degraded() {
      const reason = notReady(supervisor)
      return reason === null ? null : `degraded: ${reason}`
    },
    async metrics() {
      const { registry } = metrics
      return {
        text: `${await registry.metrics()}${await supervisor.metrics()}`,
        contentType: registry.contentType,
      }
    },
    async perform(operation) {
      const outcome = await supervisor.perform(operation)
      if (operation.op === 'keep') metrics.keepAnswered(outcome.ok)
      return outcome
    },
    status: () => ({
      ...supervisor.state,
      restarts: supervisor.restartCount,
      pid: supervisor.childPid ?? null,
    }),
  }
}

function makeServer(context: RouteContext, log: Log): Server {
  const options = {
    maxHeaderSize: HEADER_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
  }
  const route = makeRoutes(context)
  const server = createServer(options, (request, response) => {
    route(request, response).catch((error: unknown) => {
      log('warn', 'request-fault', { reason: String(error) })
      response.destroy()
    })
  })
  server.maxConnections = HTTP_CONNECTIONS
  return server
}

/** `main` is the file that the child is started from. Rejects when the port is taken or the folder is in use. */
export async function startArchivist(given: ServeConfig, main: string): Promise<RunningArchivist> {
  const config: ServeConfig = { ...given, dir: resolve(given.dir) }
  const log = makeLog(config.logLevel, 'supervisor')
  await mkdir(config.dir, { recursive: true, mode: 0o700 })
  const { agreement } = await loadIdentity(config.dir)
  const supervisor = new Supervisor({ fork: () => forkChild(main, config), log, nowMs: Date.now })
  const metrics = makeMetrics({
    keeping: () => supervisor.state.at === 'running',
    restartCount: () => supervisor.restartCount,
  })
  const controlToken = randomBytes(32).toString('base64url')
  const server = makeServer(routeContext(config, supervisor, metrics, { agreement, controlToken }), log)
  const url = urlOf(config.host, await listen(server, config))
  server.on('error', (error) => log('error', 'server-error', { reason: error.message }))
  try {
    await supervisor.start()
    await writeControl(config.dir, { url, token: controlToken })
  } catch (error) {
    await supervisor.stop()
    server.close()
    throw error
  }
  log('info', 'listening', { url, dir: config.dir })
  let ending: Promise<void> | null = null
  return {
    url,
    supervisor,
    close() {
      ending ??= stop(config.dir, server, supervisor, log)
      return ending
    },
  }
}

async function stop(dir: string, server: Server, supervisor: Supervisor, log: Log): Promise<void> {
  log('info', 'stopping')
  await supervisor.stop()
  await removeControl(dir)
  const closed = new Promise((done) => server.close(done))
  server.closeAllConnections()
  await closed
  log('info', 'stopped')
}

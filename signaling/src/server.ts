/**
 * The signaling server: HTTP and WebSocket on one port. This file composes; the protocol is in `session.ts`.
 *
 * It introduces peers and hands sealed signals on. It sees room ids, grant chains, IP addresses, sizes and times; it
 * never sees content, names or SDP, and gives nobody a right: peers verify each other (docs/spec.md, HS).
 */
import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { networkInterfaces } from 'node:os'
import type { PeerId } from '@parley/protocol'
import { ArchivistLink } from './archivist-link.ts'
import { type Config, DEFAULT_CONFIG } from './config.ts'
import type { Connection } from './connection.ts'
import { ConnectionPlaces } from './connection-places.ts'
import { ownHosts } from './hosts.ts'
import { type RouteContext, route } from './http-routes.ts'
import { listen, makeHttpServer, urlOf } from './http-server.ts'
import { type Instances, openInstances } from './instances/open-instances.ts'
import { KeyPlaces } from './key-places.ts'
import { SOCKETS_PER_PLACE, VERIFIED_GRANTS } from './limits.ts'
import { type Log, makeLog } from './log.ts'
import { type Metrics, makeMetrics } from './metrics.ts'
import type { Deliver } from './room-directory.ts'
import { RoomRegistry } from './room-registry.ts'
import type { SessionContext } from './session.ts'
import { limitSockets } from './socket-places.ts'
import { type Assets, loadApp } from './static-files.ts'
import { Admission } from './tokens/admission.ts'
import { openTokens } from './tokens/open-tokens.ts'
import type { VerifyToken } from './tokens/operator-token.ts'
import { trustIn } from './trusted-proxies.ts'
import type { IceSource } from './turn/ice-servers.ts'
import { openIce } from './turn/open-ice.ts'
import { Upgrades } from './upgrade.ts'
import { rememberVerified, verifyEd25519 } from './verify.ts'
import type { TopicEndpoint } from './y-webrtc/endpoint.ts'

export interface ServerStats {
  readonly unproven: number
  readonly proven: number
  readonly rooms: number
}

export interface RunningServer {
  /** `http://host:port` or `https://…`; signaling is at `/v1` of the same with `ws`. */
  readonly url: string
  readonly port: number
  stats(): ServerStats
  /** Drains: WebSockets get 1001, downloads may end; each has `limits.closeGraceMs`. Calling it again waits for the same end. */
  close(): Promise<void>
}

/** What lives as long as the server, all of it in memory: a restart loses nothing that clients do not bring again. */
interface Parts {
  readonly config: Config
  readonly log: Log
  readonly places: ConnectionPlaces
  readonly rooms: RoomRegistry
  /** Proven connections by their peer. */
  readonly peers: Map<PeerId, Connection>
  readonly instances: Instances
  readonly metrics: Metrics
  /** Refuses every token when no keys are configured. */
  readonly verifyToken: VerifyToken
  readonly ice: IceSource
  readonly archivist: ArchivistLink | null
  draining: boolean
}

async function makeParts(config: Config): Promise<Parts> {
  const places = new ConnectionPlaces(config.limits)
  const rooms = new RoomRegistry(config.limits.peersPerRoom)
  const metrics = makeMetrics({
    unproven: () => places.total.unproven,
    proven: () => places.total.proven,
    rooms: () => rooms.roomCount,
    instancesUp: () => instances.isUp(),
  })
  const log = makeLog(config.logLevel)
  const verifyToken = await openTokens(config.tokens, metrics, log)
  const ice = openIce(config)
  const peers = new Map<PeerId, Connection>()
  const { limits, redisUrl } = config
  const deliver = makeDeliver(peers, metrics)
  const instances = await openInstances({ redisUrl, limits, registry: rooms, deliver, log })
  const archivist = config.archivist ? new ArchivistLink(config.archivist, log) : null
  await archivist?.start()
  return {
    config,
    log,
    places,
    rooms,
    peers,
    instances,
    metrics,
    verifyToken,
    ice,
    archivist,
    draining: false,
  }
}

function makeDeliver(peers: ReadonlyMap<PeerId, Connection>, metrics: Metrics): Deliver {
  return (to, message) => {
    if (message.type === 'signal') metrics.signalDelivered()
    peers.get(to)?.send(message)
  }
}

function sessionContext(parts: Parts, hosts: readonly string[]): SessionContext {
  const { config, metrics, verifyToken, ice, archivist, instances } = parts
  return {
    hosts,
    ice,
    messagesPerSecond: config.limits.messagesPerSecond,
    expiryGraceMs: config.limits.expiryGraceMs,
    rooms: instances.rooms,
    admission: new Admission(config.admission, verifyToken, (fault) => metrics.tokenRefused(fault)),
    archivist,
    keyPlaces: new KeyPlaces(config.limits.connectionsPerKey),
    verify: verifyEd25519,
    verifyGrant: rememberVerified(verifyEd25519, VERIFIED_GRANTS),
    nowMs: Date.now,
    randomBytes: (count) => new Uint8Array(randomBytes(count)),
  }
}

function makeTopics({ config, log, metrics, places, verifyToken, instances }: Parts): TopicEndpoint {
  const { limits } = config
  const session = {
    topics: instances.topics,
    expiryGraceMs: limits.expiryGraceMs,
    nowMs: Date.now,
  }
  return { verifyToken, context: { session, limits, places, metrics, log, passOn: instances.passOn } }
}

function makeUpgrades(parts: Parts, port: number): Upgrades {
  const { config, log, places, metrics } = parts
  const hosts =
    config.publicHosts.length > 0 ? config.publicHosts : ownHosts(config.host, port, networkInterfaces())
  return new Upgrades({
    session: sessionContext(parts, hosts),
    limits: config.limits,
    places,
    peers: parts.peers,
    metrics,
    log,
    hosts,
    allowedOrigins: config.allowedOrigins,
    isTrustedProxy: trustIn(config.trustedProxies),
    topics: makeTopics(parts),
    isDraining: () => parts.draining,
  })
}

function answerRequests(server: Server, parts: Parts, assets: Assets): void {
  const context: RouteContext = {
    assets,
    metrics: parts.metrics,
    isDraining: () => parts.draining,
    isDegraded: () => !parts.instances.isUp(),
  }
  server.on('request', (request, response) => {
    route(context, request, response).catch((error: unknown) => {
      parts.log('error', 'request-fault', { reason: String(error) })
      response.destroy()
    })
  })
}

function limitSocketsOf(server: Server, { config, metrics }: Parts): void {
  const { provenPerAddress, unprovenPerAddress } = config.limits
  const most = SOCKETS_PER_PLACE * (provenPerAddress + unprovenPerAddress)
  limitSockets(server, most, trustIn(config.trustedProxies), () => metrics.socketRefused())
}

async function drain(parts: Parts, server: Server, upgrades: Upgrades): Promise<void> {
  parts.draining = true
  parts.archivist?.close()
  parts.log('info', 'draining', { ...parts.places.total, rooms: parts.rooms.roomCount })
  await upgrades.drain()
  const closed = new Promise((resolve) => server.close(resolve))
  const cutOff = setTimeout(() => server.closeAllConnections(), parts.config.limits.closeGraceMs)
  await closed
  clearTimeout(cutOff)
  await parts.instances.close()
  parts.log('info', 'stopped')
}

/** `given` may leave out whatever has a default. Rejects when the port is taken or a named file cannot be read. */
export async function startServer(given: Partial<Config> = {}): Promise<RunningServer> {
  const config: Config = { ...DEFAULT_CONFIG, ...given }
  const assets: Assets = config.appDir === null ? new Map() : await loadApp(config.appDir, config.tokenPath)
  const parts = await makeParts(config)
  const server = await makeHttpServer(config)
  limitSocketsOf(server, parts)
  const port = await listen(server, config).catch(async (error: unknown) => {
    await parts.instances.close()
    throw error
  })
  server.on('error', (error) => parts.log('error', 'server-error', { reason: error.message }))
  const upgrades = makeUpgrades(parts, port)
  upgrades.listenTo(server)
  answerRequests(server, parts, assets)
  const heartbeat = setInterval(() => upgrades.handleHeartbeat(), config.limits.heartbeatMs)
  const url = urlOf(config, port)
  parts.log('info', 'listening', { url, files: assets.size })
  let ending: Promise<void> | null = null
  return {
    url,
    port,
    stats: () => ({ ...parts.places.total, rooms: parts.rooms.roomCount }),
    close() {
      clearInterval(heartbeat)
      ending ??= drain(parts, server, upgrades)
      return ending
    },
  }
}

/** P8: memory of idle connections and the price of handing on, beside bare `ws`; two instances; a thousand rooms at once. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, inTurns } from './bench.ts'
import { inParallel, LoadClient } from './load/client.ts'
import { benchRoom, OurPeer } from './load/our-peer.ts'
import { median, percentile, spread } from './measure/statistics.ts'
import { type Result, rounded } from './results.ts'
import { startRedis } from './servers/redis.ts'
import { bundleServers, type ServerKind, type ServerProcess, startProcess } from './servers/server-process.ts'

const CONNECTIONS = 10_000
const PEERS_A_ROOM = 5
const AT_ONCE = 32
const OVERHEAD_BAR_KIB = 4
const MEMORY_BAR_MB = 150
const FAN_OUT_BAR = 1 / 0.9
const FAN_OUT_TEXT = 'x'.repeat(500)
/** Listeners of a topic, number of topics, messages to each. */
const FAN_OUTS = [
  [2, 50, 200],
  [10, 20, 200],
  [100, 4, 100],
] as const

/** Resolves when connected and let in: a member of a room with ours, one who named a room elsewhere. */
async function holdOne(server: ServerProcess, i: number, rooms: Rooms): Promise<LoadClient> {
  const { room, members } = rooms[Math.floor(i / PEERS_A_ROOM) % rooms.length] as Rooms[number]
  if (server.kind === 'ours')
    return (await OurPeer.join(server.url, room, members[i % PEERS_A_ROOM] as (typeof members)[0])).client
  return listen(server, `room ${Math.floor(i / PEERS_A_ROOM)}`)
}

type Rooms = readonly Awaited<ReturnType<typeof benchRoom>>[]

async function listen(server: ServerProcess, topic: string): Promise<LoadClient> {
  const client = await LoadClient.connect(server.kind === 'ours' ? `${server.url}/y-webrtc` : server.url)
  if (server.kind === 'raw') client.send(topic)
  else {
    client.send(JSON.stringify({ type: 'subscribe', topics: [topic] }))
    client.send('{"type":"ping"}')
  }
  await client.until(() => client.received === 1)
  client.received = 0
  return client
}

interface Idle {
  readonly kibPerConnection: number
  readonly totalMb: number
}

async function idle(folder: string, kind: ServerKind, rooms: Rooms): Promise<Idle> {
  const server = await startProcess(kind, folder)
  try {
    // What is compiled and allocated once belongs to nobody's connection.
    const first = await inParallel(500, AT_ONCE, (i) => holdOne(server, i, rooms))
    await Promise.all(first.map((client) => client.close()))
    await server.collect()
    const before = server.residentBytes()
    await inParallel(CONNECTIONS, AT_ONCE, (i) => holdOne(server, i, rooms))
    await server.collect()
    const after = server.residentBytes()
    return { kibPerConnection: (after - before) / CONNECTIONS / 1024, totalMb: after / 1e6 }
  } finally {
    await server.close()
  }
}

/** Deliveries per second of server CPU. */
async function fanOut(
  server: ServerProcess,
  [listeners, topics, messages]: (typeof FAN_OUTS)[number],
): Promise<number> {
  const groups = await inParallel(topics, 4, (t) =>
    inParallel(listeners, AT_ONCE, () => listen(server, `parley-pair-${String(t).padStart(30, '0')}`)),
  )
  const textOf = (t: number) =>
    server.kind === 'raw'
      ? FAN_OUT_TEXT
      : JSON.stringify({
          type: 'publish',
          topic: `parley-pair-${String(t).padStart(30, '0')}`,
          data: FAN_OUT_TEXT,
        })
  const round = async (t: number, count: number): Promise<void> => {
    const group = groups[t] as LoadClient[]
    const goal = (group[0] as LoadClient).received + count
    for (let i = 0; i < count; i++) (group[i % listeners] as LoadClient).send(textOf(t))
    await Promise.all(group.map((client) => client.until(() => client.received >= goal)))
  }
  const batches = async (count: number) => {
    for (let sent = 0; sent < count; sent += 20) await inParallel(topics, topics, (t) => round(t, 20))
  }
  await batches(40)
  const before = server.cpuMs()
  await batches(messages)
  const rate = (listeners * topics * messages * 1000) / (server.cpuMs() - before)
  await Promise.all(groups.flat().map((client) => client.close()))
  return rate
}

interface Load {
  readonly introducedMs: readonly number[]
  readonly cpuMsPerJoin: number
  readonly residentMb: number
}

/** 1,000 rooms of 5; then peers leave and others join, a hundred under way at any time. */
async function churn(servers: readonly ServerProcess[], rooms: Rooms, joins: number): Promise<Load> {
  const cpu = () => servers.reduce((sum, server) => sum + server.cpuMs(), 0)
  const enter = (i: number) => {
    const server = servers[i % servers.length] as ServerProcess
    const { room, members } = rooms[Math.floor(i / PEERS_A_ROOM) % rooms.length] as Rooms[number]
    return OurPeer.join(server.url, room, members[i % PEERS_A_ROOM] as (typeof members)[0])
  }
  const present = await inParallel(rooms.length * PEERS_A_ROOM, AT_ONCE, enter)
  const before = cpu()
  const introducedMs: number[] = []
  await inParallel(joins, 100, async (n) => {
    // Each room's places in turn, so that nobody is replaced twice at once.
    const i = (n * PEERS_A_ROOM + Math.floor(n / rooms.length)) % present.length
    await (present[i] as OurPeer).leave()
    const startedMs = performance.now()
    const peer = await enter(i)
    present[i] = peer
    introducedMs.push(performance.now() - startedMs)
  })
  const cpuMsPerJoin = (cpu() - before) / joins
  for (const server of servers) await server.collect()
  const residentMb = servers.reduce((sum, server) => sum + server.residentBytes(), 0) / 1e6
  return { introducedMs, cpuMsPerJoin, residentMb }
}

async function manyRooms(folder: string, rooms: Rooms, report: (line: string) => void): Promise<Result[]> {
  const runs: Load[] = []
  const redis = await startRedis()
  for (const count of redis ? [1, 2] : [1]) {
    const url = count === 1 ? '' : (redis?.url ?? '')
    const servers = await Promise.all(Array.from({ length: count }, () => startProcess('ours', folder, url)))
    try {
      runs.push(await churn(servers, rooms, 5_000))
      report(
        `P8 1,000 rooms of 5, ${count} instances: ${rounded(runs.at(-1)?.cpuMsPerJoin ?? 0)} ms of CPU a join`,
      )
    } finally {
      for (const server of servers) await server.close()
    }
  }
  await redis?.close()
  const [one, two] = runs as [Load, Load | undefined]
  const row = (what: string, figure: (load: Load) => number): Result => ({
    id: 'P8',
    what: `1,000 rooms of 5, 5,000 joins and leaves, 100 under way: ${what}; peer: two instances over Redis${redis ? '' : ' (there is none here)'}`,
    ours: rounded(figure(one)),
    peer: two ? rounded(figure(two)) : null,
    ratio: null,
    bar: null,
    holds: null,
  })
  return [
    row('p50 from connecting to welcome, ms', (load) => percentile(load.introducedMs, 0.5)),
    row('p99 of the same, ms', (load) => percentile(load.introducedMs, 0.99)),
    row('server CPU ms per join and leave', (load) => load.cpuMsPerJoin),
    row('memory of the servers, MB', (load) => load.residentMb),
  ]
}

function idleRows(idles: Readonly<Record<ServerKind, readonly Idle[]>>): Result[] {
  const per = (kind: ServerKind) => idles[kind].map(({ kibPerConnection }) => kibPerConnection)
  const [ours, raw] = [median(per('ours')), median(per('raw'))]
  const totals = idles.ours.map(({ totalMb }) => totalMb)
  return [
    {
      id: 'P8',
      what: `KiB of memory per idle connection of ${CONNECTIONS}, proven in rooms of ${PEERS_A_ROOM}, against bare ws; ratio is the difference in KiB (${spread(per('ours'))} against ${spread(per('raw'))}; y-webrtc's server ${spread(per('y-webrtc'))})`,
      ours: rounded(ours),
      peer: rounded(raw),
      ratio: rounded(ours - raw),
      bar: OVERHEAD_BAR_KIB,
      holds: ours - raw <= OVERHEAD_BAR_KIB,
    },
    {
      id: 'P8',
      what: `MB of the server with ${CONNECTIONS} connections (${spread(totals)}), against bare ws`,
      ours: rounded(median(totals)),
      peer: rounded(median(idles.raw.map(({ totalMb }) => totalMb))),
      ratio: null,
      bar: MEMORY_BAR_MB,
      holds: median(totals) <= MEMORY_BAR_MB,
    },
  ]
}

type Rates = Record<ServerKind, number[][]>

function fanOutRows(rates: Rates): Result[] {
  return FAN_OUTS.map(([listeners, topics], at) => {
    const of = (kind: ServerKind) => rates[kind].map((round) => round[at] as number)
    const ratio = rounded(median(of('raw')) / median(of('ours')))
    const bar = listeners > 2 ? FAN_OUT_BAR : null
    return {
      id: 'P8',
      what: `deliveries per second of server CPU, 500 characters to each of ${listeners} in ${topics} topics, against a relay over bare ws that reads nothing (bare/ours; ${spread(of('ours'))} against ${spread(of('raw'))}; y-webrtc's server ${spread(of('y-webrtc'))})`,
      ours: rounded(median(of('ours'))),
      peer: rounded(median(of('raw'))),
      ratio,
      bar: bar === null ? null : rounded(bar),
      holds: bar === null ? null : ratio <= rounded(bar),
    }
  })
}

const KINDS: readonly ServerKind[] = ['ours', 'raw', 'y-webrtc']
/** Memory hardly varies; a round holds three times 10,000 connections. */
const IDLE_ROUNDS = 2

export const scaleBench: Bench = async ({ rounds, report }) => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-servers-'))
  try {
    await bundleServers(folder)
    const rates: Rates = { ours: [], raw: [], 'y-webrtc': [] }
    for (let round = 0; round < rounds; round++) {
      for (const kind of inTurns(round, KINDS)) {
        const server = await startProcess(kind, folder)
        const figures: number[] = []
        for (const shape of FAN_OUTS) figures.push(await fanOut(server, shape))
        rates[kind].push(figures)
        await server.close()
        report(`P8 round ${round + 1}, ${kind}: ${figures.map(rounded).join(', ')} deliveries a CPU second`)
      }
    }
    const rooms = await inParallel(CONNECTIONS / PEERS_A_ROOM, 1, (i) => benchRoom(`p8 ${i}`, PEERS_A_ROOM))
    const idles: Record<ServerKind, Idle[]> = { ours: [], raw: [], 'y-webrtc': [] }
    for (let round = 0; round < Math.min(rounds, IDLE_ROUNDS); round++) {
      for (const kind of inTurns(round, KINDS)) {
        idles[kind].push(await idle(folder, kind, rooms))
        const { kibPerConnection, totalMb } = idles[kind].at(-1) as Idle
        report(`P8 ${kind}: ${rounded(kibPerConnection)} KiB a connection, ${rounded(totalMb)} MB`)
      }
    }
    return [
      ...idleRows(idles),
      ...fanOutRows(rates),
      ...(await manyRooms(folder, rooms.slice(0, 1000), report)),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

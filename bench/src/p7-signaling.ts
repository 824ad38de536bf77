/** P7: what a join costs a signaling server, beside the server that comes with y-webrtc. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, type BenchContext, inTurns } from './bench.ts'
import { inParallel } from './load/client.ts'
import { benchRoom, OurPeer } from './load/our-peer.ts'
import { THEIR_LINKS, TheirPeer } from './load/their-peer.ts'
import { median, spread } from './measure/statistics.ts'
import { type Result, rounded } from './results.ts'
import { bundleServers, type ServerKind, type ServerProcess, startProcess } from './servers/server-process.ts'

const SIZES = [10, 50, 200, 1000] as const
const THEIR_SIZES = [10, 50] as const
const OUR_JOINS = 150
const THEIR_JOINS: ReadonlyMap<number, number> = new Map([
  [10, 40],
  [50, 8],
])
const ENTRIES = 2000
const DEVICES = 32
const AT_ONCE = 32
const FLAT_BAR = 1.5
const BELOW_BAR = 1 / 20

/** CPU ms of the server for one newcomer that meets 8 of `size` peers over sealed signals, and goes. */
async function ourJoinMs(server: ServerProcess, size: number, round: number): Promise<number> {
  const { room, members } = await benchRoom(`p7 ${size} ${round}`, DEVICES)
  const enter = (i: number) => OurPeer.join(server.url, room, members[i % DEVICES] as (typeof members)[0])
  const present = await inParallel(size, AT_ONCE, enter)
  const visit = async (i: number): Promise<void> => {
    const peer = await enter(i)
    await peer.meetAll()
    await peer.leave()
  }
  // One after the other: of two visitors who meet, one would leave before it has answered.
  await inParallel(AT_ONCE, 1, visit)
  const before = server.cpuMs()
  await inParallel(OUR_JOINS, 1, visit)
  const perJoinMs = (server.cpuMs() - before) / OUR_JOINS
  await inParallel(size, AT_ONCE, (i) => (present[i] as OurPeer).leave())
  return perJoinMs
}

/** The same with the frames of stock y-webrtc: everybody hears everything. */
async function theirJoinMs(server: ServerProcess, size: number, round: number): Promise<number> {
  const topic = `p7 ${size} ${round}`
  const joins = THEIR_JOINS.get(size) ?? 1
  const present = await inParallel(size, AT_ONCE, (i) => TheirPeer.join(server.url, topic, `present-${i}`))
  const answering = Math.min(size, THEIR_LINKS)
  for (const peer of present.slice(0, answering)) peer.respond()
  const before = server.cpuMs()
  for (let i = 0; i < joins; i++) {
    const newcomer = await TheirPeer.join(server.url, topic, `newcomer-${i}`)
    await newcomer.meetAll(answering)
    const heard = (1 + 10 * answering) * (i + 1)
    await Promise.all(present.map(({ client }) => client.until(() => client.received >= heard)))
    await newcomer.client.close()
  }
  const perJoinMs = (server.cpuMs() - before) / joins
  await Promise.all(present.map(({ client }) => client.close()))
  return perJoinMs
}

/** CPU ms of the server to take somebody in whom nobody waits for: connect, prove or subscribe, close. */
async function entryMs(server: ServerProcess, round: number): Promise<number> {
  const { room, members } = await benchRoom(`p7 entry ${round}`, DEVICES)
  const enter = async (i: number): Promise<void> => {
    if (server.kind === 'ours')
      await (await OurPeer.join(server.url, room, members[i % DEVICES] as (typeof members)[0])).leave()
    else await (await TheirPeer.join(server.url, `entry ${i}`, 'one')).client.close()
  }
  await inParallel(ENTRIES / 4, AT_ONCE, enter)
  const before = server.cpuMs()
  await inParallel(ENTRIES, AT_ONCE, enter)
  return (server.cpuMs() - before) / ENTRIES
}

interface Figures {
  readonly ours: Map<number, number[]>
  readonly theirs: Map<number, number[]>
  readonly entries: Record<'ours' | 'y-webrtc', number[]>
}

async function measureRound(
  context: BenchContext,
  folder: string,
  round: number,
  into: Figures,
): Promise<void> {
  for (const kind of inTurns<ServerKind>(round, ['ours', 'y-webrtc'])) {
    const server = await startProcess(kind, folder)
    try {
      const isOurs = kind === 'ours'
      for (const size of inTurns<number>(round, isOurs ? SIZES : THEIR_SIZES)) {
        const ms = await (isOurs ? ourJoinMs : theirJoinMs)(server, size, round)
        const figures = isOurs ? into.ours : into.theirs
        figures.set(size, [...(figures.get(size) ?? []), ms])
        context.report(`P7 round ${round + 1}, ${kind}, ${size} peers: ${rounded(ms)} ms of CPU a join`)
      }
      const ms = await entryMs(server, round)
      into.entries[isOurs ? 'ours' : 'y-webrtc'].push(ms)
      context.report(`P7 round ${round + 1}, ${kind}: ${rounded(ms)} ms of CPU an entry`)
    } finally {
      await server.close()
    }
  }
}

function joinRow(size: number, ours: readonly number[], theirs: readonly number[] | undefined): Result {
  const bar = size === 50 ? BELOW_BAR : null
  const ratio = theirs ? rounded(median(ours) / median(theirs)) : null
  return {
    id: 'P7',
    what: `server CPU ms per join to ${size} peers, signals of ${theirs ? 'both' : 'ours'} included (${spread(ours)}${theirs ? ` against ${spread(theirs)}` : ''})`,
    ours: rounded(median(ours)),
    peer: theirs ? rounded(median(theirs)) : null,
    ratio,
    bar,
    holds: bar === null || ratio === null ? null : ratio <= bar,
  }
}

function flatRow(ours: ReadonlyMap<number, readonly number[]>): Result {
  const [least, most] = [ours.get(10) ?? [], ours.get(1000) ?? []]
  const ratio = rounded(median(most) / median(least))
  return {
    id: 'P7',
    what: 'the same for 1000 peers against 10, ours alone',
    ours: rounded(median(most)),
    peer: rounded(median(least)),
    ratio,
    bar: FLAT_BAR,
    holds: ratio <= FLAT_BAR,
  }
}

/** Of rates, so that the bar reads as it is written: at least 1.0, shown as theirs over ours at most 1.0. */
function rateRow(what: string, ours: readonly number[], theirs: readonly number[]): Result {
  const [our, their] = [1000 / median(ours), 1000 / median(theirs)]
  const ratio = rounded(their / our)
  return { id: 'P7', what, ours: rounded(our), peer: rounded(their), ratio, bar: 1, holds: ratio <= 1 }
}

function resultsOf({ ours, theirs, entries }: Figures): Result[] {
  const rows = SIZES.map((size) => joinRow(size, ours.get(size) ?? [], theirs.get(size)))
  return [
    ...rows,
    flatRow(ours),
    rateRow(
      'joins to 10 peers per second of server CPU, ours with chain and proof checked (theirs/ours)',
      ours.get(10) ?? [],
      theirs.get(10) ?? [],
    ),
    rateRow(
      'bare entries, nobody met, per second of server CPU, ours with chain of two grants and proof checked, theirs with no check at all (theirs/ours)',
      entries.ours,
      entries['y-webrtc'],
    ),
  ]
}

export const signalingBench: Bench = async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-servers-'))
  try {
    await bundleServers(folder)
    const figures: Figures = { ours: new Map(), theirs: new Map(), entries: { ours: [], 'y-webrtc': [] } }
    for (let round = 0; round < context.rounds; round++) await measureRound(context, folder, round, figures)
    return resultsOf(figures)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

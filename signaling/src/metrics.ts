/** Prometheus metrics; label values come from fixed sets only, so that no client can make series. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Refusal } from './session.ts'
import type { AdmissionFault } from './tokens/admission.ts'
import type { TopicRefusal } from './y-webrtc/session.ts'

/** What gauges read at the moment of a scrape. */
export interface Readings {
  unproven(): number
  proven(): number
  rooms(): number
  /** Whether rooms span instances now; true where they are not meant to. */
  instancesUp(): boolean
}

export interface Metrics {
  readonly registry: Registry
  messageReceived(bytes: number): void
  signalDelivered(): void
  signalDropped(): void
  refused(why: Refusal | TopicRefusal): void
  upgradeRejected(status: number): void
  slowReader(): void
  socketRefused(): void
  tokenRefused(fault: AdmissionFault): void
  /** Keys of operator tokens were read, or could not be. */
  tokenKeysRead(outcome: 'read' | 'failed'): void
}

function makeGauges(registers: Registry[], readings: Readings): void {
  new Gauge({
    name: 'parley_signaling_connections',
    help: 'WebSockets that are open now',
    labelNames: ['stage'],
    registers,
    collect() {
      this.set({ stage: 'unproven' }, readings.unproven())
      this.set({ stage: 'proven' }, readings.proven())
    },
  })
  new Gauge({
    name: 'parley_signaling_rooms',
    help: 'Rooms with somebody in them now',
    registers,
    collect() {
      this.set(readings.rooms())
    },
  })
}

/** Counted by hand and told at a scrape: for what happens with every frame. */
function makeTally(registers: Registry[], name: string, help: string): (amount: number) => void {
  let count = 0
  new Counter({
    name: `parley_signaling_${name}`,
    help,
    registers,
    collect() {
      this.reset()
      this.inc(count)
    },
  })
  return (amount) => {
    count += amount
  }
}

function makeInstanceGauge(registers: Registry[], readings: Readings): void {
  new Gauge({
    name: 'parley_signaling_instances_up',
    help: '0 while rooms do not span instances though they should: Redis is away',
    registers,
    collect() {
      this.set(readings.instancesUp() ? 1 : 0)
    },
  })
}

/** Gauges that end in `_total`, against Prometheus' own rules; the same numbers come by type without the suffix. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

export function makeMetrics(readings: Readings): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  makeGauges(registers, readings)
  makeInstanceGauge(registers, readings)
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter<Label>({ name: `parley_signaling_${name}`, help, labelNames, registers })
  const messages = makeTally(registers, 'messages_received_total', 'Frames from clients')
  const characters = makeTally(registers, 'message_bytes_received_total', 'Characters in these frames')
  const delivered = makeTally(registers, 'signals_delivered_total', 'Sealed signals handed on')
  const dropped = makeTally(registers, 'signals_dropped_total', 'Sealed signals to nobody in the room')
  const refused = counter('refused_total', 'Connections refused after the upgrade', ['why'])
  const rejected = counter('upgrades_rejected_total', 'Upgrades answered with an HTTP error', ['status'])
  const slow = counter('slow_readers_total', 'Connections cut off since they did not read')
  const sockets = counter('sockets_refused_total', 'TCP connections beyond the limit of one address')
  const tokens = counter('tokens_refused_total', 'Operator tokens that did not admit', ['fault'])
  const keys = counter('token_key_reads_total', 'Reads of the keys of operator tokens', ['outcome'])
  return {
    registry,
    messageReceived(length) {
      messages(1)
      characters(length)
    },
    signalDelivered: () => delivered(1),
    signalDropped: () => dropped(1),
    refused: (why) => refused.inc({ why }),
    upgradeRejected: (status) => rejected.inc({ status: String(status) }),
    slowReader: () => slow.inc(),
    socketRefused: () => sockets.inc(),
    tokenRefused: (fault) => tokens.inc({ fault }),
    tokenKeysRead: (outcome) => keys.inc({ outcome }),
  }
}

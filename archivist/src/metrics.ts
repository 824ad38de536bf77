/** Metrics of the supervisor; those of the child follow in the same answer, under other names. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

export interface Readings {
  /** Whether the process that keeps rooms runs. */
  keeping(): boolean
  restartCount(): number
}

export interface Metrics {
  readonly registry: Registry
  keepAnswered(accepted: boolean): void
}

export function makeMetrics(readings: Readings): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'parley_archivist_up',
    help: '1 while the process that keeps rooms runs',
    registers,
    collect() {
      this.set(readings.keeping() ? 1 : 0)
    },
  })
  new Gauge({
    name: 'parley_archivist_keeper_restarts',
    help: 'Times that the process that keeps rooms ended by itself',
    registers,
    collect() {
      this.set(readings.restartCount())
    },
  })
  const keeps = new Counter({
    name: 'parley_archivist_keeps_total',
    help: 'Rooms that signaling asked to be kept',
    labelNames: ['answer'],
    registers,
  })
  return {
    registry,
    keepAnswered: (accepted) => keeps.inc({ answer: accepted ? 'accepted' : 'refused' }),
  }
}

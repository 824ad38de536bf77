/** The process that keeps rooms. It takes its orders over IPC and ends with whoever started it. */
import { ParleyError } from '@parley/mesh'
import * as v from 'valibot'
import {
  EXIT_IN_USE,
  EXIT_UNSUPPORTED,
  type FromChild,
  type ToChild,
  toChildSchema,
} from './child-messages.ts'
import { FolderInUse, lockFolder } from './folder-lock.ts'
import { type KeeperConfig, type KeeperParts, makeKeeperParts } from './keeper-parts.ts'
import { STATUS_INTERVAL_MS } from './limits.ts'
import { type Log, type LogLevel, makeLog } from './log.ts'
import { reasonOf } from './operations.ts'
import { perform } from './perform.ts'

export interface ChildConfig extends KeeperConfig {
  readonly logLevel: LogLevel
}

function tell(message: FromChild): void {
  process.send?.(message)
}

function watchFaults(log: Log): void {
  // Node ends the process after it: the supervisor starts another one, and the disk holds what was acknowledged.
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    log('error', 'keeper-fault', { origin, reason: error.stack ?? error.message })
  })
  // Whoever started it is gone, and with it everybody who could stop it.
  process.on('disconnect', () => process.exit(1))
  // Ctrl-C reaches the whole group: the supervisor says when to end.
  process.on('SIGINT', () => log('debug', 'signal-left-to-supervisor'))
  process.on('SIGTERM', () => log('debug', 'signal-left-to-supervisor'))
}

async function answer(parts: KeeperParts, message: Exclude<ToChild, { type: 'stop' }>): Promise<void> {
  if (message.type === 'metrics') {
    tell({ type: 'metrics', id: message.id, text: await parts.metrics.registry.metrics() })
  } else {
    const outcome = await perform(parts, message.operation)
    tell({ type: 'answer', id: message.id, outcome })
  }
}

/** Runs until it is told to stop. */
export async function runChild(config: ChildConfig): Promise<void> {
  const log = makeLog(config.logLevel, 'keeper')
  watchFaults(log)
  const lock = await lockFolder(config.dir, () => {
    log('error', 'folder-lost', { reason: 'another process took the folder' })
    process.exit(EXIT_IN_USE)
  }).catch((error: unknown) => {
    log('error', 'folder-refused', { reason: reasonOf(error) })
    return process.exit(error instanceof FolderInUse ? EXIT_IN_USE : 1)
  })
  const parts = await makeKeeperParts(config, log).catch(async (error: unknown) => {
    log('error', 'keeper-refused', { reason: reasonOf(error) })
    await lock.release()
    return process.exit(error instanceof ParleyError && error.kind === 'unsupported' ? EXIT_UNSUPPORTED : 1)
  })
  const timer = setInterval(() => tell({ type: 'status', status: parts.status() }), STATUS_INTERVAL_MS)
  const stop = async (): Promise<void> => {
    clearInterval(timer)
    await parts.close()
    await lock.release()
    log('info', 'keeper-stopped')
    // The WebRTC package leaves handles behind that would keep the process for seconds.
    process.exit(0)
  }
  process.on('message', (raw) => {
    const message = v.parse(toChildSchema, raw)
    void (message.type === 'stop' ? stop() : answer(parts, message))
  })
  tell({ type: 'ready' })
  await parts.openRooms()
  tell({ type: 'status', status: parts.status() })
  log('info', 'rooms-opened', { rooms: parts.keeper.names.size })
}

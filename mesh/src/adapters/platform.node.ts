import { limits } from '@parley/protocol'
import WebSocket from 'ws'
import type { Platform } from '../ports.ts'
import { consoleLog, type LogLevel } from './console-log.ts'
import { simplePeerTransport } from './simple-peer-transport.ts'
import { systemClock } from './system-clock.ts'
import { volatileStorages } from './volatile-storage.ts'
import { webCipher, webKeyring, webRandom } from './web-crypto.ts'
import { nodeWebRtc } from './web-rtc.node.ts'
import { webSocketSignaling } from './websocket-signaling.ts'

export interface PlatformOptions {
  /** Default `warn`. */
  readonly logLevel?: LogLevel
}

class LimitedWebSocket extends WebSocket {
  constructor(url: string) {
    super(url, { maxPayload: limits.SIGNALING_FRAME_BYTES })
  }
}

/** Keeps rooms in memory. Throws `unsupported` where the WebRTC package is missing. */
export function defaultPlatform(options: PlatformOptions = {}): Platform {
  return {
    clock: systemClock,
    random: webRandom,
    keyring: webKeyring(),
    cipher: webCipher(),
    connect: simplePeerTransport(nodeWebRtc()),
    dial: webSocketSignaling(LimitedWebSocket),
    storages: volatileStorages(),
    log: consoleLog(options.logLevel ?? 'warn'),
    // Node tells nothing of the network; the backoff alone tries again.
    onOnline: () => () => undefined,
  }
}

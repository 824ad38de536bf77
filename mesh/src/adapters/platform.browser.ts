import type { Platform } from '../ports.ts'
import { consoleLog, type LogLevel } from './console-log.ts'
import { indexedDbStorages } from './indexeddb-storage.ts'
import { simplePeerTransport } from './simple-peer-transport.ts'
import { systemClock } from './system-clock.ts'
import { webCipher, webKeyring, webRandom } from './web-crypto.ts'
import { browserWebRtc } from './web-rtc.browser.ts'
import { webSocketSignaling } from './websocket-signaling.ts'

export interface PlatformOptions {
  /** Default `warn`. */
  readonly logLevel?: LogLevel
}

/** Throws `unsupported` where the browser lacks what the mesh cannot do without. */
export function defaultPlatform(options: PlatformOptions = {}): Platform {
  const log = consoleLog(options.logLevel ?? 'warn')
  return {
    clock: systemClock,
    random: webRandom,
    keyring: webKeyring(),
    cipher: webCipher(),
    connect: simplePeerTransport(browserWebRtc()),
    dial: webSocketSignaling(WebSocket),
    storages: indexedDbStorages(log),
    log,
    onOnline: (call) => {
      addEventListener('online', call)
      return () => removeEventListener('online', call)
    },
  }
}

import { OFFLINE_WORKER } from './worker-path.ts'

/**
 * From the next visit on the app starts without its server. Browsers refuse it where they keep no data or do not trust the
 * address: then the app is as it was, which the console says.
 */
export function registerOfflineWorker(): void {
  if (!('serviceWorker' in navigator)) return
  navigator.serviceWorker.register(OFFLINE_WORKER).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    // biome-ignore lint/suspicious/noConsole: nobody else has to know, and whoever looks for the reason looks here.
    console.warn(`The app will not start offline: ${reason}`)
  })
}

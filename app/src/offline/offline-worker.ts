/** The service worker: hands out the app's own files while the server cannot be reached, and touches nothing else. */
import { AppFiles } from './app-files.ts'

/** What is used of `ServiceWorkerGlobalScope`; its types and those of a page exclude each other. */
interface WorkerEvent extends Event {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
  waitUntil(work: Promise<void>): void
}
interface WorkerScope {
  readonly location: Location
  addEventListener(type: 'install' | 'activate' | 'fetch', listener: (event: WorkerEvent) => void): void
}

/** Filled in when the app is built. */
declare const APP_BUILD: { readonly version: string; readonly paths: readonly string[] }

const scope = self as unknown as WorkerScope
const files = new AppFiles(APP_BUILD, {
  caches,
  fetch: (...request) => fetch(...request),
  origin: scope.location.origin,
  wait: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
})

// A new build waits until no window shows the old one: its parts belong together.
scope.addEventListener('install', (event) => event.waitUntil(files.install()))
scope.addEventListener('activate', (event) => event.waitUntil(files.activate()))
scope.addEventListener('fetch', (event) => {
  const answer = files.answer(event.request)
  if (answer) event.respondWith(answer)
})

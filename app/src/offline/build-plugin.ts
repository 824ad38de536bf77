/** Writes into the service worker which files a build has. For `vite.config.ts`. */
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import type { Plugin } from 'vite'
import { OFFLINE_WORKER } from './worker-path.ts'

/** `bundled`: names as in the output folder. Pure. */
export function appBuildOf(
  bundled: readonly string[],
  publicFiles: readonly string[],
): { version: string; paths: string[] } {
  const files = bundled.filter((name) => !name.endsWith('.map') && name !== 'index.html')
  const paths = [...files, ...publicFiles].map((name) => `/${name}`).filter((path) => path !== OFFLINE_WORKER)
  const all = ['/', ...paths.sort()]
  return { version: createHash('sha256').update(all.join('\n')).digest('hex').slice(0, 12), paths: all }
}

export function offlineWorker(publicDir: string): Plugin {
  return {
    name: 'parley-offline-worker',
    generateBundle(_options, bundle) {
      const worker = bundle[OFFLINE_WORKER.slice(1)]
      if (worker?.type !== 'chunk') throw new Error('the build has no service worker')
      if (worker.imports.length > 0) throw new Error('the service worker has to be one file')
      const build = JSON.stringify(appBuildOf(Object.keys(bundle), readdirSync(publicDir)))
      if (!worker.code.includes('APP_BUILD')) throw new Error('the service worker asks for no list of files')
      worker.code = worker.code.replaceAll('APP_BUILD', build)
    },
  }
}

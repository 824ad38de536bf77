import { join } from 'node:path'
import { build } from 'vite'
import type { Door } from '../door.ts'

export const MESH_PAGE = '/mesh-page'

/** Bundles the library as the app's build does. */
async function bundle(): Promise<string> {
  const result = await build({
    configFile: false,
    root: import.meta.dirname,
    logLevel: 'warn',
    resolve: { dedupe: ['yjs', 'lib0', 'y-protocols'] },
    build: {
      target: 'es2022',
      write: false,
      minify: false,
      lib: { entry: join(import.meta.dirname, 'page.ts'), formats: ['es'] },
    },
  })
  const [built] = Array.isArray(result) ? result : [result]
  const chunk = built && 'output' in built ? built.output[0] : null
  if (chunk?.type !== 'chunk') throw new Error('the bundler made no script')
  return chunk.code
}

/** An empty page beside the app that offers the library to tests. */
export async function serveMeshPage(door: Door): Promise<void> {
  const html =
    '<!doctype html><title>Mesh</title><link rel="icon" href="data:,"><script type="module" src="/mesh-page.js"></script>'
  door.extraFiles.set(MESH_PAGE, { contentType: 'text/html', body: html })
  door.extraFiles.set('/mesh-page.js', { contentType: 'text/javascript', body: await bundle() })
}

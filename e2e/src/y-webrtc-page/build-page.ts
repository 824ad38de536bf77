import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const HTML =
  '<!doctype html><title>y-webrtc</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'

/** Puts an application of y-webrtc into `folder`, for a server to serve at `/`. */
export async function buildYWebrtcPage(folder: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, 'page.ts')],
    outfile: join(folder, 'page.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['browser'],
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    logLevel: 'error',
  })
  writeFileSync(join(folder, 'index.html'), HTML)
}

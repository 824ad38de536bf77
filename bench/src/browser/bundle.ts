/** Bundles the pages of the benchmarks into a temporary folder; nothing of them is part of the app. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export const PAGES = ['ours', 'y-webrtc', 'raw', 'entry-path'] as const
export type PageName = (typeof PAGES)[number]

/** Names stay as they are, so that a profile of a page can be read. */
export async function bundlePages(outdir: string): Promise<void> {
  await build({
    entryPoints: PAGES.map((name) => fileURLToPath(new URL(`../pages/${name}.ts`, import.meta.url))),
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['browser'],
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    logLevel: 'error',
  })
}

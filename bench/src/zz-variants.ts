import { build } from 'esbuild'
import { mkdtemp, readFile } from 'node:fs/promises'
import { servePages } from '/work/main/bench/src/browser/page-server.ts'
import { startOurs, startYWebrtc } from '/work/main/bench/src/contenders.ts'
import { runKeystrokes } from '/work/main/bench/src/keystroke-run.ts'
import { percentile, median } from '/work/main/bench/src/measure/statistics.ts'
type P = Record<string, [string, string][]>
const noStore: P = { 'indexeddb-room.ts': [['if (entries.length === 0) return\n    this.#batches', 'return\n    this.#batches']] }
const delay = (ms: number): P => ({ 'indexeddb-room.ts': [['this.#batches.push(packEntries(entries))\n    this.#writeOn()', `this.#batches.push(packEntries(entries));\n    setTimeout(() => this.#writeOn(), ${ms})`]] })
const flush1000: P = { 'limits.ts': [['FLUSH_MS = 250', 'FLUSH_MS = 1000']] }
const V: Record<string, P> = { base: {}, noStore, delay20: delay(20), delay20flush1s: { ...delay(20), ...flush1000 } }
const N = +(process.env.N ?? 2), rounds = +(process.env.R ?? 3)
const use = (process.env.V ?? Object.keys(V).join()).split(',')
const servers: any = {}
for (const v of use) { const R = V[v]!; const dir = await mkdtemp('/tmp/prof/pages-')
  await build({ entryPoints: ['ours', 'y-webrtc', 'raw'].map(n => `/work/main/bench/src/pages/${n}.ts`), outdir: dir, bundle: true, format: 'esm', platform: 'browser', conditions: ['browser'], target: 'es2022', define: { global: 'globalThis' }, plugins: [{ name: 'm', setup(b: any) { b.onLoad({ filter: /\/(mesh|bench|protocol)\/src\/.*\.ts$/ }, async (a: any) => { let t = await readFile(a.path, 'utf8'); const n = a.path.split('/').pop(); for (const [x, y] of R[n] ?? []) { if (!t.includes(x)) { if (n === 'limits.ts') continue; throw new Error('NO MATCH ' + n + x) } t = t.replace(x, () => y) } return { contents: t, loader: 'ts' } }) } }] })
  const pages = await servePages(dir); servers[v] = { pages, c: await startOurs(pages) } }
servers['y-webrtc'] = { pages: servers[use[0]!].pages, c: await startYWebrtc() }
const out: Record<string, { p50: number[], p99: number[], cpu: number[] }> = {}
for (let r = 0; r < rounds; r++) for (const v of r % 2 ? Object.keys(servers).reverse() : Object.keys(servers)) { const run = await runKeystrokes(servers[v].pages, servers[v].c, N); const o = out[v] ??= { p50: [], p99: [], cpu: [] }; o.p50.push(percentile(run.delaysMs, .5)); o.p99.push(percentile(run.delaysMs, .99)); o.cpu.push(run.cpuMs / run.delaysMs.length) }
for (const [v, o] of Object.entries(out)) console.log(v.padEnd(18), 'p50', median(o.p50).toFixed(2), `[${o.p50.map(x => x.toFixed(2))}]`, 'p99', median(o.p99).toFixed(1), 'cpu', median(o.cpu).toFixed(2))
process.exit(0)

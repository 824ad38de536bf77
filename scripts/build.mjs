/** `npm run build`: the app with Vite, the signaling server as one file. `npm start` builds only what changed. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bin, ensureInstalled, isMain, ROOT, requireNode, seconds, step } from './house.mjs'

const STAMPS = join(ROOT, 'node_modules', '.cache', 'parley')
const SHARED = ['package-lock.json', 'tsconfig.base.json', 'scripts/build.mjs', 'protocol/src']

/** Names, sizes and times of all files below `path`, as lines. */
function* facts(path) {
  const stat = statSync(join(ROOT, path), { throwIfNoEntry: false })
  if (!stat) return
  if (!stat.isDirectory()) yield `${path} ${stat.size} ${stat.mtimeMs}\n`
  else for (const name of readdirSync(join(ROOT, path)).sort()) yield* facts(`${path}/${name}`)
}

function fingerprint(inputs) {
  const hash = createHash('sha256')
  for (const input of inputs) for (const line of facts(input)) hash.update(line)
  return hash.digest('hex')
}

async function bundleSignaling() {
  const startedMs = Date.now()
  const { build } = await import('esbuild')
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['signaling/src/main.ts'],
    outfile: 'signaling/dist/main.js',
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    logLevel: 'warning',
    // CommonJS packages in the bundle call `require` for Node's own modules.
    banner: {
      js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)",
    },
  })
  console.log(`Bundling the signaling server: done in ${seconds(startedMs)}`)
}

const TARGETS = [
  {
    name: 'app',
    output: 'app/dist/index.html',
    inputs: [
      ...SHARED,
      'app/package.json',
      'app/index.html',
      'app/vite.config.ts',
      'app/public',
      'app/src',
      'mesh/src',
    ],
    build: () => step('Building the app', bin('vite'), ['build', 'app', '--logLevel', 'warn']),
  },
  {
    name: 'signaling',
    output: 'signaling/dist/main.js',
    inputs: [...SHARED, 'signaling/package.json', 'signaling/src'],
    build: bundleSignaling,
  },
]

async function buildTarget({ name, output, inputs, build }, onlyIfStale) {
  const stamp = join(STAMPS, `${name}.stamp`)
  const now = fingerprint(inputs)
  const fresh = existsSync(join(ROOT, output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now
  if (onlyIfStale && fresh) return
  await build()
  if (!existsSync(join(ROOT, output))) throw new Error(`the build left no ${output}`)
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, now)
}

export async function buildAll({ onlyIfStale }) {
  for (const target of TARGETS) await buildTarget(target, onlyIfStale)
}

if (isMain(import.meta.url)) {
  requireNode()
  await ensureInstalled()
  await buildAll({ onlyIfStale: false })
}

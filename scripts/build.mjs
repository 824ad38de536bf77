/** `npm run build`: the app with Vite, the servers as one file each. `npm start` builds only what changed. */
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

/** One file for Node, next to its package's sources. `external` packages are loaded when it runs. */
async function bundleCommand(name, external = []) {
  const startedMs = Date.now()
  const { build } = await import('esbuild')
  await build({
    absWorkingDir: ROOT,
    entryPoints: [`${name}/src/main.ts`],
    outfile: `${name}/dist/main.js`,
    external,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    logLevel: 'warning',
    // CommonJS packages in the bundle call `require` for Node's own modules.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)",
    },
  })
  console.log(`Bundling ${name}: done in ${seconds(startedMs)}`)
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
    inputs: [...SHARED, 'signaling/package.json', 'signaling/src', 'turn/src'],
    build: () => bundleCommand('signaling'),
  },
  {
    name: 'archivist',
    output: 'archivist/dist/main.js',
    inputs: [...SHARED, 'archivist/package.json', 'archivist/src', 'mesh/src'],
    // A native module finds its binary beside itself.
    build: () => bundleCommand('archivist', ['@roamhq/wrtc']),
  },
  {
    name: 'turn',
    output: 'turn/dist/main.js',
    inputs: [...SHARED, 'turn/package.json', 'turn/src'],
    build: () => bundleCommand('turn'),
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

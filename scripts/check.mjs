/** `npm run check`: format, lint, types, import direction, rule ids and the quick unit tests, in about a minute. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bin, ensureInstalled, isMain, ROOT, requireNode, run, seconds } from './house.mjs'

/** Left to `npm test`: long by nature, or of programs, servers and disks. */
const SLOW_TESTS = [
  '**/*.{fuzz,story}.test.ts',
  'archivist/src/*.test.ts',
  'archivist/src/storage/*.test.ts',
  'turn/src/*.test.ts',
  'signaling/src/{main,main-hostile,server}.test.ts',
  'signaling/src/{instances,tokens,y-webrtc}/*.test.ts',
  'mesh/src/document/{apply-slices,apply-turns,blanking-order,honest-acts,split-update}.test.ts',
  'mesh/src/journal/{admission-turns,large-rooms}.test.ts',
].flatMap((pattern) => ['--exclude', pattern])

const typed = ['protocol', 'mesh', 'signaling', 'archivist', 'turn', 'app', 'e2e', 'bench'].filter((name) =>
  existsSync(join(ROOT, name, 'tsconfig.json')),
)

/** Keeps what it learned, so that the next run looks at what changed only. */
const typeArgs = (name) => [
  ...['-p', name, '--incremental'],
  ...['--tsBuildInfoFile', `node_modules/.cache/parley/${name}.tsbuildinfo`],
]

const STATIC_STEPS = [
  { name: 'format and lint', command: bin('biome'), args: ['ci', '--colors=off', '--error-on-warnings'] },
  { name: 'import direction', command: process.execPath, args: ['scripts/import-direction.mjs'] },
  { name: 'rule ids', command: process.execPath, args: ['scripts/spec-ids.mjs'] },
  ...typed.map((name) => ({ name: `types of ${name}`, command: bin('tsc'), args: typeArgs(name) })),
]

const UNIT_STEP = {
  name: 'unit tests',
  command: bin('vitest'),
  args: ['run', '--reporter=dot', ...SLOW_TESTS],
}

async function runStep({ name, command, args }) {
  const startedMs = Date.now()
  const { code, output } = await run(command, args, { show: 'quiet' })
  const ok = code === 0
  if (!ok) process.stdout.write(output.endsWith('\n') ? output : `${output}\n`)
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds(startedMs)})`)
  return ok
}

/** Two at a time: more would only fight over the processors of a small machine. */
async function runSteps(steps) {
  const waiting = [...steps]
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      counts[(await runStep(next)) ? 'passed' : 'failed']++
    }
  }
  await Promise.all([worker(), worker()])
  return counts
}

/** Everything that needs no test run; each step counts as one check. */
export const runStaticChecks = () => runSteps(STATIC_STEPS)

if (isMain(import.meta.url)) {
  requireNode()
  await ensureInstalled()
  const startedMs = Date.now()
  const { passed, failed } = await runSteps([UNIT_STEP, ...STATIC_STEPS])
  console.log(`${passed} checks passed, ${failed} failed in ${seconds(startedMs)}`)
  process.exit(failed > 0 ? 1 : 0)
}

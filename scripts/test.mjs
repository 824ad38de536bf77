/**
 * `npm test [-- --long --only check|unit|browser|e2e]`: installs what it needs, runs every suite, and ends with one
 * line: `N passed, N failed`, followed by `, N skipped` when something was skipped.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildAll } from './build.mjs'
import { runStaticChecks } from './check.mjs'
import { countVitest, countWebTestRunner } from './count-tests.mjs'
import { findChromium } from './find-chromium.mjs'
import { bin, ensureInstalled, giveUp, requireNode, run, seconds } from './house.mjs'
import { ensureSystemPackages } from './system-packages.mjs'

const SUITES = ['check', 'unit', 'browser', 'e2e']
/** A suite that hangs is ended and counts as failed. */
const LIMIT_MS = 20 * 60_000
const LONG_LIMIT_MS = 6 * 60 * 60_000

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { long: { type: 'boolean', default: false }, only: { type: 'string' } },
    })
    if (values.only && !SUITES.includes(values.only))
      throw new Error(`--only takes one of ${SUITES.join(', ')}`)
    return values
  } catch (error) {
    return giveUp(error.message, 2)
  }
}

async function runVitest(args, limitMs) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-test-'))
  const report = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  try {
    const { code } = await run(bin('vitest'), ['run', ...args, ...reporters], { limitMs })
    return countVitest(report, code)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function runBrowserTests(limitMs) {
  const { code, output } = await run(bin('web-test-runner'), [], { show: 'both', limitMs })
  return countWebTestRunner(output, code)
}

async function runEndToEnd(limitMs) {
  await buildAll({ onlyIfStale: true })
  return runVitest(['--config', 'e2e/vitest.config.ts'], limitMs)
}

const RUNNERS = {
  check: runStaticChecks,
  unit: (limitMs) => runVitest([], limitMs),
  browser: runBrowserTests,
  e2e: runEndToEnd,
}

/** A suite that breaks instead of reporting counts as one failed test. */
async function runSuite(name, limitMs) {
  const startedMs = Date.now()
  console.log(`\n=== ${name}`)
  let counts
  try {
    counts = await RUNNERS[name](limitMs)
  } catch (error) {
    console.error(error)
    counts = { passed: 0, failed: 1, skipped: 0, crashed: String(error) }
  }
  if (counts.crashed) console.error(`suite ${name} crashed: ${counts.crashed}`)
  const { passed, failed, skipped } = counts
  const summary = `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds(startedMs)}`
  console.log(summary)
  return { passed, failed, skipped, summary }
}

async function main() {
  requireNode()
  const { long, only } = readOptions()
  await ensureInstalled()
  if (only !== 'check' && only !== 'unit') process.env.PARLEY_CHROMIUM = await findChromium()
  if (only !== 'check' && only !== 'browser') await ensureSystemPackages()
  if (long) process.env.PARLEY_LONG = '1'
  const results = []
  for (const name of only ? [only] : SUITES)
    results.push(await runSuite(name, long ? LONG_LIMIT_MS : LIMIT_MS))
  const sum = (key) => results.reduce((total, result) => total + result[key], 0)
  console.log(`\n${results.map((result) => result.summary).join('\n')}`)
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''
  console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped}`)
  process.exitCode = sum('failed') > 0 ? 1 : 0
}

await main()

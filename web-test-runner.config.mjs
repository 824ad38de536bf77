/**
 * Runs `*.browser.test.ts` in Chromium. The last line of the output is for scripts:
 * `browser tests: 12 passed, 0 failed, 0 skipped in 2 files`; the exit code is 1 when anything failed.
 */
import { esbuildPlugin } from '@web/dev-server-esbuild'
import { summaryReporter } from '@web/test-runner'
import { playwrightLauncher } from '@web/test-runner-playwright'

const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** simple-peer ships its browser bundle as UMD only; the app's bundler converts it, this server does not. */
const umdAsModule = {
  name: 'umd-as-module',
  transform({ path, body }) {
    if (!path.endsWith('/simple-peer/simplepeer.min.js')) return undefined
    return `const module = { exports: {} }, exports = module.exports;\n${body}\nexport default module.exports;\n`
  },
}

/** Kept while the page lives: what a session overrides ends with it. */
const devtools = {}

/**
 * For tests of faults that no script can cause, such as a full disk: `executeServerCommand('devtools', { method,
 * params })` calls a method of the Chrome DevTools Protocol on the page of the test.
 */
const devtoolsCommand = {
  name: 'devtools-command',
  async executeCommand({ command, payload, session }) {
    if (command !== 'devtools') return undefined
    const page = session.browser.getPage(session.id)
    devtools[session.id] ??= await page.context().newCDPSession(page)
    return { result: await devtools[session.id].send(payload.method, payload.params) }
  },
}

function countTests(suite, counts) {
  for (const test of suite?.tests ?? []) {
    counts[test.skipped ? 'skipped' : test.passed ? 'passed' : 'failed']++
  }
  for (const inner of suite?.suites ?? []) countTests(inner, counts)
}

/** A file that could not be loaded, or broke outside a test, counts as one failed test. */
function countSessions(sessions) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const session of sessions) {
    const failedBefore = counts.failed
    countTests(session.testResults, counts)
    if (!session.passed && counts.failed === failedBefore) counts.failed++
  }
  return counts
}

const countReporter = {
  onTestRunFinished({ sessions }) {
    const { passed, failed, skipped } = countSessions(sessions)
    console.log(
      `browser tests: ${passed} passed, ${failed} failed, ${skipped} skipped in ${sessions.length} files`,
    )
  },
}

export default {
  files: ['{mesh,app}/src/**/*.browser.test.ts', '!**/node_modules/**'],
  rootDir: import.meta.dirname,
  nodeResolve: { browser: true, exportConditions: ['browser'] },
  plugins: [umdAsModule, devtoolsCommand, esbuildPlugin({ ts: true, target: 'es2022' })],
  browsers: [
    playwrightLauncher({
      product: 'chromium',
      launchOptions: {
        executablePath: process.env.PARLEY_CHROMIUM ?? '/usr/bin/chromium',
        args: CHROMIUM_ARGS,
      },
    }),
  ],
  concurrency: 1,
  testsStartTimeout: 30_000,
  testsFinishTimeout: 300_000,
  testFramework: { config: { ui: 'bdd', timeout: '30000' } },
  reporters: [summaryReporter({}), countReporter],
}

/** Reads how many tests passed, failed and were skipped from what the two test runners leave behind. */
import { existsSync, readFileSync } from 'node:fs'

const crashed = (reason) => ({ passed: 0, failed: 1, skipped: 0, crashed: reason })

/**
 * A failure that no test carries (a file that cannot be loaded, a rejected promise after the end, a report without
 * tests) counts as one failed test.
 */
function withExitCode(counts, code) {
  if (code !== 0 && counts.failed === 0) {
    return { ...counts, failed: 1, crashed: `ended with ${code ?? 'a signal'} although no test failed` }
  }
  if (counts.passed + counts.failed + counts.skipped === 0) return crashed('ran no test at all')
  return counts
}

/** @param reportPath what Vitest's JSON reporter wrote */
export function countVitest(reportPath, code) {
  if (!existsSync(reportPath)) return crashed(`ended with ${code ?? 'a signal'} and left no report`)
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const file of JSON.parse(readFileSync(reportPath, 'utf8')).testResults) {
    const failedBefore = counts.failed
    for (const { status } of file.assertionResults) {
      counts[status === 'passed' || status === 'failed' ? status : 'skipped']++
    }
    if (file.status === 'failed' && counts.failed === failedBefore) {
      counts.failed++
      console.error(`could not run ${file.name}: ${file.message}`)
    }
  }
  return withExitCode(counts, code)
}

/** The last line that web-test-runner.config.mjs prints. */
export function countWebTestRunner(output, code) {
  const lines = [...output.matchAll(/^browser tests: (\d+) passed, (\d+) failed, (\d+) skipped/gm)]
  const last = lines.at(-1)
  if (!last) return crashed(`ended with ${code ?? 'a signal'} and printed no count`)
  const [passed, failed, skipped] = last.slice(1).map(Number)
  return withExitCode({ passed, failed, skipped }, code)
}

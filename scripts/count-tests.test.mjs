import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { countVitest, countWebTestRunner } from './count-tests.mjs'

let folder
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-count-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function report(...files) {
  const path = join(folder, 'report.json')
  const testResults = files.map(([status, ...statuses]) => ({
    name: 'a.test.ts',
    message: '',
    status,
    assertionResults: statuses.map((one) => ({ status: one })),
  }))
  writeFileSync(path, JSON.stringify({ testResults }))
  return path
}

describe('counting', () => {
  it('adds up a Vitest report', () => {
    const path = report(['failed', 'passed', 'failed', 'skipped'], ['passed', 'passed', 'todo'])
    expect(countVitest(path, 1)).toEqual({ passed: 2, failed: 1, skipped: 2 })
  })

  it('counts a file that could not be loaded as one failed test', () => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    expect(countVitest(report(['failed'], ['passed', 'passed']), 1)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
    })
    expect(errors).toHaveBeenCalledOnce()
    errors.mockRestore()
  })

  it('never counts a crash, an empty run or an unhandled error as success', () => {
    expect(countVitest(join(folder, 'none.json'), 1)).toMatchObject({ failed: 1 })
    expect(countVitest(report(), 0)).toMatchObject({ failed: 1 })
    expect(countVitest(report(['passed', 'passed']), 1)).toMatchObject({ passed: 1, failed: 1 })
    expect(countWebTestRunner('Chromium: disconnected', null)).toMatchObject({ failed: 1 })
    expect(countWebTestRunner('browser tests: 3 passed, 0 failed, 0 skipped in 1 files', 1)).toMatchObject({
      failed: 1,
    })
  })

  it('reads the last line of the browser tests', () => {
    const output = 'x\nbrowser tests: 12 passed, 0 failed, 1 skipped in 2 files\n'
    expect(countWebTestRunner(output, 0)).toEqual({ passed: 12, failed: 0, skipped: 1 })
  })
})

import { expect, it } from 'vitest'
import { missingPackages, SYSTEM_PROGRAMS } from './system-packages.mjs'

it('names the packages of what is missing, each once', () => {
  const programs = [
    { program: 'a', package: 'x' },
    { program: 'b', package: 'x' },
    { program: 'c', package: 'y' },
  ]
  expect(missingPackages(programs, (program) => program === 'c')).toEqual(['x'])
  expect(missingPackages(programs, () => true)).toEqual([])
  expect(missingPackages(SYSTEM_PROGRAMS, () => false)).toContain('redis-server')
})

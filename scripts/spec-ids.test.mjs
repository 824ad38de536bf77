import { describe, expect, it } from 'vitest'
import { withoutComments } from './source-files.mjs'
import { faultsOf, findDisagreements, quotedIds, rulesOf } from './spec-ids.mjs'

const rules = rulesOf('# Rules\n- [GR1] one\n- [GR2] (later) two\n')
const faults = faultsOf('| 13 | swapped | 4401 | a/src/x.test.ts |\n| 14 | replay | | — |\n')
const testsWith = (title) => quotedIds(new Map([['a/src/x.test.ts', `it('${title}', () => {})`]]))

describe('rule ids', () => {
  it('agrees when every built rule is quoted', () => {
    expect(findDisagreements(rules, faults, testsWith('[GR1] [F13] holds'))).toEqual([])
  })

  it('finds a rule without a test', () => {
    expect(findDisagreements(rules, faults, testsWith('[F13]'))).toEqual([
      'docs/spec.md: no test quotes [GR1]',
    ])
  })

  it('finds a test without a rule, and a fault that is not in the table', () => {
    const found = findDisagreements(rules, faults, testsWith('[GR1] [GR9] [F13] [F99]'))
    expect(found).toEqual([expect.stringContaining('[GR9]'), expect.stringContaining('[F99]')])
  })

  it('finds a rule marked (later) that is tested by now', () => {
    expect(findDisagreements(rules, faults, testsWith('[GR1] [GR2] [F13]'))[0]).toContain('[GR2]')
  })

  it('finds a row of the fault table that names a test without the fault', () => {
    expect(findDisagreements(rules, faults, testsWith('[GR1]'))).toEqual([
      'docs/faults.md: a/src/x.test.ts does not test [F13]',
    ])
  })

  it('does not count comments, nor tests that are skipped', () => {
    const source = withoutComments("// it('[GR1] a')\n/* [GR1] */\nit.skip('[GR1] b', () => {})\n")
    expect(quotedIds(new Map([['a/src/x.test.ts', source]])).size).toBe(0)
  })

  it('refuses one id for two rules', () => {
    expect(() => rulesOf('- [GR1] one\n- [GR1] two\n')).toThrow('twice')
  })
})

/**
 * Rules and tests, checked both ways: every rule `[XX1]` of docs/spec.md is quoted by a test unless it is marked
 * `(later)`, every id in a test is a rule or a fault, and docs/faults.md names no test file that does not quote the
 * fault. `--write` fills the column "tested in" of docs/faults.md.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMain, ROOT } from './house.mjs'
import { readSources } from './source-files.mjs'

const RULE = /^- \[([A-Z]{2}\d+)\]( \(later\))?/gm
const QUOTED = /\[([A-Z]{2}\d+|F\d+)\]/g
const SKIPPED = /\b(?:it|test|describe)\.(?:skip|todo)\([^\n]*/g
/** `| 13 | text | codes | tested in |` */
const FAULT = /^\| (\d+) \|(.*)\|([^|\n]*)\|$/gm

/** @returns rule id → whether it is marked as not built yet */
export function rulesOf(spec) {
  const rules = new Map()
  for (const [, id, later] of spec.matchAll(RULE)) {
    if (rules.has(id)) throw new Error(`docs/spec.md defines [${id}] twice`)
    rules.set(id, later !== undefined)
  }
  return rules
}

/** @returns id → test files that quote it in something that runs */
export function quotedIds(files) {
  const quoted = new Map()
  for (const [path, source] of files) {
    if (!path.endsWith('.test.ts')) continue
    for (const [, id] of source.replace(SKIPPED, '').matchAll(QUOTED)) {
      quoted.set(id, (quoted.get(id) ?? new Set()).add(path))
    }
  }
  return quoted
}

/** @returns fault id → test files that its row names */
export function faultsOf(table) {
  const faults = new Map()
  for (const [, number, , files] of table.matchAll(FAULT)) {
    faults.set(`F${number}`, files.match(/[\w./-]+\.test\.ts/g) ?? [])
  }
  return faults
}

/** @returns sentences about what does not agree */
export function findDisagreements(rules, faults, quoted) {
  const found = []
  for (const [id, later] of rules) {
    if (!later && !quoted.has(id)) found.push(`docs/spec.md: no test quotes [${id}]`)
    if (later && quoted.has(id)) found.push(`docs/spec.md: [${id}] is tested, so it is no longer (later)`)
  }
  for (const [id, paths] of quoted) {
    if (!rules.has(id) && !faults.has(id))
      found.push(`${[...paths].join(', ')}: [${id}] is neither rule nor fault`)
  }
  for (const [id, paths] of faults) {
    for (const path of paths) {
      if (!quoted.get(id)?.has(path)) found.push(`docs/faults.md: ${path} does not test [${id}]`)
    }
  }
  return found
}

function fillTable(table, quoted) {
  return table.replace(FAULT, (_row, number, middle) => {
    const paths = [...(quoted.get(`F${number}`) ?? [])].sort()
    return `| ${number} |${middle}| ${paths.join(' ') || '—'} |`
  })
}

function main() {
  const faultsPath = join(ROOT, 'docs', 'faults.md')
  const quoted = quotedIds(readSources())
  if (process.argv.includes('--write')) {
    writeFileSync(faultsPath, fillTable(readFileSync(faultsPath, 'utf8'), quoted))
  }
  const rules = rulesOf(readFileSync(join(ROOT, 'docs', 'spec.md'), 'utf8'))
  const faults = faultsOf(readFileSync(faultsPath, 'utf8'))
  const found = findDisagreements(rules, faults, quoted)
  for (const sentence of found) console.error(sentence)
  const built = [...rules.values()].filter((later) => !later).length
  const tested = [...faults.keys()].filter((id) => quoted.has(id))
  console.log(`spec ids: ${rules.size} rules, ${built} of them built; ${found.length} disagreements`)
  console.log(`faults with a test: ${tested.length} of ${faults.size}: ${tested.join(' ')}`)
  process.exit(found.length > 0 ? 1 : 0)
}

if (isMain(import.meta.url)) main()

/** The bans of biome.json bite: a file that breaks each of them is reported, at the line that breaks it. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bin, ROOT } from './house.mjs'

function lint(files) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-lint-'))
  try {
    copyFileSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'))
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), source)
    }
    const args = ['lint', '--colors=off', '--reporter=github', '--max-diagnostics=none', '.']
    return spawnSync(bin('biome'), args, { cwd: folder, encoding: 'utf8' }).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const BANNED = [
  'setTimeout(() => {}, 1)',
  'setInterval(() => {}, 1)',
  'Date.now()',
  'new Date()',
  'Math.random()',
  "new WebSocket('')",
  'new RTCPeerConnection()',
  'indexedDB',
  'console',
  'crypto.subtle',
  "fetch('')",
  'localStorage',
  'performance.now()',
  'globalThis.crypto',
]
const USES = BANNED.map((use, index) => `export const use${index} = ${use}\n`).join('')
const linesWith = (output, rule) =>
  [...output.matchAll(new RegExp(`title=lint/${rule},[^\\n]*?,line=(\\d+)`, 'g'))].map(([, line]) =>
    Number(line),
  )

describe('lint', () => {
  it('bans the platform in protocol and mesh, but not in adapters, testing and tests', () => {
    const output = lint({ 'mesh/src/journal/uses.ts': USES })
    const lines = new Set([
      ...linesWith(output, 'style/noRestrictedGlobals'),
      ...linesWith(output, 'nursery/noJsRestrictedProperties'),
    ])
    expect([...lines].sort((a, b) => a - b)).toEqual(BANNED.map((_, index) => index + 1))
    const free = ['mesh/src/adapters/uses.ts', 'mesh/src/testing/uses.ts', 'protocol/src/uses.test.ts']
    const allowed = lint(Object.fromEntries(free.map((path) => [path, USES])))
    expect(linesWith(allowed, 'style/noRestrictedGlobals')).toEqual([])
    expect(linesWith(allowed, 'nursery/noJsRestrictedProperties')).toEqual([])
  })

  it('bans cycles of imports', () => {
    const output = lint({
      'app/src/a.ts': "import { b } from './b.ts'\nexport const a = () => b\n",
      'app/src/b.ts': "import { a } from './a.ts'\nexport const b = () => a\n",
    })
    expect(linesWith(output, 'suspicious/noImportCycles').length).toBeGreaterThan(0)
  })

  it.each([
    ['suspicious/noExplicitAny', 'export const a: any = 1\n'],
    [
      'nursery/noFloatingPromises',
      'async function f(): Promise<void> {}\nexport function g(): void {\n  f()\n}\n',
    ],
    ['suspicious/noEmptyBlockStatements', 'export function f(): void {\n  try {\n    g()\n  } catch {}\n}\n'],
    ['style/noDefaultExport', 'export default 1\n'],
    ['performance/noReExportAll', "export * from './b.ts'\n"],
    ['style/noParameterAssign', 'export function f(a: number): number {\n  a = 2\n  return a\n}\n'],
    ['suspicious/noTsIgnore', '// @ts-ignore\nexport const a = 1\n'],
    ['suspicious/noFocusedTests', "it.only('a', () => 1)\n"],
    ['suspicious/noConsole', "console.log('a')\n"],
    [
      'nursery/useExhaustiveSwitchCases',
      "export function f(a: 'x' | 'y'): number {\n  switch (a) {\n    case 'x':\n      return 1\n  }\n  return 2\n}\n",
    ],
  ])('has %s', (rule, source) => {
    expect(linesWith(lint({ 'app/src/a.ts': source }), rule)).toHaveLength(1)
  })
})

import { describe, expect, it } from 'vitest'
import { findViolations } from './import-direction.mjs'

const violationOf = (path, source) => findViolations(new Map([[path, source]]))[0] ?? null

describe('import direction', () => {
  it.each([
    ['mesh/src/journal/a.ts', "import { x } from '../presence/b.ts'", 'siblings'],
    ['mesh/src/link/a.ts', "import type { X } from '../join/b.ts'", 'link may not import join'],
    ['mesh/src/room.ts', "import { x } from './stories/b.ts'", 'production never imports testing'],
    ['mesh/src/join/a.ts', "import { x } from '../adapters/b.ts'", 'join may not import adapters'],
    ['mesh/src/journal/a.ts', "import {\n  x,\n} from '../room.ts'", 'may not know the room'],
    ['mesh/src/journal/a.ts', "import { x } from '../adapters/b.ts'", 'may not import adapters'],
    ['mesh/src/adapters/a.ts', "import { x } from '../link/b.ts'", 'adapters implement ports'],
    ['mesh/src/room.ts', "import { x } from './adapters/b.ts'", 'only main files choose adapters'],
    ['mesh/src/room.ts', "import { x } from './testing/b.ts'", 'production never imports testing'],
    ['mesh/src/ports.ts', "import { x } from './link/b.ts'", 'import nothing of the mesh'],
    ['mesh/src/room.ts', "export { x } from '@parley/signaling'", 'mesh may not import signaling'],
    ['app/src/a.ts', "const x = await import('@parley/signaling')", 'app may not import signaling'],
    ['app/src/a.ts', "import '../../mesh/src/room.ts'", 'imported by its name'],
    ['app/src/a.ts', "import { x } from '@parley/protocol/testing'", 'production never imports testing'],
    ['protocol/src/a.ts', "import { x } from '@parley/mesh'", 'protocol may not import mesh'],
    ['signaling/src/a.ts', "import { x } from './b.test.ts'", 'nothing imports a test'],
  ])('refuses in %s: %s', (path, source, fault) => {
    expect(violationOf(path, source)).toContain(fault)
  })

  it.each([
    ['mesh/src/journal/a.ts', "import { x } from '../ports.ts'\nimport { y } from '@parley/protocol'"],
    ['mesh/src/journal/a.ts', "import { x } from './b.ts'\nimport * as Y from 'yjs'"],
    ['mesh/src/room.ts', "import { x } from './journal/b.ts'\nimport { y } from '#platform'"],
    ['mesh/src/journal/a.test.ts', "import { x } from '../testing/b.ts'\nimport { y } from '../link/c.ts'"],
    ['mesh/src/join/a.ts', "import { x } from '../link/b.ts'"],
    ['mesh/src/index.ts', "import { x } from './adapters/b.ts'"],
    ['mesh/src/stories/a.ts', "import { x } from '../rooms.ts'\nimport { y } from '../testing/b.ts'"],
    ['mesh/src/testing/a.ts', "import { x } from '../ports.ts'"],
    ['app/src/a.ts', "import { x } from '@parley/mesh'"],
    ['signaling/src/a.test.ts', "import { x } from '@parley/protocol/testing'"],
  ])('lets pass in %s: %s', (path, source) => {
    expect(violationOf(path, source)).toBeNull()
  })

  it('names file and line', () => {
    expect(violationOf('mesh/src/journal/a.ts', "const a = 1\nimport { x } from '../link/b.ts'")).toMatch(
      /^mesh\/src\/journal\/a\.ts:2 imports \.\.\/link\/b\.ts: /,
    )
  })
})

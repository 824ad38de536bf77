/**
 * Who may import whom (docs/architecture.md, "Import direction"). Biome forbids cycles and platform globals; this
 * script knows the rooms of the house, which Biome's rules cannot see from the text of an import.
 */
import { posix } from 'node:path'
import { isMain } from './house.mjs'
import { readSources } from './source-files.mjs'

/** Package → packages of this repository that it may import. */
const PACKAGES = {
  protocol: [],
  mesh: ['protocol'],
  turn: [],
  signaling: ['protocol', 'turn'],
  app: ['mesh', 'protocol'],
  archivist: ['mesh', 'protocol'],
  e2e: ['mesh', 'protocol', 'signaling', 'archivist', 'turn'],
  bench: ['mesh', 'protocol', 'signaling', 'archivist', 'turn'],
}

/** Files directly in mesh/src that every part of the mesh may import: the ports, and shapes without code. */
const MESH_BASE = ['ports', 'limits', 'errors', 'api']
/** They know nothing of each other: the room connects them by function types. */
const SIBLINGS = ['journal', 'document', 'presence', 'overlay', 'link', 'blobs']
/** Main files: they choose adapters. */
const MAIN_FILES = ['mesh/src/index.ts']

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\n]+)\1/g

const packageOf = (path) => path.split('/', 1)[0]
const isTest = (path) => path.endsWith('.test.ts')
const isTesting = (path) => path.includes('/testing/') || path.startsWith('mesh/src/stories/')

/** `base`, `room` (whatever else lies directly in mesh/src), or the folder's name. */
function meshPartOf(path) {
  const [first, ...rest] = path.slice('mesh/src/'.length).split('/')
  if (rest.length > 0) return first
  return MESH_BASE.includes(first.replace(/\.ts$/, '')) ? 'base' : 'room'
}

function faultInMesh(from, to) {
  const source = meshPartOf(from)
  const target = meshPartOf(to)
  if (source === target || target === 'base' || isTest(from)) return null
  // api.ts names the types of what it hands out.
  if (source === 'base' && from.endsWith('/api.ts'))
    return target === 'presence' ? null : 'api.ts is shapes only'
  if (source === 'base') return 'ports, limits and errors import nothing of the mesh'
  if (isTesting(from) || MAIN_FILES.includes(from)) return null
  if (source === 'room')
    return target === 'adapters' ? 'only main files choose adapters: import #platform' : null
  if (source === 'join' && SIBLINGS.includes(target)) return null
  if (target === 'room') return `${source} may not know the room`
  if (source === 'adapters') return 'adapters implement ports and know nothing else'
  if (SIBLINGS.includes(source) && SIBLINGS.includes(target))
    return `siblings: ${source} may not import ${target}`
  return `${source} may not import ${target}`
}

function faultOfPath(from, to) {
  if (packageOf(from) !== packageOf(to)) return 'another package is imported by its name'
  if (isTesting(to) && !isTesting(from) && !isTest(from)) return 'production never imports testing'
  if (isTest(to)) return 'nothing imports a test'
  return packageOf(from) === 'mesh' ? faultInMesh(from, to) : null
}

function faultOfPackage(from, name) {
  const [, target, rest] = /^@parley\/([a-z0-9-]+)(\/.*)?$/.exec(name) ?? []
  if (!target) return null
  const own = packageOf(from)
  const stands = own === 'e2e' || own === 'bench'
  if (rest === '/testing' && !isTest(from) && !isTesting(from) && !stands)
    return 'production never imports testing'
  if (target === own) return 'a package imports its own files by path'
  return PACKAGES[own]?.includes(target) ? null : `${own} may not import ${target}`
}

/**
 * @param files path from the root (`mesh/src/journal/heads.ts`) → source without comments
 * @returns one sentence for each import that breaks the direction
 */
export function findViolations(files) {
  const violations = []
  for (const [from, source] of files) {
    for (const match of source.matchAll(IMPORT)) {
      const name = match[2]
      const fault = name.startsWith('.')
        ? faultOfPath(from, posix.join(posix.dirname(from), name))
        : faultOfPackage(from, name)
      if (!fault) continue
      const line = source.slice(0, match.index).split('\n').length
      violations.push(`${from}:${line} imports ${name}: ${fault}`)
    }
  }
  return violations
}

if (isMain(import.meta.url)) {
  const files = readSources()
  const violations = findViolations(files)
  for (const violation of violations) console.error(violation)
  console.log(`import direction: ${files.size} files, ${violations.length} violations`)
  process.exit(violations.length > 0 ? 1 : 0)
}

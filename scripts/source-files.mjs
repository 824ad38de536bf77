/** Lists and reads the project's TypeScript for the checks beside it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './house.mjs'

const PACKAGES = ['protocol', 'mesh', 'signaling', 'archivist', 'turn', 'app', 'e2e', 'bench']

/** Blanks comments, keeps line numbers; strings that look like comments are rare enough here. */
export function withoutComments(source) {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:'"`\\])\/\/[^\n]*/g, '$1')
}

/** Every `.ts` below `<package>/src`, path relative to the root, comments blanked. */
export function readSources(root = ROOT) {
  const files = new Map()
  for (const name of PACKAGES) {
    const folder = join(root, name, 'src')
    let entries
    try {
      entries = readdirSync(folder, { recursive: true })
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
      continue
    }
    for (const entry of entries.sort()) {
      if (!entry.endsWith('.ts')) continue
      const text = readFileSync(join(folder, entry), 'utf8')
      files.set(`${name}/src/${entry.replaceAll('\\', '/')}`, withoutComments(text))
    }
  }
  return files
}

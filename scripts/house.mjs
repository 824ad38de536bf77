/** What the scripts share. Plain Node without any package, since node_modules may be missing. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export const ROOT = join(import.meta.dirname, '..')
const OLDEST_NODE = [20, 19]

/** Whether `url` (a module's own) is the file that Node was started with. */
export const isMain = (url) => process.argv[1] !== undefined && url === pathToFileURL(process.argv[1]).href

export const bin = (name) => join(ROOT, 'node_modules', '.bin', name)
export const seconds = (sinceMs) => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`

/** Ends the process with one sentence on stderr. */
export function giveUp(sentence, code = 1) {
  console.error(sentence)
  process.exit(code)
}

export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [wantMajor, wantMinor] = OLDEST_NODE
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return
  giveUp(`Parley needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`)
}

/**
 * Runs a command in the root of the repository.
 *
 * `show` is `live` (passes the output through), `both` (passes it through and returns it) or `quiet` (returns it).
 * A command that takes longer than `limitMs` is ended together with its children.
 *
 * @returns exit code (`null` when ended by a signal or by the limit) and the output that was kept
 */
export function run(command, args, { show = 'live', env = {}, limitMs = 0 } = {}) {
  return new Promise((resolve, reject) => {
    const out = show === 'live' ? 'inherit' : 'pipe'
    const stdio = ['ignore', out, out]
    const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio, detached: true })
    const stop = (signal) => process.kill(-child.pid, signal)
    const timer = limitMs > 0 ? setTimeout(stop, limitMs, 'SIGKILL') : undefined
    const onInterrupt = () => stop('SIGTERM')
    process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt)
    const chunks = []
    for (const [stream, screen] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream?.on('data', (chunk) => {
        chunks.push(chunk)
        if (show === 'both') screen.write(chunk)
      })
    }
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt)
      resolve({ code, output: Buffer.concat(chunks).toString('utf8') })
    })
  })
}

/** Says what is being done and, afterwards, how long it took. Ends the process when the command fails. */
export async function step(doing, command, args) {
  const startedMs = Date.now()
  console.log(`${doing} …`)
  const { code, output } = await run(command, args, { show: 'quiet' })
  if (code !== 0) giveUp(`${output}\n${doing} failed: \`${command} ${args.join(' ')}\` ended with ${code}.`)
  console.log(`${doing}: done in ${seconds(startedMs)}`)
}

/** npm leaves a lock file of what it installed once an installation is complete. */
export function isInstalled(root = ROOT) {
  const installedPath = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installedPath)) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(installedPath, 'utf8')).packages
  return Object.entries(wanted).every(([path, { version, link, optional, devOptional, peer }]) => {
    if (!path.includes('node_modules/') || link) return true
    if (installed[path] === undefined) return Boolean(optional || devOptional || peer)
    return installed[path].version === version
  })
}

export async function ensureInstalled() {
  // Not `npm ci`: it refuses a lock file whose maker's registry did not hold the optional binaries of every platform.
  const args = ['install', '--no-save', '--no-audit', '--no-fund']
  if (!isInstalled()) await step('Installing packages (npm install)', 'npm', args)
}

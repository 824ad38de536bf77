import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run, seconds } from './house.mjs'

/** Programs that some tests run beside Parley. Where one is missing these tests are skipped and say so. */
export const SYSTEM_PROGRAMS = [
  { program: 'redis-server', package: 'redis-server' },
  { program: 'turnserver', package: 'coturn' },
  { program: 'ip', package: 'iproute2' },
  { program: 'nft', package: 'nftables' },
  { program: 'nginx', package: 'nginx' },
  { program: 'caddy', package: 'caddy' },
]
/** Package lists and all packages over a slow line. */
const LIMIT_MS = 10 * 60_000

function isOnPath(program) {
  const folders = ['/usr/bin', '/usr/sbin', ...(process.env.PATH ?? '').split(delimiter)]
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

async function aptGet(...args) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const { code, output } = await run('apt-get', args, { show: 'quiet', env, limitMs: LIMIT_MS })
  if (code !== 0) console.error(output)
  return code === 0
}

/** What of `programs` this machine lacks; @returns packages that would bring it, each once */
export function missingPackages(programs, has = isOnPath) {
  return [...new Set(programs.filter(({ program }) => !has(program)).map((one) => one.package))]
}

/** Installs what is missing when this is Debian and root. Never fails: tests that need it are then skipped. */
export async function ensureSystemPackages(programs = SYSTEM_PROGRAMS) {
  const missing = missingPackages(programs)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    console.log(
      `Some tests will be skipped; with them (Debian, as root): apt-get install ${missing.join(' ')}`,
    )
    return
  }
  const startedMs = Date.now()
  console.log(`Installing ${missing.join(', ')} …`)
  const installed =
    (await aptGet('update')) && (await aptGet('install', '-y', '--no-install-recommends', ...missing))
  if (installed) console.log(`Installing ${missing.join(', ')}: done in ${seconds(startedMs)}`)
  else console.error(`Could not install ${missing.join(', ')}: the tests that need them will be skipped.`)
}

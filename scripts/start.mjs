/** `npm start`: installs and builds what is missing, then serves the app and signaling on one port. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { buildAll } from './build.mjs'
import { ensureInstalled, giveUp, ROOT, requireNode } from './house.mjs'

const HELP = `npm start [-- options]

  --port N     port to serve on (default: $PORT or 8787)
  --host H     address to listen on (default: 127.0.0.1, this machine only)
  --verbose    show the server's log
  --help       this text

Installs packages and builds when something is missing or outdated. Ctrl-C ends it.`

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
/** What a person at the terminal should see without asking. */
const LOUD = new Set(['warn', 'error', 'fatal'])

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: process.env.PORT || '8787' },
        host: { type: 'string', default: '127.0.0.1' },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    return values
  } catch (error) {
    return giveUp(`${error.message}\n\n${HELP}`, 2)
  }
}

/** Resolves to the error code that listening gives, or null. */
function tryPort(port, host) {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error) => resolve(error.code))
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(null)))
  })
}

async function requirePort(port, host) {
  const fault = await tryPort(port, host)
  if (fault === 'EADDRINUSE') {
    giveUp(
      `Port ${port} on ${host} is in use by another program. End that one, or take another port: ` +
        `npm start -- --port ${port + 1}`,
    )
  }
  if (fault === 'EACCES') giveUp(`Port ${port} may not be opened by this user: npm start -- --port 8787`)
  if (fault) giveUp(`Cannot listen on ${host}, port ${port}: ${fault}`)
}

function parseLine(line) {
  try {
    const value = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    return null
  }
}

function announce(port, host) {
  const name = host === '0.0.0.0' || host === '::' || LOOPBACK.has(host) ? 'localhost' : host
  console.log(`Parley is ready: http://${name}:${port}/   (Ctrl-C ends it)`)
  if (LOOPBACK.has(host)) return
  console.log(
    'Other machines need https in front: browsers give cryptography to https and localhost only, so over plain ' +
      'http they will show one sentence instead of the room.',
  )
}

/** The server logs one JSON object a line; `listening` says that it is ready. */
function followLog(child, { verbose, host }) {
  createInterface({ input: child.stdout }).on('line', (line) => {
    const entry = parseLine(line)
    if (verbose || entry === null || LOUD.has(entry.level)) console.log(line)
    if (entry?.event === 'listening') announce(new URL(entry.url).port, host)
  })
}

/** The child has a process group of its own, so that Ctrl-C reaches it once, through here. */
function forwardSignals(child) {
  let asked = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      child.kill(asked ? 'SIGKILL' : signal)
      asked = true
    })
  }
  process.on('exit', () => child.kill('SIGKILL'))
  child.on('exit', (code) => process.exit(code ?? (asked ? 0 : 1)))
}

async function main() {
  requireNode()
  const options = readOptions()
  if (options.help) {
    console.log(HELP)
    return
  }
  const port = Number(options.port)
  if (!/^\d+$/.test(options.port) || port > 65_535) giveUp(`Not a port: ${options.port}`, 2)
  await requirePort(port, options.host)
  await ensureInstalled()
  await buildAll({ onlyIfStale: true })
  const args = ['serve', '--port', String(port), '--host', options.host, '--app', join(ROOT, 'app', 'dist')]
  const child = spawn(process.execPath, [join(ROOT, 'signaling', 'dist', 'main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: process.platform !== 'win32',
  })
  followLog(child, options)
  forwardSignals(child)
}

await main()

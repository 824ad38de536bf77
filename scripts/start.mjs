/**
 * `npm start`: installs and builds what is missing, then serves the app and signaling on one port, with an archivist that
 * keeps rooms and, where coturn is installed, a relay.
 */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildAll } from './build.mjs'
import { endTogether, followLog, startChild } from './children.mjs'
import { ensureInstalled, giveUp, ROOT, requireNode } from './house.mjs'
import { startArchivist } from './start-archivist.mjs'
import { startTurn } from './start-turn.mjs'

const HELP = `npm start [-- options]

  --port N         port to serve on (default: $PORT or 8787)
  --host H         address to listen on (default: 127.0.0.1, this machine only)
  --data DIR       folder in which the archivist keeps rooms (default: data)
  --no-archivist   keep no rooms
  --no-turn        start no relay (TURN), although turnserver is on the PATH
  --verbose        show the servers' logs
  --help           this text

Installs packages and builds when something is missing or outdated. Ctrl-C ends it.`

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: process.env.PORT || '8787' },
        host: { type: 'string', default: '127.0.0.1' },
        data: { type: 'string', default: join(ROOT, 'data') },
        'no-archivist': { type: 'boolean', default: false },
        'no-turn': { type: 'boolean', default: false },
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

function announce(port, host) {
  const name = host === '0.0.0.0' || host === '::' || LOOPBACK.has(host) ? 'localhost' : host
  console.log(`Parley is ready: http://${name}:${port}/   (Ctrl-C ends it)`)
  if (LOOPBACK.has(host)) return
  console.log(
    'Other machines need https in front: browsers give cryptography to https and localhost only, so over plain ' +
      'http they will show one sentence instead of the room.',
  )
}

/** The system's choice for port 0: the archivist has to know it before the server listens. */
function freePort(host) {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen({ port: 0, host, exclusive: true }, () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

/** An address of the server for processes of this machine, as it stands in a URL. */
function hostHere(host, port) {
  if (host === '0.0.0.0' || host === '::' || host === 'localhost') return `127.0.0.1:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

async function main() {
  requireNode()
  const options = readOptions()
  if (options.help) {
    console.log(HELP)
    return
  }
  const wanted = Number(options.port)
  if (!/^\d+$/.test(options.port) || wanted > 65_535) giveUp(`Not a port: ${options.port}`, 2)
  await requirePort(wanted, options.host)
  await ensureInstalled()
  await buildAll({ onlyIfStale: true })
  const port = wanted || (await freePort(options.host))
  const here = hostHere(options.host, port)
  const archivist = options['no-archivist']
    ? null
    : await startArchivist({ dataDir: options.data, signalingUrl: `ws://${here}`, verbose: options.verbose })
  const turn = options['no-turn'] ? null : await startTurn(options)
  const args = ['serve', '--port', String(port), '--host', options.host, '--app', join(ROOT, 'app', 'dist')]
  if (archivist) args.push('--archivist', archivist.url)
  if (turn) args.push(...turn.args)
  const publicHosts = process.env.PARLEY_PUBLIC_HOSTS
  const env = publicHosts ? { PARLEY_PUBLIC_HOSTS: `${publicHosts},${here}` } : {}
  const serverEnv = { ...env, ...turn?.env }
  const server = startChild(join(ROOT, 'signaling', 'dist', 'main.js'), args, serverEnv)
  followLog(server, options, (entry) => {
    if (entry.event === 'listening') announce(new URL(entry.url).port, options.host)
  })
  const others = [archivist?.child, turn?.child]
  endTogether(
    server,
    others.filter((child) => child !== undefined),
  )
}

await main()

/** TURN of `npm start`: a relay beside signaling, for people whose networks let no direct connection through. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { startChild } from './children.mjs'
import { ROOT } from './house.mjs'

const PORT = 3478
const HINT = 'apt-get install coturn (Debian, Ubuntu) or brew install coturn (macOS)'
/** coturn's words once its ports are open. */
const READY = /Total General servers/

function isOnPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** The usual port, or another one where that is taken: by a TURN server of the system, mostly. */
function freePort(host) {
  const tried = (port) =>
    new Promise((resolve) => {
      const probe = createServer()
      probe.once('error', () => resolve(null))
      probe.listen({ port, host, exclusive: true }, () => {
        const found = probe.address().port
        probe.close(() => resolve(found))
      })
    })
  return tried(PORT).then((port) => port ?? tried(0))
}

/**
 * Resolves with the child and what signaling has to be told, `null` when there is no relay: it has said why by then, in
 * one sentence. The secret is made anew for each run and handed on through the environment.
 */
export async function startTurn({ host, verbose }) {
  if (!isOnPath('turnserver')) {
    console.log(`No relay (TURN): turnserver is not on the PATH. Some networks need one. ${HINT}.`)
    return null
  }
  const port = await freePort(host)
  const secret = randomBytes(24).toString('hex')
  // On all addresses the relay finds its own; on one it keeps to that one, loopback included.
  const listen =
    host === '0.0.0.0' || host === '::' ? [] : ['--listen', host === 'localhost' ? '127.0.0.1' : host]
  const env = { PARLEY_TURN_SECRET: secret }
  const child = startChild(
    join(ROOT, 'turn', 'dist', 'main.js'),
    ['serve', '--port', String(port), ...listen],
    env,
  )
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (verbose) console.log(line)
      if (READY.test(line)) resolve(true)
    })
  })
  if (!(await Promise.race([ready, once(child, 'exit').then(() => false)]))) {
    console.log('Going on without a relay (TURN); --verbose shows why.')
    return null
  }
  console.log(`Relay (TURN): port ${port}, UDP and TCP`)
  const urls = ['udp', 'tcp'].map((transport) => `turn:{host}:${port}?transport=${transport}`)
  return { child, args: ['--stun-urls', `stun:{host}:${port}`, '--turn-urls', urls.join()], env }
}

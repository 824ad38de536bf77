/** The proxies' own configurations, with ports and certificates of this machine, before the real server over TLS. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, startServer } from '@parley/signaling'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import WebSocket from 'ws'
import { DEPLOY, ROOT } from './files.ts'
import { requireTool } from './tools.ts'

const NAME = 'parley.example.org'
/** Before its proof a connection of one address counts: the proxy's would fill it for everybody. */
const CLIENT = '127.0.0.1'

let folder: string
let server: RunningServer
const ended: (() => Promise<void>)[] = []

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-proxies-'))
  const subject = ['-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME}`]
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    'privkey.pem',
  ]
  execFileSync('openssl', ['req', '-x509', ...key, '-out', 'fullchain.pem', '-days', '1', ...subject], {
    cwd: folder,
    stdio: 'ignore',
  })
  server = await startServer({
    port: 0,
    appDir: join(ROOT, 'app/dist'),
    publicHosts: [NAME],
    allowedOrigins: [`https://${NAME}`],
    trustedProxies: [CLIENT],
    logLevel: 'error',
  })
})
afterAll(async () => {
  for (const end of ended.reverse()) await end()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function started(child: ChildProcess, port: number): Promise<void> {
  const said: string[] = []
  child.stderr?.on('data', (data: Buffer) => void said.push(data.toString()))
  ended.push(async () => {
    if (child.exitCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  })
  await expect
    .poll(async () => {
      if (child.exitCode !== null) throw new Error(`the proxy ended with ${child.exitCode}: ${said.join('')}`)
      return opens(port)
    })
    .toBe(true)
}

async function startNginx(): Promise<number> {
  const [port, plain] = [await freePort(), await freePort()]
  const own = readFileSync(join(DEPLOY, 'nginx/parley.conf'), 'utf8')
    .replace('listen 80;', `listen 127.0.0.1:${plain};`)
    .replace('listen 443 ssl http2;', `listen 127.0.0.1:${port} ssl http2;`)
    .replaceAll('/etc/parley/tls', folder)
    .replace('include mime.types;', 'include /etc/nginx/mime.types;')
    .replace('server 127.0.0.1:8787 ', `server 127.0.0.1:${server.port} `)
    .replace(/^\s*server 127\.0\.0\.1:8788 .*\n/m, '')
    .replace(
      'http {',
      `http {\n\taccess_log off;\n\tclient_body_temp_path ${folder}/body;\n\tproxy_temp_path ${folder}/proxy;`,
    )
  const file = join(folder, 'nginx.conf')
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  writeFileSync(file, `${user}pid ${folder}/nginx.pid;\ndaemon off;\n${own}`)
  const child = spawn('nginx', ['-e', 'stderr', '-p', folder, '-c', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await started(child, port)
  return port
}

async function startCaddy(): Promise<number> {
  const [port, plain] = [await freePort(), await freePort()]
  const own = readFileSync(join(DEPLOY, 'caddy/Caddyfile'), 'utf8')
    .replace('{\n\tservers', `{\n\tadmin off\n\thttp_port ${plain}\n\thttps_port ${port}\n\tservers`)
    .replace('# Browsers give', `tls ${folder}/fullchain.pem ${folder}/privkey.pem\n\t# Browsers give`)
  const file = join(folder, 'Caddyfile')
  writeFileSync(file, own)
  const child = spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], {
    env: {
      ...process.env,
      HOME: folder,
      XDG_DATA_HOME: folder,
      XDG_CONFIG_HOME: folder,
      PARLEY_DOMAIN: NAME,
      PARLEY_UPSTREAM: `127.0.0.1:${server.port}`,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await started(child, port)
  return port
}

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

function ask(port: number, path: string): Promise<Answer> {
  const options = {
    ca: readFileSync(join(folder, 'fullchain.pem')),
    servername: NAME,
    headers: { host: NAME },
  }
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => void parts.push(part))
      response.on('end', () => {
        const { statusCode: status, headers } = response
        resolve({ status, headers, body: Buffer.concat(parts).toString() })
      })
    }).once('error', reject)
  })
}

function dial(port: number, headers: Readonly<Record<string, string>>): WebSocket {
  // The name goes into TLS as well: a proxy chooses the certificate by it.
  const options = { ca: readFileSync(join(folder, 'fullchain.pem')), servername: NAME }
  return new WebSocket(`wss://127.0.0.1:${port}/v1`, { ...options, headers: { host: NAME, ...headers } })
}

/** `open`, or the status of the refusal. */
function outcomeOf(socket: WebSocket): Promise<string | number> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
    socket.once('open', () => resolve('open'))
  })
}

const PROXIES = [
  ['nginx', startNginx],
  ['caddy', startCaddy],
] as const

describe.each(PROXIES)('%s with the configuration from deploy/', (program, start) => {
  let port = 0
  async function running(context: TestContext): Promise<number> {
    requireTool(context, program)
    port ||= await start()
    return port
  }

  it('hands out the app over TLS, with its headers, and keeps metrics inside', async (context) => {
    const at = await running(context)
    const page = await ask(at, '/')
    expect(page.status).toBe(200)
    expect(page.body).toContain('<parley-app')
    expect(page.headers['content-security-policy']).toContain("default-src 'self'")
    expect(page.headers['strict-transport-security']).toContain('max-age=')
    expect((await ask(at, '/readyz')).body).toBe('ready\n')
    expect((await ask(at, '/metrics')).status).toBe(404)
  })

  it('takes WebSockets through, and pages of other origins not', async (context) => {
    const at = await running(context)
    const own = dial(at, { origin: `https://${NAME}` })
    expect(await outcomeOf(own)).toBe('open')
    own.terminate()
    expect(await outcomeOf(dial(at, { origin: 'https://attacker.example' }))).toBe(403)
  })

  it('says who the client is, whatever the client says', async (context) => {
    const at = await running(context)
    // Each pretends to be another; all are of one address, which may have 20 before their proof.
    const sockets = Array.from({ length: 24 }, (_, i) =>
      dial(at, { origin: `https://${NAME}`, 'x-forwarded-for': `203.0.113.${i}` }),
    )
    const outcomes = await Promise.all(sockets.map(outcomeOf))
    for (const socket of sockets) socket.terminate()
    expect(outcomes.filter((outcome) => outcome === 'open')).toHaveLength(20)
  })
})

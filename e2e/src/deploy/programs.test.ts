/** The commands of the images, as processes on this machine. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { compose, metricsIn, namesIn, ROOT, text } from './files.ts'
import { type Program, startProgram } from './programs.ts'

const TOKEN = 'a-secret-of-thirty-two-characters'
const folder = mkdtempSync(join(tmpdir(), 'parley-programs-'))
const running: Program[] = []

afterAll(async () => {
  for (const program of running.reverse()) await program.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** What compose.yaml says, but for what only exists there. */
function settingsOf(service: string, instead: Readonly<Record<string, string>>): Record<string, string> {
  const given = Object.entries(compose().services[service]?.environment ?? {})
  const own = given.map(([name, value]) => {
    const filled = String(value).replace(/\$\{PARLEY_DOMAIN[^}]*\}/g, 'parley.example.org')
    return [name, filled] as const
  })
  return { ...Object.fromEntries(own), ...instead }
}

async function metricsOf(program: Program): Promise<string> {
  return (await fetch(new URL('/metrics', program.url))).text()
}

it('signaling and archivist start with the settings of compose.yaml, are ready, and stop in good order', async () => {
  const { PARLEY_REDIS_URL: _redis, ...settings } = settingsOf('signaling', {
    ...{ PARLEY_HOST: '127.0.0.1', PARLEY_PORT: '0', PARLEY_APP_DIR: join(ROOT, 'app/dist') },
    PARLEY_ARCHIVIST: 'http://127.0.0.1:9',
    PARLEY_ARCHIVIST_TOKEN: TOKEN,
    PARLEY_TURN_SECRET_FILE: '',
    PARLEY_TURN_SECRET: TOKEN,
  })
  const signaling = await startProgram('signaling', settings)
  running.push(signaling)
  const archivist = await startProgram(
    'archivist',
    settingsOf('archivist', {
      ...{ PARLEY_ARCHIVIST_HOST: '127.0.0.1', PARLEY_ARCHIVIST_PORT: '0', PARLEY_ARCHIVIST_DIR: folder },
      PARLEY_SIGNALING: `${signaling.url.replace('http', 'ws')}/v1`,
      PARLEY_ARCHIVIST_TOKEN: TOKEN,
    }),
  )
  running.push(archivist)
  for (const program of [signaling, archivist]) {
    for (const path of ['/healthz', '/readyz']) {
      await expect.poll(async () => (await fetch(new URL(path, program.url))).status).toBe(200)
    }
  }
  // Redis is not running here: its metrics are there all the same, or nobody could be told.
  const exposed = new Set(metricsIn((await metricsOf(signaling)) + (await metricsOf(archivist))))
  const dashboards = namesIn('grafana').map((name) => text(`grafana/${name}`))
  const used = metricsIn([text('prometheus/alerts.yml'), ...dashboards].join('\n'))
  expect(used.length).toBeGreaterThan(15)
  expect(used.filter((name) => !exposed.has(name))).toEqual([])
  expect(await signaling.stop()).toBe(0)
  expect(await archivist.stop()).toBe(0)
})

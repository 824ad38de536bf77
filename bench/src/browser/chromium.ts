/** One Chromium with a profile on disk, so that IndexedDB costs what it costs users. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { cpuMsOfTree } from '../measure/process-cpu.ts'
import type { PageName } from './bundle.ts'
import type { PageServer } from './page-server.ts'

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Browser {
  open(page: PageName, copy: number): Promise<Page>
  /** Of all its processes, since they began. */
  cpuMs(): number
  close(): Promise<void>
}

/** Playwright tells no process id of a browser with a profile; the profile's folder is in its command line. */
async function processOf(profile: string): Promise<number> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(`--user-data-dir=${profile}\0`) && !command.includes('--type=')) return Number(name)
  }
  throw new Error('no process of the browser was found')
}

async function openPage(context: BrowserContext, url: string, failed: (error: Error) => void): Promise<Page> {
  const page = await context.newPage()
  page.on('pageerror', failed)
  page.on('crash', () => failed(new Error(`a page crashed: ${url}`)))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      console.error(`[${url}] ${message.text()}`)
  })
  await page.goto(url)
  await page.waitForFunction('globalThis.bench !== undefined')
  return page
}

export async function launch(server: PageServer): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'parley-bench-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium',
    headless: true,
    args: ARGS,
  })
  const errors: Error[] = []
  const process_ = await processOf(profile)
  return {
    open: (page, copy) => openPage(context, server.url(page, copy), (error) => errors.push(error)),
    cpuMs: () => cpuMsOfTree(process_),
    async close() {
      await context.close()
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
      if (errors.length > 0) throw new AggregateError(errors, `errors in pages: ${errors[0]?.message}`)
    },
  }
}

/** What a page asks for and complains about. */
import type { BrowserContext, Page } from 'playwright-core'

export interface Conduct {
  /** Every address that was asked for, WebSockets too. */
  readonly requests: readonly string[]
  /** Requests that left the origin, console errors, uncaught errors, violations of the content security policy. */
  readonly faults: readonly string[]
}

function staysAt(origin: string, address: string): boolean {
  const url = new URL(address)
  if (url.protocol === 'data:' || url.protocol === 'about:') return true
  if (url.protocol === 'blob:') return url.origin === origin
  return url.host === new URL(origin).host
}

/** Chromium tells of most violations in the console, but not of reports that a page handles itself. */
function tellOfViolations(): void {
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    console.error(`content security policy: ${violatedDirective} ${blockedURI}`)
  })
}

export function watchConduct(context: BrowserContext, origin: string): Conduct {
  const requests: string[] = []
  const faults: string[] = []
  const asked = (address: string): void => {
    requests.push(address)
    if (!staysAt(origin, address)) faults.push(`left the origin: ${address}`)
  }
  const watchPage = (page: Page): void => {
    page.on('websocket', (socket) => asked(socket.url()))
  }
  context.on('request', (request) => asked(request.url()))
  context.on('page', watchPage)
  for (const page of context.pages()) watchPage(page)
  context.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`)
  })
  context.on('weberror', (error) => faults.push(`uncaught: ${error.error().stack}`))
  // Resolves before the first navigation: commands of one context are sent in order.
  void context.addInitScript(tellOfViolations)
  return { requests, faults }
}

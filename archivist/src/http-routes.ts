/**
 * The archivist's port: health and metrics for whoever watches, identity and keeping for signaling, control for commands.
 * Nothing here gives a room away: `/keep` takes links and hands out none.
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as v from 'valibot'
import { readJson } from './http-body.ts'
import { KEEPS_AT_ONCE } from './limits.ts'
import { type Operation, type Outcome, operationSchema, parseOperation } from './operations.ts'

export interface RouteContext {
  /** The public key of this archivist, 43 characters of base64url. */
  readonly agreement: string
  /** For commands, from the control file. */
  readonly controlToken: string
  /** For signaling; `null` on loopback. */
  readonly keepToken: string | null
  /** Why it is not ready, `null` when it is. */
  notReady(): string | null
  /** Why it should be looked at although it lives, `null` when all is well. */
  degraded(): string | null
  metrics(): Promise<{ readonly text: string; readonly contentType: string }>
  perform(operation: Operation): Promise<Outcome>
  status(): unknown
}

const keepSchema = v.omit(operationSchema.options[0], ['op'])

function send(response: ServerResponse, status: number, text: string, contentType = 'text/plain'): void {
  response
    .writeHead(status, {
      'Content-Type': contentType,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    })
    .end(text)
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, `${JSON.stringify(value)}\n`, 'application/json')
}

function shows(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** Made once per server: it counts what is under way. */
export function makeRoutes(context: RouteContext) {
  let keeping = 0

  async function keep(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (context.keepToken !== null && !shows(request, context.keepToken))
      return send(response, 401, 'a keep token is needed\n')
    if (keeping >= KEEPS_AT_ONCE) return send(response, 503, 'too many rooms at once\n')
    keeping++
    try {
      const body = await readJson(request)
      if (!body.ok) return send(response, body.status, 'not a request to keep\n')
      const asked = v.safeParse(keepSchema, body.value)
      if (!asked.success) return send(response, 400, 'not a request to keep\n')
      const { ok } = await context.perform({ op: 'keep', ...asked.output })
      sendJson(response, 200, { accepted: ok })
    } finally {
      keeping--
    }
  }

  async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!shows(request, context.controlToken))
      return send(response, 401, 'the token of the folder is needed\n')
    const body = await readJson(request)
    const operation = body.ok ? parseOperation(body.value) : null
    if (!operation) return send(response, body.ok ? 400 : body.status, 'not an operation\n')
    sendJson(response, 200, await context.perform(operation))
  }

  async function post(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Browsers name the page that a request comes from; no page has business here.
    if (request.headers.origin !== undefined) return send(response, 403, 'not for web pages\n')
    if (path === '/keep') return keep(request, response)
    if (path === '/control') return control(request, response)
    response.setHeader('Allow', 'GET, HEAD')
    send(response, 405, 'method not allowed\n')
  }

  async function get(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (path) {
      case '/healthz':
        return send(response, 200, `${context.degraded() ?? 'alive'}\n`)
      case '/readyz': {
        const reason = context.notReady()
        return send(response, reason === null ? 200 : 503, `${reason ?? 'ready'}\n`)
      }
      case '/metrics': {
        const { text, contentType } = await context.metrics()
        return send(response, 200, text, contentType)
      }
      case '/identity':
        return sendJson(response, 200, { agreement: context.agreement })
      case '/status':
        if (!shows(request, context.controlToken))
          return send(response, 401, 'the token of the folder is needed\n')
        return sendJson(response, 200, context.status())
      default:
        return send(response, 404, 'not found\n')
    }
  }

  /** Rejects only when the connection breaks or metrics cannot be collected. */
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    if (request.method === 'POST') return post(path, request, response)
    if (request.method === 'GET' || request.method === 'HEAD') return get(path, request, response)
    response.setHeader('Allow', 'GET, HEAD, POST')
    send(response, 405, 'method not allowed\n')
  }
}

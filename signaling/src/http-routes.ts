/** Everything that is asked over plain HTTP: health, metrics, the built app. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { RETRY_AFTER_S } from './limits.ts'
import type { Metrics } from './metrics.ts'
import { SECURITY_HEADERS } from './security-headers.ts'
import { type Assets, findAsset, sendAsset } from './static-files.ts'
import { Y_WEBRTC_PATH } from './y-webrtc/endpoint.ts'

export interface RouteContext {
  readonly assets: Assets
  readonly metrics: Metrics
  isDraining(): boolean
  /** Something that this server uses cannot be reached; it goes on with less. */
  isDegraded(): boolean
}

function sendText(response: ServerResponse, status: number, text: string, contentType = 'text/plain'): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Cache-Control': 'no-store' }).end(text)
}

/** Rejects only when metrics cannot be collected. */
export async function route(
  context: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return sendText(response, 405, 'method not allowed\n')
  }
  const path = pathOf(request)
  switch (path) {
    case '/healthz':
      // A restart would not help: what is degraded is alive.
      return sendText(response, 200, context.isDegraded() ? 'degraded\n' : 'alive\n')
    case '/readyz':
      if (!context.isDraining()) return sendText(response, 200, 'ready\n')
      response.setHeader('Retry-After', RETRY_AFTER_S)
      return sendText(response, 503, 'draining\n')
    case '/metrics': {
      const { registry } = context.metrics
      return sendText(response, 200, await registry.metrics(), registry.contentType)
    }
    case '/v1':
    case Y_WEBRTC_PATH:
      response.setHeader('Upgrade', 'websocket')
      return sendText(response, 426, 'this path speaks WebSocket\n')
  }
  const asset = findAsset(context.assets, path)
  if (asset) return sendAsset(asset, request, response)
  sendText(response, 404, 'not found\n')
}

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/'
}

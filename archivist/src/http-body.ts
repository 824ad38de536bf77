/** Requests with a small JSON body. */
import type { IncomingMessage } from 'node:http'
import { REQUEST_BYTES } from './limits.ts'

export type Body =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly status: 400 | 413 | 415 }

/** Rejects only when the connection breaks. */
export async function readJson(request: IncomingMessage): Promise<Body> {
  // A form on a web page cannot send this type without asking first (Fetch, CORS-safelisted request header).
  if (request.headers['content-type'] !== 'application/json') return { ok: false, status: 415 }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > REQUEST_BYTES) return { ok: false, status: 413 }
    chunks.push(chunk)
  }
  try {
    return { ok: true, value: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown }
  } catch {
    // Whatever is wrong with it, it is no JSON.
    return { ok: false, status: 400 }
  }
}

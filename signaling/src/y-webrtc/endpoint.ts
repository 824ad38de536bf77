/** What the path `/y-webrtc` needs beside its connections: the right that a token in the address gives. */
import type { IncomingMessage } from 'node:http'
import type { VerifyToken } from '../tokens/operator-token.ts'
import type { TopicContext } from './connection.ts'
import type { TopicRight } from './session.ts'

export const Y_WEBRTC_PATH = '/y-webrtc'

export interface TopicEndpoint {
  readonly context: TopicContext
  readonly verifyToken: VerifyToken
}

/**
 * Stock clients can send a token nowhere but in the address. It may end up in the logs of proxies: operators give such
 * tokens a short life. Rejects when the token cannot be checked for a fault of our own.
 */
export async function topicRightOf(request: IncomingMessage, verifyToken: VerifyToken): Promise<TopicRight> {
  const [, query = ''] = (request.url ?? '').split('?', 2)
  const token = new URLSearchParams(query).get('token')
  if (token === null) return { kind: 'none' }
  const verdict = await verifyToken(token)
  if (!verdict.ok) return { kind: 'refused' }
  return { kind: 'token', rooms: verdict.rooms, untilMs: verdict.untilMs }
}

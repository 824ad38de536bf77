/** The signaling server as a process of its own, with limits that one machine full of clients does not reach. */
import { DEFAULT_LIMITS, startServer } from '@parley/signaling'

const UNLIMITED = 1_000_000
const limits = {
  ...DEFAULT_LIMITS,
  unprovenPerAddress: UNLIMITED,
  provenPerAddress: UNLIMITED,
  connectionsPerKey: UNLIMITED,
  socketsPerAddress: UNLIMITED,
  peersPerRoom: UNLIMITED,
  subscribersPerTopic: UNLIMITED,
  peersPerPairing: UNLIMITED,
  messagesPerSecond: UNLIMITED,
  messagesBurst: UNLIMITED,
  topicMessagesPerSecond: UNLIMITED,
  topicMessagesBurst: UNLIMITED,
  topicBytesPerSecond: UNLIMITED * 1000,
  topicBytesBurst: UNLIMITED * 1000,
}
const [publicHost = '', redisUrl = ''] = process.argv.slice(2)
const server = await startServer({
  port: 0,
  publicHosts: [publicHost],
  redisUrl: redisUrl === '' ? null : redisUrl,
  logLevel: 'error',
  limits,
})
console.log(server.port)

/**
 * Limits of the signaling server alone; what clients must agree on is in `@parley/protocol` limits.
 * Each says its unit, its reason and, where there is one, its source. Tests inject smaller ones.
 */
export interface Limits {
  /** WebSockets of one address that have not proven themselves. A page opens one; 20 let an office reload together. */
  readonly unprovenPerAddress: number
  /** Proven WebSockets of one address: a company behind one NAT. */
  readonly provenPerAddress: number
  /** What one process introduces without the sample losing its use; the overlay is simulated to this size. */
  readonly peersPerRoom: number
  /** Places of one proven key in one room: a device with many tabs open, yet no member alone fills a room. */
  readonly connectionsPerKey: number
  /** Sustained, per connection: candidates come coalesced, so a join to 8 peers needs about 20 messages. */
  readonly messagesPerSecond: number
  readonly messagesBurst: number
  /** Unsent bytes for one reader, after which it is cut off: it can rejoin, the others cannot get its memory back. */
  readonly bufferedBytes: number
  /** From the upgrade to the proof; generous for a phone on a bad line. */
  readonly proveTimeoutMs: number
  /** Every so often: ping, give up who did not answer the last one, look for expired grants. */
  readonly heartbeatMs: number
  /** An expired grant may be renewed for so long; with one heartbeat it stays below 60 s. */
  readonly expiryGraceMs: number
  /** Every so often an instance says that it lives. */
  readonly instanceHeartbeatMs: number
  /** One that was not heard of for so long is gone: three heartbeats. */
  readonly instanceTtlMs: number
  /** Listeners of one topic of `/y-webrtc`; its clients publish about ten messages for each other one that they meet. */
  readonly subscribersPerTopic: number
  /** Devices of one person that pair at the same time, over a topic that needs no token. */
  readonly peersPerPairing: number
  /** Sustained and at once, per connection on `/y-webrtc`: 35 links at a time of about ten messages each. */
  readonly topicMessagesPerSecond: number
  readonly topicMessagesBurst: number
  /** Characters of them: a frame goes to every listener. */
  readonly topicBytesPerSecond: number
  readonly topicBytesBurst: number
  /** How long a client that was told to go may take to close its side, and a download to end when the server stops. */
  readonly closeGraceMs: number
}

export const DEFAULT_LIMITS: Limits = {
  unprovenPerAddress: 20,
  provenPerAddress: 500,
  peersPerRoom: 1000,
  connectionsPerKey: 16,
  messagesPerSecond: 30,
  messagesBurst: 60,
  bufferedBytes: 1024 * 1024,
  proveTimeoutMs: 5_000,
  heartbeatMs: 30_000,
  expiryGraceMs: 20_000,
  closeGraceMs: 1_000,
  instanceHeartbeatMs: 5_000,
  instanceTtlMs: 15_000,
  subscribersPerTopic: 200,
  peersPerPairing: 8,
  topicMessagesPerSecond: 50,
  topicMessagesBurst: 600,
  topicBytesPerSecond: 128 * 1024,
  topicBytesBurst: 1024 * 1024,
}

/** Request line and headers; slow-header attacks (CWE-400) end here. Node's default is 60 s. */
export const HEADERS_TIMEOUT_MS = 10_000
/** A whole request; none here has a body. Node's default is 300 s. */
export const REQUEST_TIMEOUT_MS = 15_000
/** How often Node looks for connections beyond the two timeouts above. */
export const TIMEOUT_CHECK_MS = 5_000
/** TCP connections of the process: 10,000 WebSockets and as many again half open. */
export const TCP_CONNECTIONS = 20_000
/** Characters of a header section; Node's default, pinned. */
export const HEADER_BYTES = 16 * 1024
/** Below it gzip's own header eats the gain. */
export const GZIP_MIN_BYTES = 1024
/** A built app has some 20 MB and is held in memory; more is a wrong folder. */
export const APP_BYTES = 128 * 1024 * 1024
/** From the signal to stop until the process is gone, whatever hangs; orchestrators kill after 10–30 s. */
export const STOP_MS = 5_000
/** TCP connections of one address for each WebSocket that it may have: those in which a browser asks for the app besides. */
export const SOCKETS_PER_PLACE = 4
/** Where a server that goes away sends those who would come: another instance is there at once, this one soon. */
export const RETRY_AFTER_S = 5
/** Clocks of provider and server differ by no more; with the grace above an expired token ends within 60 s. */
export const TOKEN_SKEW_S = 20
/** A set of 30 RSA keys with their certificates. */
export const KEY_SET_BYTES = 256 * 1024
/** Below the time to prove: who waits for new keys can still answer. */
export const KEYS_TIMEOUT_MS = 3_000
/** A key that the provider withdrew is refused so long after. */
export const KEYS_MAX_AGE_MS = 600_000
/** Between two questions to the provider, whatever tokens come in. */
export const KEYS_COOL_DOWN_MS = 30_000
/** Topics that one connection on `/y-webrtc` listens to: documents that are open at once. */
export const TOPICS_PER_CONNECTION = 64
/** A topic is a name that the application chose. */
export const TOPIC_CHARACTERS = 256
/** Nesting of what is published there; y-webrtc's own messages have 4 levels. */
export const TOPIC_DATA_DEPTH = 16
/** A message from one instance to another: a signal, as large as a frame of a client, and its address. */
export const INSTANCE_MESSAGE_CHARACTERS = 66 * 1024
/** Commands to the Redis without an answer, and characters in them; beyond, it counts as out of reach. */
export const REDIS_PENDING_COUNT = 5_000
export const REDIS_PENDING_CHARACTERS = 16 * 1024 * 1024
/** A command without an answer for so long ends the connection, and with it whatever waits in it. */
export const REDIS_ANSWER_MS = 1_000
/** Attempts to connect again: from the first to the longest pause. */
export const REDIS_RETRY_MS = 100
export const REDIS_RETRY_MAX_MS = 3_000
/** Members added or removed in one command: below 1 ms of the Redis. */
export const REDIS_BATCH_COUNT = 500
/** TCP keep-alive on both connections: a peer that vanished without a word is noticed. */
export const REDIS_KEEP_ALIVE_MS = 10_000
/** How long a connection to the Redis that is given up may take to close before it is destroyed. */
export const REDIS_DISCONNECT_MS = 100
/** Grants whose signatures are remembered, some 150 bytes each: those of all peers of one process. */
export const VERIFIED_GRANTS = 20_000

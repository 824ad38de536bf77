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
  /** How long a client that was told to go may take to close its side, and a download to end when the server stops. */
  readonly closeGraceMs: number
}

export const DEFAULT_LIMITS: Limits = {
  unprovenPerAddress: 20,
  provenPerAddress: 500,
  peersPerRoom: 1000,
  messagesPerSecond: 30,
  messagesBurst: 60,
  bufferedBytes: 1024 * 1024,
  proveTimeoutMs: 5_000,
  heartbeatMs: 30_000,
  expiryGraceMs: 20_000,
  closeGraceMs: 1_000,
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

/**
 * What the mesh needs from the machine it runs on. Adapters implement these, tests replace them; nothing else in the
 * mesh touches a clock, a socket, a database or WebCrypto. Functions may answer at once or with a promise: under test
 * everything is synchronous and seeded.
 */
import type { ClientMessage, IceCandidate, IceServer, ServerMessage } from '@parley/protocol'

export type MaybePromise<T> = T | Promise<T>
export type Unsubscribe = () => void

export interface Clock {
  /** Unix time in milliseconds. */
  nowMs(): number
  /** Calls once after `delayMs`; the returned function cancels. */
  after(delayMs: number, call: () => void): Unsubscribe
  /** Resolves once the host has had a turn for input and painting. */
  yieldToHost(): Promise<void>
}

export interface Random {
  bytes(count: number): Uint8Array<ArrayBuffer>
  /** Uniform in [0, 1): for jitter and sampling, never for keys. */
  fraction(): number
}

/** Holds a private key without showing it. */
export interface Signer {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** X25519, 32 bytes. */
  readonly agreementKey: Uint8Array
  sign(message: Uint8Array): MaybePromise<Uint8Array>
  /** X25519 (RFC 7748 §6.1) with another's public key, 32 bytes; `null` for a key that gives no secret. */
  agree(publicKey: Uint8Array): MaybePromise<Uint8Array | null>
}

/** Opaque, structured-cloneable: what {@link Storage} keeps of a device's keys. */
export type StoredKeys = { readonly __brand: 'StoredKeys' }

export interface Keyring {
  /** Fresh keys whose private halves cannot be exported. */
  generate(): MaybePromise<StoredKeys>
  signer(stored: StoredKeys): MaybePromise<Signer>
  /** Root and invite keys: both from 32-byte seeds. */
  fromSeeds(signingSeed: Uint8Array, agreementSeed: Uint8Array): MaybePromise<Signer>
  /** Ed25519; false, never an exception, for whatever does not verify. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): MaybePromise<boolean>
}

/** An AES-256-GCM key, structured-cloneable. */
export type AeadKey = { readonly __brand: 'AeadKey' }

export interface Cipher {
  importKey(bytes: Uint8Array): MaybePromise<AeadKey>
  /** A key that cannot be exported, for secrets at rest on this device. */
  generateKey(): MaybePromise<AeadKey>
  /** Returns ciphertext ‖ 16-byte tag. */
  encrypt(
    key: AeadKey,
    iv: Uint8Array,
    additionalData: Uint8Array,
    plaintext: Uint8Array,
  ): MaybePromise<Uint8Array>
  /** `null` when the tag does not match. */
  decrypt(
    key: AeadKey,
    iv: Uint8Array,
    additionalData: Uint8Array,
    ciphertext: Uint8Array,
  ): MaybePromise<Uint8Array | null>
  /** PBKDF2-HMAC-SHA-256 (RFC 8018 §5.2), 32 bytes. */
  stretch(passphrase: string, salt: Uint8Array, iterations: number): MaybePromise<Uint8Array>
}

/** What two ends of a WebRTC connection must tell each other, one piece at a time (trickle ICE). */
export type SignalData =
  | { readonly type: 'offer'; readonly sdp: string }
  | { readonly type: 'answer'; readonly sdp: string }
  | { readonly type: 'candidate'; readonly candidate: IceCandidate }

export interface TransportEvents {
  /** To be carried to the other side. */
  signal(data: SignalData): void
  /** The channel is open both ways; from here on `send` may be called. */
  open(): void
  message(bytes: Uint8Array): void
  /** `bufferedBytes` fell to the low mark. */
  writable(): void
  /** Exactly once; nothing follows. `null` when we closed it ourselves. */
  closed(error: Error | null): void
}

/** How bytes travel to the other side, as the connection itself tells. */
export interface LinkPath {
  /** `relayed`: through a TURN server, of either side. */
  readonly kind: 'direct' | 'relayed'
  readonly roundTripMs: number | null
}

/** One reliable, ordered, message-preserving connection to one peer. */
export interface Transport {
  /** The caller has checked any SDP in it (docs/spec.md, HS). Never throws. */
  signal(data: SignalData): void
  /** At most 16 KiB + chunk header; only between `open` and `closed`. */
  send(bytes: Uint8Array): void
  bufferedBytes(): number
  /** For candidates that are gathered from now on, as when ICE is restarted. */
  setIceServers(iceServers: readonly IceServer[]): void
  /** `null` while there is none, or none that the platform tells. Never rejects. */
  path(): Promise<LinkPath | null>
  close(): void
}

export interface TransportOptions {
  readonly initiator: boolean
  readonly iceServers: readonly IceServer[]
  /** No address of this device is gathered, only what TURN servers give. Default false. */
  readonly relayOnly?: boolean
  /** `writable` fires when `bufferedBytes` falls to this. */
  readonly lowWaterBytes: number
}

export type ConnectTransport = (options: TransportOptions, events: TransportEvents) => Transport

export interface SignalingEvents {
  open(): void
  message(message: ServerMessage): void
  /** Exactly once. `code` is the WebSocket close code (RFC 6455 §7.4). */
  closed(code: number): void
}

export interface SignalingConnection {
  send(message: ClientMessage): void
  close(): void
}

/** `url` is `ws://…` or `wss://…` of the `/v1` endpoint. */
export type DialSignaling = (url: string, events: SignalingEvents) => SignalingConnection

/** What storage held when a room was opened. */
export interface StoredRoom {
  /** Sealed entries in the order in which they were appended; doubles are possible, gaps are not. */
  readonly entries: readonly Uint8Array[]
  readonly records: ReadonlyMap<string, unknown>
}

/** Where one room is kept on this device. */
export interface Storage {
  /** `disk`: what `flush` has resolved survives a crash of the machine. */
  readonly durability: 'disk' | 'memory'
  load(): Promise<StoredRoom>
  /** Starts writing, does not wait; entries appended in one call stay together and in order. */
  append(entries: readonly Uint8Array[]): void
  /** Structured-cloneable values; resolves when durable. */
  put(key: string, value: unknown): Promise<void>
  /** Resolves once everything appended before the call is durable; rejects with `StorageError` when it is not. */
  flush(): Promise<void>
  close(): Promise<void>
  /** The stored values alone. Where there is `archive`. */
  records?(): Promise<ReadonlyMap<string, unknown>>
  /**
   * Entries where they lie, for whoever keeps more than fits into memory. `describe` says what an entry's bytes are, `null` for
   * what is none; it is asked once for each entry and its answer kept, so it must always say the same.
   */
  archive?(describe: DescribeEntry): Promise<EntryArchive>
}

/** What an archive has to know of an entry, told by whoever understands its bytes. */
export interface EntryFacts {
  /** Names its log, at most 256 bytes of UTF-8. */
  readonly log: string
  /** Counts from 1 within the log. */
  readonly seq: number
  /** Hash of the entry before, 32 bytes. */
  readonly prev: Uint8Array
  /** 32 bytes. */
  readonly hash: Uint8Array
  readonly timeMs: number
}

export type DescribeEntry = (entry: Uint8Array) => EntryFacts | null

/** How far a log is durable. */
export interface StoredLog extends Omit<EntryFacts, 'prev'> {
  /** Of all its entries. */
  readonly byteCount: number
}

export interface StoredRange {
  readonly log: string
  readonly from: number
  readonly to: number
}

/**
 * Durable entries by their places in their logs. What was appended by any handle belongs to it once a flush has resolved. Where
 * a log was stored more than once from some place on, with other entries, the last ones count: those before were given up.
 */
export interface EntryArchive {
  logs(): AsyncIterable<StoredLog>
  /** `null` where there is no such entry. Rejects with `StorageError`. */
  facts(log: string, seq: number): Promise<Pick<EntryFacts, 'hash' | 'timeMs'> | null>
  /**
   * In the order of storing, as they are asked for: little is read ahead. Valid until the next one is asked for. Rejects with
   * `StorageError`, also when what lies there is not what was stored; nothing of that is handed out.
   */
  read(ranges: readonly StoredRange[]): AsyncIterable<Uint8Array>
  /** Entries of a log from `seq` on are not what counts; others may follow in their place. Lasts as long as the room is open. */
  giveUp(log: string, seq: number): void
}

/** All rooms of this device, each under the 22 characters of its id that links carry. */
export interface Storages {
  open(name: string): Promise<Storage>
  remove(name: string): Promise<void>
}

/** One line of the log: a name in kebab-case and flat facts; never content, keys or addresses of people. */
export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  event: string,
  facts: Readonly<Record<string, string | number | boolean>>,
) => void

/** The ports together, as main files choose them. */
export interface Platform {
  readonly clock: Clock
  readonly random: Random
  readonly keyring: Keyring
  readonly cipher: Cipher
  readonly connect: ConnectTransport
  readonly dial: DialSignaling
  readonly storages: Storages
  readonly log: Log
  /** Calls when the machine says that it has a network again. */
  readonly onOnline: (call: () => void) => Unsubscribe
}

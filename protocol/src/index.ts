/**
 * What travels between peers and to the signaling server: ids, roles, grants, messages, binary layouts.
 * No I/O, no Yjs. Start with `ids.ts`, `grant.ts`, `entry.ts`, `peer/frame.ts`, `signaling/client-messages.ts`.
 *
 * @packageDocumentation
 */
export {
  compareBytes,
  concatBytes,
  equalBytes,
  fromBase64Url,
  toBase64Url,
  utf8,
  utf8Decode,
} from './bytes.ts'
export { CLOSE, type CloseCode, type CloseReason, closeReasonOf } from './close-codes.ts'
export { ByteReader, ByteWriter, MalformedError, TooLargeError } from './codec.ts'
export {
  clientIdOf,
  compareLogHashes,
  decodeEntry,
  decodeEntryHeader,
  ENTRY_KINDS,
  type EntryHeader,
  type EntryKind,
  type EpochId,
  encodeEntryHeader,
  entryAdditionalData,
  entryMessage,
  entryMessageOf,
  FIRST_PREV,
  IV_BYTES,
  isEncrypted,
  logHashOf,
  type SealedEntry,
  SIGNATURE_BYTES,
} from './entry.ts'
export {
  type ChainFault,
  type ChainVerdict,
  decodeChain,
  encodeChain,
  type Grant,
  type GrantChain,
  NEVER_MS,
  type Sign,
  type SignedGrant,
  type Standing,
  signGrant,
  type Verify,
  verifyChain,
} from './grant.ts'
export { deriveKey, sha256, withContext } from './hash.ts'
export {
  type DocName,
  idBytes,
  type KeyId,
  keyIdOf,
  type LogKey,
  logKeyOf,
  type PeerId,
  parseDocName,
  parseKeyId,
  parseRoomId,
  ROOM_ID_LINK_CHARACTERS,
  type RoomId,
  roomIdOf,
  type SessionId,
  sessionIdOf,
} from './ids.ts'
// biome-ignore lint/performance/noReExportAll: one namespace, no names spilled
export * as limits from './limits.ts'
export { type CustodyFrame, custodyMessage } from './peer/custody.ts'
export {
  type AuthorFrame,
  type CloseFrame,
  type CreditFrame,
  type DraftFrame,
  decodeFrame,
  type EntryFrame,
  type EntryStub,
  encodeFrame,
  type Frame,
  frameNameOf,
  type GraftFrame,
  type KeysFrame,
  type PingFrame,
  type PongFrame,
  type ProofFrame,
  type PruneFrame,
  type ReadingFrame,
  type ReceiptFrame,
  type SeekFrame,
} from './peer/frame.ts'
export { FRAME, type FrameName } from './peer/frame-types.ts'
export {
  BUCKET_HASH_BYTES,
  DIGEST_BUCKETS,
  type DigestFrame,
  type Head,
  type HeadsFrame,
  type IhaveFrame,
  type LogName,
  type Range,
  type WantFrame,
} from './peer/heads.ts'
export {
  type AuthFrame,
  authMessage,
  type HelloFrame,
  helloAdditionalData,
  PEER_VERSION,
  type Transcript,
} from './peer/hello.ts'
export {
  type CloseRecord,
  decodeMetaRecord,
  type EpochRecord,
  encodeMetaRecord,
  type MetaRecord,
  type PolicyRecord,
  type RevokeRecord,
  type WrappedKey,
  wrapInfo,
} from './peer/meta-record.ts'
export {
  decodePresencePayload,
  encodePresencePayload,
  factsMessage,
  type PresenceCaret,
  type PresenceFacts,
  type PresenceFrame,
  type PresenceGone,
  type PresencePayload,
  presenceAdditionalData,
} from './peer/presence.ts'
export { DELEGATIONS, type Delegation, mayWrite, ROLES, type Role, roleNarrows } from './roles.ts'
export {
  decodeRoomFile,
  type FileKeys,
  ROOM_FILE_VERSION,
  type RoomFile,
  type RoomFileContent,
  RoomFileVersionError,
  roomFileChunks,
  roomFileSections,
} from './room-file.ts'
export {
  docKeyOf,
  epochIdOf,
  epochZeroKeyOf,
  inviteAgreementSeedOf,
  presenceKeyOf,
  signalKeyOf,
} from './room-keys.ts'
export {
  type BlindLink,
  formatRoomLink,
  type LinkFault,
  type LinkVerdict,
  parseRoomLink,
  type ReaderLink,
  type RoomLink,
} from './room-link.ts'
export { sealedLinkAdditionalData, sealedLinkInfo } from './sealed-link.ts'
export { type ClientMessage, parseClientMessage, SIGNALING_VERSION } from './signaling/client-messages.ts'
export { signalingProofMessage } from './signaling/proof.ts'
export {
  type IceCandidate,
  parseSealedSignal,
  type SealedSignal,
  signalAdditionalData,
} from './signaling/sealed-signal.ts'
export { type IceServer, parseServerMessage, type ServerMessage } from './signaling/server-messages.ts'

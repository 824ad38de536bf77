/**
 * Every size that both sides of the protocol must agree on. Limits of one side alone (rates, caches, timers)
 * live in that package's own `limits.ts`.
 */

/** One WebSocket frame to or from the signaling server: a sealed offer is below 24 KiB. */
export const SIGNALING_FRAME_BYTES = 64 * 1024
/** A data-only SDP has 0.5 kB, one with audio and video 6 kB. */
export const SDP_BYTES = 16 * 1024
/** A machine with several interfaces gathers 5–15. */
export const SDP_CANDIDATES = 32
/** Root key and five grants take 1.0 kB. */
export const CHAIN_BYTES = 2 * 1024
/** root → owner → delegate → invite → device → other device. */
export const CHAIN_GRANTS = 5
export const OPERATOR_TOKEN_BYTES = 4 * 1024
/** A sealed live entry with header and signature; larger updates are cut below it. */
export const ENTRY_BYTES = 256 * 1024
/** Where a writer cuts, so that header, signature and cut overhead stay below {@link ENTRY_BYTES}. */
export const UPDATE_CUT_BYTES = 200 * 1024
/** An update that goes ahead of its entry: keystrokes and small pastes, which are awaited; larger ones are not. */
export const DRAFT_BYTES = 1024
/** HEADS and WANT: about 110 B a head, so 2,000 heads. */
export const HEADS_COUNT = 2000
/** One frame of presence after sealing. */
export const PRESENCE_BYTES = 4 * 1024
/** Frames and bytes that one side may send before its proof was verified. */
export const UNPROVEN_FRAMES = 2
export const UNPROVEN_BYTES = 8 * 1024
/** Peers named in `welcome` and `sample`. */
export const SAMPLE_PEERS = 8
/** A link to an archivist, sealed for it: a whole chain in base64url takes 2.7 kB, keys and addresses some hundred. */
export const SEALED_LINK_BYTES = 4 * 1024
/** A display name in characters. */
export const NAME_CHARACTERS = 64
/** A `.parley` file: a room of 100 MB several times over; it is read into memory whole. */
export const ROOM_FILE_BYTES = 512 * 1024 * 1024
/** One section of it: damage is found without reading further. */
export const ROOM_FILE_SECTION_BYTES = 1280 * 1024
/** Epoch keys in it; each revocation makes one. */
export const ROOM_FILE_EPOCHS = 4096
/** Chains in it, and proofs: each costs up to five verifications. A thousand members with eight chains each fit. */
export const ROOM_FILE_RECORDS = 20_000

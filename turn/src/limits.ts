/** Limits of the relay. Each says its unit and its reason; those of clients and signaling stand elsewhere. */

/** How long a minted credential opens new allocations. A stolen one is worth little; signaling renews at half of it. */
export const CREDENTIAL_TTL_S = 600
/** coturn takes any end that the user name names, ten years too: whoever mints has to stop at this. */
export const CREDENTIAL_TTL_MOST_S = 3_600
/** Characters of the key that a user name carries: enough to tell devices apart for the quota, too few to name them. */
export const USER_CHARACTERS = 16
/** coturn reads the secret as one line; a longer key than SHA-1's block of 64 bytes adds nothing (RFC 2104 §3). */
export const SECRET_CHARACTERS_LEAST = 16
export const SECRET_CHARACTERS_MOST = 256

/** Allocations of one device in one room: 12 links, over UDP and TCP, and as many again while links are remade. */
export const USER_QUOTA = 48
/** Allocations of all together: an allocation takes a port and some 20 kB of coturn's memory. */
export const TOTAL_QUOTA = 1_200
/** IANA's dynamic ports (RFC 6335 §6), a part of them that a firewall rule can name. */
export const MIN_PORT = 49_152
export const MAX_PORT = 57_343
/** RFC 8656 §3.2 starts at 600 s; refreshing an old allocation goes on after its credential ended, so the end is near. */
export const ALLOCATE_LIFETIME_S = 600
/** A nonce older than this is answered with 438, and the client shows its credential anew (RFC 8489 §9.2). */
export const NONCE_LIFETIME_S = 600
/** From the first signal to stop until the relay is killed. */
export const STOP_MS = 5_000

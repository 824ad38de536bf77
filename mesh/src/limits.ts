/**
 * Limits of the mesh alone; what both sides of the wire must agree on is in `@parley/protocol` limits.
 * Each says its unit, its reason and when to look at it again.
 */
import { limits } from '@parley/protocol'

/** Data per message on a channel. 16 KiB is what every WebRTC stack takes; larger chunks gave no more throughput. */
export const CHUNK_BYTES = 16 * 1024
/** Above it nothing more goes into the channel: at 1 MiB a small message waits 0.6–1.0 s behind a bulk transfer. */
export const CHANNEL_HIGH_BYTES = 96 * 1024
/** At or below it the channel always takes the next chunk; `bufferedamountlow` would not fire again. */
export const CHANNEL_LOW_BYTES = 32 * 1024
/** Bulk bytes that a receiver lets a sender have under way: `bufferedAmount` says nothing about the receiver. */
export const CREDIT_WINDOW_BYTES = 2 * 1024 * 1024
/** The receiver grants again once so much has been dealt with. */
export const CREDIT_STEP_BYTES = 256 * 1024
/** Live entries waiting for one link; beyond it they are left to sync, so that a slow link costs bounded memory. */
export const LIVE_QUEUE_BYTES = 1024 * 1024
/** Control frames waiting for one link (HEADS are the largest); beyond it the link is given up. */
export const CONTROL_QUEUE_BYTES = 2 * 1024 * 1024
/** Presence waiting for one link: under a second of it at the allowed rate; an older caret is worth nothing. */
export const PRESENCE_QUEUE_BYTES = 64 * 1024
/** Frames waiting in one lane: a queue of 3-byte frames would cost fifty times its bytes in objects. */
export const QUEUE_FRAMES = 8192
/**
 * Largest frame of each lane, in bytes; also what a link holds of an unfinished frame of that lane. Control: HEADS of
 * 2,000 logs has 220 kB, twice that to grow. Presence: one sealed frame and its type. Live and sync: one entry and
 * what precedes it in its frame. Blob: one slice.
 */
export const LANE_FRAME_BYTES = {
  control: 512 * 1024,
  presence: 8 * 1024,
  live: limits.ENTRY_BYTES + 64,
  sync: limits.ENTRY_BYTES + 64,
  blob: 64 * 1024,
} as const
/** A closing link waits so long for its CLOSE to leave… */
export const CLOSE_DRAIN_MS = 1_000
/** …and looks so often: `bufferedamountlow` does not fire for a buffer that never rose above the low mark. */
export const CLOSE_POLL_MS = 50

/** Until the other side has proven who it is. */
export const PROVE_TIMEOUT_MS = 5_000
/** Offer, answer, ICE and DTLS together. */
export const NEGOTIATE_TIMEOUT_MS = 20_000
/** A link that is silent so long is pinged… */
export const PING_INTERVAL_MS = 2_000
/** …and given up when nothing at all came for so long. ICE itself notices after 5–6 s and gives up after 16 s. */
export const SILENT_LINK_MS = 16_000

/** Full mesh until overlays come: 13 copies of a room. */
export const MAX_LINKS = 12
export const REDIAL_FIRST_MS = 500
export const REDIAL_MAX_MS = 30_000
/** Over which the clients of a server that goes away come back, so that they do not all meet the next one at once. */
export const GOING_AWAY_SPREAD_MS = 5_000
/** How long an application may take for an operator token: time to sign in. */
export const TOKEN_TIMEOUT_MS = 60_000
/** An operator token is replaced so long before its end, which leaves time for a slow provider. */
export const RENEW_BEFORE_MS = 30_000
/** Between two tokens, whatever they and the clock of this device say; the upper end is below what timers can wait. */
export const RENEW_AT_LEAST_MS = 30_000
export const RENEW_AT_MOST_MS = 86_400_000
/** How often a peer with few links asks signaling for more. */
export const REPAIR_INTERVAL_MS = 10_000

/** Own edits that wait for the one under way are merged up to so many bytes. */
export const BATCH_BYTES = 64 * 1024
/** `mergeUpdates` is superlinear: lists are merged in groups. */
export const MERGE_GROUP = 32
/**
 * Own entries are handed to storage after so long, when they are on their way to others: storing takes 2 ms of the main
 * thread, which the receiver on a busy machine would wait for. What others wrote waits for the next flush.
 */
export const WRITE_MS = 8
/**
 * A draft whose entry did not come within so long is taken back, and so is what was written on it here. What did not come over
 * the link that broke is announced by others within {@link IHAVE_MS} and {@link IHAVE_GRACE_MS}.
 */
export const DRAFT_KEPT_MS = 5_000
/** Drafts of one document that wait for their entries: a second of 12 typists. */
export const DRAFTS_WAITING = 256
/**
 * What everybody linked has been shown becomes an entry so long after: sealing at once would compete with the showing, and what
 * is typed meanwhile goes into the same entry.
 */
export const DRAFT_LEAD_MS = 12
/** One strict transaction per so long. */
export const FLUSH_MS = 250

/** Entries verified at the same time; keeps WebCrypto's threads busy without queueing a whole sync there. */
export const ADMIT_BATCH = 64
/** …and of so much work: 64 keystrokes, or three entries of the largest size. What comes next waits so long. */
export const ADMIT_BATCH_MS = 16
/** Applying yields to the host after so long: half a frame. */
export const APPLY_SLICE_MS = 8
/** An update of so few structs is applied at once, whatever it costs to find their places. */
export const SMALL_UPDATE_STRUCTS = 8
/** Larger ones are applied in parts of so many structs, 2–4 ms… */
export const SLICE_STRUCTS = 2_000
/** …and of so many items passed while looking for places, of about 0.3 µs: 12 ms here, under 50 on a phone. */
export const SLICE_STEPS = 40_000
/** Digests go out when something changed and it has been quiet for so long… */
export const DIGEST_QUIET_MS = 2_000
/** …and so often in any case. */
export const DIGEST_INTERVAL_MS = 10_000
/** New heads are announced to links that are not fed a source. */
export const IHAVE_MS = 2_000
/** A range that was asked for and did not come is asked for elsewhere. */
export const WANT_TIMEOUT_MS = 5_000
/** One answer to DIGEST and HEADS per so long and link: a storm of them costs nothing. */
export const HEADS_REPLY_MS = 1_000
/** Logs that one neighbour may be ahead in at a time: a room of 50,000 logs is told at once, 20 MB of objects. */
export const AHEAD_LOGS = 65_536
/** …and of those so many of one author: with 20 sessions a day, four years. */
export const AHEAD_LOGS_PER_AUTHOR = 32_768
/** A repair rebuilds a document at most so often. */
export const REBUILD_INTERVAL_MS = 10_000

/** Structs in one update; 200 KB of one-character inserts has 9,000. */
export const UPDATE_STRUCTS = 20_000
/** Sum of struct lengths in one update: a 256 KB update that claims more is a bomb. */
export const UPDATE_LENGTH = 1_000_000
/** Nesting of JSON inside one value. */
export const VALUE_DEPTH = 64
/** Nesting of types created by one update. */
export const TYPE_DEPTH = 64
/**
 * Nesting of types in a document: around what an update creates in it. Yjs deletes types by recursion, whose stack ends at
 * some 4,000, whoever deletes. Own writing stops earlier, so that nobody is led to the edge by others.
 */
export const DOCUMENT_DEPTH = 256
export const OWN_DEPTH = 192
/** Root types that one update names. */
export const UPDATE_ROOTS = 64
/** Characters of a map key. */
export const KEY_CHARACTERS = 256

/**
 * What a link may send unasked, by kind of frame; over it the link is closed with 4429, presence and drafts are left out. Bytes: a paste
 * of several megabytes at once. News: 40 typists through one relay, and a long paste. Author: a chain costs up to five
 * verifications, 0.6 ms; a room of a thousand members fits. Presence: 20 carets a second and some facts. Drafts: two who hold
 * a key down. Control: heads,
 * wants, receipts of a large room coming up. To be looked at again with overlays of many peers.
 */
export const LINK_BUDGET = {
  bytes: { perSecond: 1024 * 1024, burst: 16 * 1024 * 1024 },
  news: { perSecond: 1000, burst: 4000 },
  author: { perSecond: 20, burst: 1200 },
  presence: { perSecond: 30, burst: 90 },
  control: { perSecond: 100, burst: 1200 },
  draft: { perSecond: 60, burst: 120 },
} as const
/**
 * PING, PONG and CREDIT that a link takes; over it the link is closed with 4429. A transfer of 100 MB/s gives 400 credits a
 * second, a ping comes every 2 s.
 */
export const LINK_UPKEEP = { perSecond: 1000, burst: 4000 } as const
/**
 * What frames cost, in milliseconds of one core (2.x GHz, 2026; processor time of five rounds of WebCrypto in Node 20,
 * batches of 64): an Ed25519 check 0.11–0.13, AES-GCM 0.02; of 256 KiB SHA-256 in JavaScript takes 1.7 ms, the check 0.45,
 * AES-GCM 0.4. A frame is decoded, judged, stored and handed on. Counted alike on slow devices: a limit that a phone
 * reaches sooner would fall on honest people.
 */
export const WORK_COSTS = { frameMs: 0.05, signatureMs: 0.12, openMs: 0.03, kibibyteMs: 0.011 } as const
/**
 * What all links of one key may cost, in milliseconds of work; over it what they send waits. At once: a newcomer's 1,000,000
 * entries take 200 s. Lastingly: 40 typists at ten keystrokes a second through one relay are 80 ms a
 * second, three times that, and three quarters of a core stay for everybody else. Owed: a link waits 10 s at most.
 */
export const LINK_WORK = { perSecondMs: 250, burstMs: 300_000, owedMs: 2_500 } as const
/**
 * What may be in vain of it: broken chains, entries without a right, doubles that nobody asked for; over it the link is
 * closed with 4429. Doubles come until a PRUNE arrives: 40 sources for a third of a second are 30 ms, 500 owners' records
 * that both have, told when a link comes up, 40.
 */
export const LINK_WASTE = { perSecondMs: 10, burstMs: 500, owedMs: 0 } as const
/** Of applying one entry so much is nobody's doing but this device's and its editor's; half a frame. */
export const ENTRY_APPLY_MS = 8
/** With so much of one link waiting to be verified, its news is left to sync, which waits for credit. */
export const LINK_WAITING_BYTES = 4 * 1024 * 1024
/** …and with so much it is closed with 4429: news, and a window of credit full of the smallest entries, come to 11 MB. */
export const LINK_WAITING_MOST_BYTES = 16 * 1024 * 1024
/** Of a key that was over its share so many are looked at before the next turn: 8 of 300 ms each are within what it may owe. */
export const PACED_FRAMES = 8
/** What a waiting frame takes beside its bytes, and counts for. */
export const WAITING_FRAME_BYTES = 512
/** A key that broke a rule is shut out for so long; whoever does it again, again. */
export const REFUSED_KEY_MS = 10 * 60_000

/** Chains of invites that are verified for a new key: 0.3 ms each; who comes by others is handed it by members. */
export const LISTED_INVITES = 4096

/** Carets go out at most so often. */
export const CARET_INTERVAL_MS = 50
/** Name, colour, hand, page. */
export const FACTS_INTERVAL_MS = 1_000
/** Depth of a caret's JSON. */
export const PRESENCE_DEPTH = 8
/** People and carets kept per link. */
export const PRESENCE_PER_LINK = 64

/** An author's clock may be ahead by so much. */
export const CLOCK_AHEAD_MS = 10 * 60_000
/** OWASP's figure for PBKDF2-HMAC-SHA-256 (2023); 134 ms in Chromium here. */
export const RECOVERY_ITERATIONS = 600_000
/** News that a lazy link tells of usually comes along the tree within this; then it is asked for. */
export const IHAVE_GRACE_MS = 400
/** WANT frames of one link waiting to be served. */
export const WANTS_WAITING = 64
/** Receipts told when a link comes up: the latest logs of that device. */
export const RECEIPTS_AT_START = 64
/** Signed receipts kept of one archivist: the latest logs of this device. */
export const CUSTODY_LOGS = 64
/** Receipts to one author at a time, then after the next flush: below half of what a link may send of control. */
export const RECEIPTS_AT_ONCE = 12
/** Receipts are stored so long after one came: a later one replaces it, and losing some costs nothing. */
export const CUSTODY_SAVE_MS = 2_000
/** Records of owners that explain a lower head are here within this. */
export const ROLLBACK_CHECK_MS = 2_000
/** The server has to reach its archivist, which joins the room before it answers. */
export const KEEP_TIMEOUT_MS = 30_000
/** Receiving is told of once it has taken so long. */
export const SYNC_TOLD_MS = 1_000
/** Decoding stored entries yields to the host after so many. */
export const LOAD_SLICE_ENTRIES = 500
/** A link that news was left out for is told our digest after so long. */
export const BEHIND_MS = 1_000
/** A copy that lost its right while it was away is told why before the link ends: both ends open up within a round trip. */
export const TURN_AWAY_MS = 1_000

/** How long after a link came about it is asked whether it is relayed: a relayed pair may give way to a direct one. */
export const FIRST_PATH_MS = 500
/** Asking costs the browser a walk over all its statistics. */
export const PATH_INTERVAL_MS = 5_000
/** A round trip that changed by less is not told anew. */
export const ROUND_TRIP_STEP_MS = 5
/** …or for so long, where it is many records. */
export const TURN_AWAY_LONG_MS = 20_000
/** Owners' records that a newcomer is sent unasked, in the control lane: well within what a link may send as news… */
export const UNASKED_RECORDS = 500
/** …and in bytes: a quarter of what may wait there. More go under credit. */
export const UNASKED_BYTES = 512 * 1024

/**
 * Limits of the archivist's command. Each says its unit and its reason; what all peers must agree on is in
 * `@parley/protocol` limits, what one room may cost in `@parley/mesh`.
 */

/** A request to the control port: the largest is a room link of 16 KiB in JSON. */
export const REQUEST_BYTES = 32 * 1024
/** Request line and headers; Node's default, pinned. */
export const HEADER_BYTES = 16 * 1024
/** From the first byte of a request to its last; none is larger than {@link REQUEST_BYTES}. */
export const REQUEST_TIMEOUT_MS = 10_000
/** TCP connections to the control port: signaling, one scraper, some commands. */
export const HTTP_CONNECTIONS = 256
/** Rooms that are asked to be kept at one moment; each costs a signature check and a write. */
export const KEEPS_AT_ONCE = 16

/** Opening a room loads its journal and dials signaling; so many at a time stay below its limit for unproven connections. */
export const ROOMS_OPENING = 8
/** Rooms one process keeps unless told otherwise: what signaling lets in from one address without being told. */
export const ROOMS_DEFAULT = 450

/** The child that keeps rooms is started again after so long, doubled each time… */
export const RESTART_FIRST_MS = 250
/** …up to so long… */
export const RESTART_MAX_MS = 30_000
/** …and from the beginning once it has run for so long. */
export const RESTART_CALM_MS = 60_000
/** A child that does not say within it that it has opened its folder hangs: it is ended and started again. */
export const START_TIMEOUT_MS = 60_000
/** The child tells its state so often; health and metrics speak of the last one. */
export const STATUS_INTERVAL_MS = 1_000
/** Silence of the child after which it counts as hanging: loading a room of 100 MB takes some seconds. */
export const SILENT_CHILD_MS = 60_000
/** An answer of the child to a quick request (keeping, listing). */
export const ANSWER_TIMEOUT_MS = 15_000
/** An answer to a long one (verifying, copying): an hour reads a terabyte from a slow disk. */
export const LONG_ANSWER_TIMEOUT_MS = 3_600_000
/** From the signal to stop until the child is killed; orchestrators kill after 10–30 s. */
export const STOP_MS = 9_000

/** A command looks so long for a running archivist before it takes the folder to be free. */
export const PROBE_TIMEOUT_MS = 2_000
/** Whoever holds the folder touches its lock so often… */
export const LOCK_TOUCH_MS = 2_000
/** …and is taken to be dead after so long without a touch: another machine or container shares no process ids. */
export const LOCK_STALE_MS = 10_000

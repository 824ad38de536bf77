/** Limits of reading in rooms that may be read. Each says its unit and its reason. */

/** Words of one question, and characters of each: more is no search for something remembered. */
export const SEARCH_WORDS = 16
export const WORD_CHARACTERS = 200
/** Text kept in memory of one document, in UTF-16 units: ten novels; what is beyond is not found, and that is said. */
export const DOCUMENT_CHARACTERS = 8_000_000
/** The same of all documents of one room. */
export const ROOM_CHARACTERS = 32_000_000
/** The same of all rooms that were searched lately: 0.5 GB at worst. Those that nobody asked for longest are let go of. */
export const ALL_CHARACTERS = 256_000_000
/** Documents that one question lists, those that were written to last first. */
export const HITS = 100
/** Lines shown of each. */
export const HIT_LINES = 3
/** Characters shown before the first word that was found, and of the line in all. */
export const SNIPPET_BEFORE = 40
export const SNIPPET_CHARACTERS = 160
/** After a question a room's text is kept for so long, and brought up to date… */
export const TEXT_WARM_MS = 10 * 60_000
/** …once so long has passed since something changed. */
export const TEXT_QUIET_MS = 5_000

/** Titles of pages that are read, in characters. */
export const TITLE_CHARACTERS = 200
/** Of a file's name before its ending: far below what file systems take (255 bytes), also in four-byte characters. */
export const FILE_NAME_CHARACTERS = 50

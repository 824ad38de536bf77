/** Recorded bytes in hexadecimal of the file in `room-file.test.ts`. */
export const GOLDEN_FILE = ''

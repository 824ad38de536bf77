/** First byte of every frame on a link between peers. Reserved numbers belong to frames that are not sent yet. */
export const FRAME = {
  hello: 1,
  auth: 2,
  meta: 3,
  keys: 4,
  author: 5,
  digest: 6,
  heads: 7,
  want: 8,
  entry: 9,
  ihave: 10,
  graft: 11,
  prune: 12,
  proof: 13,
  presence: 14,
  signal: 15,
  blob: 16,
  receipt: 17,
  ping: 18,
  pong: 19,
  close: 20,
  credit: 21,
  reading: 22,
  seek: 23,
  custody: 24,
} as const

export type FrameName = keyof typeof FRAME

import { createRequire } from 'node:module'
import { ParleyError } from '../errors.ts'
import type { WebRtc } from './simple-peer-transport.ts'

/** An optional dependency, since it is a native module: who only keeps documents needs none of it. */
const PACKAGE = '@roamhq/wrtc'

/** Throws `unsupported` where the package, or its build for this machine, is missing. */
export function nodeWebRtc(load: (name: string) => unknown = createRequire(import.meta.url)): WebRtc {
  try {
    return load(PACKAGE) as WebRtc
  } catch (cause) {
    throw new ParleyError('unsupported', `WebRTC in Node needs ${PACKAGE}: npm install ${PACKAGE}`, { cause })
  }
}

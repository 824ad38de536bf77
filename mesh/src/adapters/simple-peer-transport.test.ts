import { describe, expect, it } from 'vitest'
import { ParleyError } from '../errors.ts'
import { describeTransport } from '../testing/transport-contract.ts'
import { simplePeerTransport } from './simple-peer-transport.ts'
import { nodeWebRtc } from './web-rtc.node.ts'

describeTransport({ describe, it }, 'simple-peer in Node', simplePeerTransport(nodeWebRtc()))

describe('nodeWebRtc', () => {
  it('says what to install where the package is missing', () => {
    const missing = () => {
      throw new Error('Cannot find module')
    }
    expect(() => nodeWebRtc(missing)).toThrow(ParleyError)
    expect(() => nodeWebRtc(missing)).toThrow('npm install @roamhq/wrtc')
  })
})

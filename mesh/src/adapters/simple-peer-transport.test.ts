import { describe, expect, it } from 'vitest'
import { ParleyError } from '../errors.ts'
import type { SignalData, Transport } from '../ports.ts'
import { describeTransport } from '../testing/transport-contract.ts'
import { simplePeerTransport } from './simple-peer-transport.ts'
import { nodeWebRtc } from './web-rtc.node.ts'

describeTransport({ describe, it }, 'simple-peer in Node', simplePeerTransport(nodeWebRtc()))

/** What one end that offers says until its stack has gathered all that it will. */
async function gathered(relayOnly: boolean): Promise<readonly SignalData[]> {
  const wrtc = nodeWebRtc()
  const signals: SignalData[] = []
  let transport: Transport | null = null
  await new Promise<void>((resolve) => {
    class Gathering extends wrtc.RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        this.addEventListener('icegatheringstatechange', () => {
          if (this.iceGatheringState === 'complete') resolve()
        })
      }
    }
    const options = { initiator: true, iceServers: [], relayOnly, lowWaterBytes: 0 }
    transport = simplePeerTransport({ ...wrtc, RTCPeerConnection: Gathering })(options, {
      signal: (data) => void signals.push(data),
      open: () => undefined,
      message: () => undefined,
      writable: () => undefined,
      closed: () => undefined,
    })
  })
  ;(transport as Transport | null)?.close()
  return signals
}

describe('a transport through relays alone', () => {
  it('[F43] [RL2] gathers no address of this device, which another one does', async () => {
    expect((await gathered(true)).map(({ type }) => type)).toEqual(['offer'])
    expect((await gathered(false)).map(({ type }) => type)).toContain('candidate')
  })
})

describe('nodeWebRtc', () => {
  it('says what to install where the package is missing', () => {
    const missing = () => {
      throw new Error('Cannot find module')
    }
    expect(() => nodeWebRtc(missing)).toThrow(ParleyError)
    expect(() => nodeWebRtc(missing)).toThrow('npm install @roamhq/wrtc')
  })
})

import { describe, it } from '../testing/mocha.ts'
import { describeTransport } from '../testing/transport-contract.ts'
import { simplePeerTransport } from './simple-peer-transport.ts'
import { browserWebRtc } from './web-rtc.browser.ts'

describeTransport({ describe, it }, 'simple-peer in the browser', simplePeerTransport(browserWebRtc()))

import { nodeWebRtc } from './web-rtc.node.ts'
import { describe } from 'vitest'

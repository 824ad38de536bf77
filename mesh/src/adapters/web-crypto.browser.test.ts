import { assert, assertEqual } from '../testing/assert.ts'
import { describeCipher, describeKeyring } from '../testing/crypto-contract.ts'
import { describe, it } from '../testing/mocha.ts'
import { checkSupport } from './check-support.ts'
import { webCipher, webKeyring } from './web-crypto.ts'

describeKeyring({ describe, it }, 'WebCrypto in the browser', webKeyring)
describeCipher({ describe, it }, 'WebCrypto in the browser', webCipher)

describe('checkSupport', () => {
  it('finds everything in an evergreen browser', async () => {
    const support = await checkSupport()
    for (const [what, there] of Object.entries(support)) assert(there, `${what} is missing`)
    assertEqual(Object.keys(support).length, 5)
  })
})

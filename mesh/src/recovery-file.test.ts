import { idBytes, toBase64Url } from '@parley/protocol'
import { testRoom } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import { RECOVERY_ITERATIONS } from './limits.ts'
import { readRecoveryFile, writeRecoveryFile } from './recovery-file.ts'
import { seededCipher, seededRandom } from './testing/seeded-crypto.ts'

const random = seededRandom('recovery')
const ports = { random, cipher: seededCipher(random) }
const room = testRoom('recovery')
const secret = { roomId: room.roomId, rootSeed: room.root.seed, readKey: room.readKey }
const PASSPHRASE = 'correct horse — staple'
const file = await writeRecoveryFile(ports, secret, PASSPHRASE, 10)
const text = new TextDecoder().decode(file)
const refused = { kind: 'recovery-refused' }
const read = (changed: string, passphrase = PASSPHRASE) =>
  readRecoveryFile(ports, new TextEncoder().encode(changed), passphrase)

describe('the recovery file', () => {
  it('[SV7] gives back what went in, with the right passphrase alone', async () => {
    expect(await read(text)).toEqual(secret)
    for (const wrong of ['', 'correct horse - staple', `${PASSPHRASE} `]) {
      await expect(read(text, wrong)).rejects.toMatchObject(refused)
    }
  })

  it('[SV7] is sealed as docs/spec.md says, and shows no key', async () => {
    const json = JSON.parse(text)
    expect(Object.keys(json)).toEqual(['what', 'version', 'room', 'iterations', 'salt', 'iv', 'sealed'])
    for (const key of [room.root.seed, room.readKey]) expect(text).not.toContain(toBase64Url(key))
    const [salt, iv, sealed] = [json.salt, json.iv, json.sealed].map((value) =>
      Buffer.from(value, 'base64url'),
    )
    const key = await ports.cipher.importKey(await ports.cipher.stretch(PASSPHRASE, salt as Uint8Array, 10))
    const opened = await ports.cipher.decrypt(
      key,
      iv as Uint8Array,
      idBytes(room.roomId),
      sealed as Uint8Array,
    )
    expect(opened).toEqual(Uint8Array.of(...room.root.seed, ...room.readKey))
  })

  it('[SV7] takes 600,000 iterations unless told otherwise', async () => {
    let asked = 0
    const counting = {
      ...ports,
      cipher: {
        ...ports.cipher,
        stretch: (_passphrase: string, _salt: Uint8Array, iterations: number) => {
          asked = iterations
          return new Uint8Array(32)
        },
      },
    }
    await writeRecoveryFile(counting, secret, PASSPHRASE)
    expect([asked, RECOVERY_ITERATIONS]).toEqual([600_000, 600_000])
  })

  it('[SV7] damaged, it is refused in the same words as for a wrong passphrase', async () => {
    const json = JSON.parse(text)
    const other = testRoom('other').roomId
    const damaged: unknown[] = [
      ...[null, 1, [], {}, { ...json, room: other }, { ...json, room: 'x' }, { ...json, salt: 'AA' }],
      ...[
        { ...json, iv: 'AA' },
        { ...json, sealed: json.sealed.slice(4) },
        { ...json, sealed: 7 },
      ],
      ...[
        { ...json, iterations: 1e9 },
        { ...json, iterations: 1.5 },
        { ...json, iterations: 'many' },
      ],
      ...[
        { ...json, iterations: 0 },
        { ...json, iterations: -1 },
      ],
    ]
    const texts = [
      '',
      '{',
      '\u0000',
      ...damaged.map((value) => JSON.stringify(value)),
      `${text}${' '.repeat(4096)}`,
    ]
    for (const one of texts) await expect(read(one), one.slice(0, 80)).rejects.toMatchObject(refused)
    await expect(readRecoveryFile(ports, Uint8Array.of(0xff, 0xfe), PASSPHRASE)).rejects.toMatchObject(
      refused,
    )
  })
})

/** `parley-signaling keys new|rotate`. */
import { parseArgs } from 'node:util'
import { type CommandResult, resultOf, UsageError } from './command-result.ts'
import { KEY_ALGORITHMS, type KeyAlgorithm, newKeys, rotateKeys } from './signing-keys.ts'

const USAGE = `Usage: parley-signaling keys new --dir DIR [--algorithm ${KEY_ALGORITHMS.join('|')}]
       parley-signaling keys rotate --dir DIR [--algorithm ${KEY_ALGORITHMS.join('|')}]

Makes keys for operator tokens, for who has no identity provider:
  DIR/signing-key.json   private, mode 0600: parley-signaling token --key signs with it
  DIR/jwks.json          public: parley-signaling serve --token-keys checks with it

rotate makes a new key and keeps the public half of the last one, so that tokens out there stay good until they end. Rotating
twice withdraws a key. Servers notice by themselves.

Options:
  --dir DIR              folder of both files; new makes it
  --algorithm NAME       EdDSA (Ed25519) or ES256; rotate keeps the one before (EdDSA)
  --help                 this text
`

export function runKeysCommand(args: readonly string[]): Promise<CommandResult> {
  return resultOf(USAGE, args, async () => {
    const options = { dir: { type: 'string' }, algorithm: { type: 'string' } } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [action] = positionals
    if (positionals.length !== 1 || (action !== 'new' && action !== 'rotate')) {
      throw new UsageError('keys: new or rotate is needed')
    }
    if (!values.dir) throw new UsageError('--dir is needed')
    const algorithm = algorithmFrom(values.algorithm)
    const { privateFile, publicFile } =
      action === 'new'
        ? await newKeys(values.dir, algorithm ?? 'EdDSA')
        : await rotateKeys(values.dir, algorithm)
    return `private: ${privateFile}\npublic:  ${publicFile}\n`
  })
}

function algorithmFrom(text: string | undefined): KeyAlgorithm | undefined {
  const found = KEY_ALGORITHMS.find((one) => one === text)
  if (text !== undefined && !found) throw new UsageError(`--algorithm: one of ${KEY_ALGORITHMS.join(', ')}`)
  return found
}

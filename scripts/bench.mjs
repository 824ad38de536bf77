/** `npm run bench [-- --only P1,P2 --json FILE]`: passes everything on to bench/src/main.ts. */
import { bin, ensureInstalled, requireNode, run } from './house.mjs'

requireNode()
await ensureInstalled()
const { code } = await run(bin('tsx'), ['bench/src/main.ts', ...process.argv.slice(2)])
process.exit(code ?? 1)

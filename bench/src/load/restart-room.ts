/** Run by P11: opens the one room of a folder, loads it, and says on standard output how long that took. */
import { argv, memoryUsage, stdout } from 'node:process'
import { diskStorages } from '@parley/archivist'

const startedMs = performance.now()
const storages = await diskStorages(argv[2] as string, { log: () => undefined })
const storage = await storages.open('room')
const { entries } = await storage.load()
const ms = performance.now() - startedMs
stdout.write(JSON.stringify({ ms, entryCount: entries.length, residentBytes: memoryUsage().rss }))
await storages.close()

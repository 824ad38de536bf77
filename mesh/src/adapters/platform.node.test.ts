import { roomIdOf, utf8 } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import { defaultPlatform } from './platform.node.ts'

describe('defaultPlatform in Node', () => {
  it('keeps a room with its device keys for as long as the process runs', async () => {
    const { storages, keyring } = defaultPlatform()
    const roomId = roomIdOf(new Uint8Array(32))
    const storage = await storages.open(roomId)
    const stored = await keyring.generate()
    await storage.put('keys', stored)
    storage.append([utf8('one'), utf8('two')])
    await storage.flush()
    await storage.close()
    const again = await (await storages.open(roomId)).load()
    expect(again.entries).toEqual([utf8('one'), utf8('two')])
    const signer = await keyring.signer(again.records.get('keys') as typeof stored)
    expect(signer.publicKey).toEqual((await keyring.signer(stored)).publicKey)
    await storages.remove(roomId)
    expect((await (await storages.open(roomId)).load()).entries).toEqual([])
  })

  it('has a clock whose timers can be cancelled, and which lets the host have its turn', async () => {
    const { clock } = defaultPlatform()
    const seen: string[] = []
    const cancel = clock.after(0, () => seen.push('cancelled'))
    cancel()
    await new Promise<void>((resolve) => clock.after(1, resolve))
    await clock.yieldToHost()
    expect(seen).toEqual([])
    expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(1000)
  })
})

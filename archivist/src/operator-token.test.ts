import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { operatorTokenFrom } from './operator-token.ts'

it("reads the operator's token anew each time, and tells when it cannot", async () => {
  const dir = await mkdtemp(join(tmpdir(), 'parley-operator-token-'))
  const file = join(dir, 'token')
  const told: unknown[] = []
  const token = operatorTokenFrom(file, (level, event, facts) => void told.push([level, event, facts]))
  if (typeof token === 'string') throw new Error('a token that is never renewed')
  await expect(token('wss://a.example/v1')).rejects.toMatchObject({ code: 'ENOENT' })
  expect(told).toEqual([['warn', 'operator-token-unreadable', { reason: 'ENOENT' }]])
  await writeFile(file, 'first\n')
  expect(await token('wss://a.example/v1')).toBe('first')
  await writeFile(file, 'second\n')
  expect(await token('wss://a.example/v1')).toBe('second')
  await rm(dir, { recursive: true })
})

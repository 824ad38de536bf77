import { afterEach, describe, expect, it } from 'vitest'
import { REDIS_PENDING_CHARACTERS, REDIS_PENDING_COUNT } from '../limits.ts'
import { RedisProcess, whyNoRedis } from '../testing/redis-process.ts'
import { RedisClient } from './redis-client.ts'

const why = whyNoRedis()
let redis: RedisProcess
let client: RedisClient
let upCount = 0

async function open(): Promise<void> {
  redis = await RedisProcess.start()
  upCount = 0
  const up = () => {
    upCount++
  }
  client = new RedisClient(redis.url, { up, message: () => undefined }, () => undefined)
  await expect.poll(() => client.isUp).toBe(true)
}

/** How many of so many commands are under way, and not given up at once. */
async function underWay(count: number, text: string): Promise<number> {
  let settled = 0
  const answers = Array.from({ length: count }, () => client.run('PUBLISH', ['nowhere', text]))
  for (const answer of answers) void answer.then(() => settled++)
  await new Promise(setImmediate)
  const left = count - settled
  expect(await Promise.all(answers)).toEqual(new Array(count).fill(null))
  return left
}

afterEach(async () => {
  redis?.resume()
  client?.close()
  await redis?.kill()
})

describe.skipIf(why !== null)(`commands to a Redis${why === null ? '' : ` (${why})`}`, () => {
  it('[SG17] that does not answer are few and small, end with the connection, and begin again with the next', async () => {
    await open()
    redis.pause()
    const text = 'a'.repeat(60_000)
    const byCharacters = await underWay(1_000, text)
    expect(byCharacters).toBeGreaterThan(0)
    expect(byCharacters * text.length).toBeLessThan(REDIS_PENDING_CHARACTERS)
    expect(client.isUp).toBe(false)
    expect(await underWay(1_000, text)).toBe(0)
    redis.resume()
    await expect.poll(() => client.isUp, { timeout: 10_000 }).toBe(true)
    expect(upCount).toBe(2)
    expect(await client.run('PUBLISH', ['nowhere', 'text'])).toBe(0)
    redis.pause()
    expect(await underWay(REDIS_PENDING_COUNT + 1_000, '')).toBe(REDIS_PENDING_COUNT)
  })

  it('[SG17] that fail, or are sent to nobody, are answered with nothing', async () => {
    await open()
    expect(await client.run('SET', ['a', 'text'])).toBe('OK')
    expect(await client.run('SADD', ['a', '1'])).toBeNull()
    expect(await client.script('nonsense(', [], [])).toBeNull()
    await redis.kill()
    expect(await client.run('GET', ['a'])).toBeNull()
    await redis.run()
    await expect.poll(() => client.isUp, { timeout: 10_000 }).toBe(true)
    expect(await client.script('return ARGV[1]', [], ['here'])).toBe('here')
  })
})

/**
 * What runs inside the Redis, each in one step (https://redis.io/docs: EVAL is atomic). Keys, all below one prefix:
 * `room:<id>` set of its peers · `of:<instance>` set of "room peer", to take them out when the instance is gone ·
 * `instances` sorted set of instances by when they were last heard of, in milliseconds of the Redis' own clock.
 */

/** KEYS room, of · ARGV peer, room id, most peers, count → peers drawn before it entered, or `full`. */
export const JOIN = `
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 'full' end
local others = redis.call('SRANDMEMBER', KEYS[1], ARGV[4])
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('SADD', KEYS[2], ARGV[2] .. ' ' .. ARGV[1])
return others`

/** KEYS room, of · ARGV peer, room id */
export const LEAVE = `
redis.call('SREM', KEYS[1], ARGV[1])
redis.call('SREM', KEYS[2], ARGV[2] .. ' ' .. ARGV[1])
return 1`

/** KEYS of · ARGV prefix of rooms, then room id and peer in turns */
export const ADD = `
for i = 2, #ARGV, 2 do
  redis.call('SADD', ARGV[1] .. ARGV[i], ARGV[i + 1])
  redis.call('SADD', KEYS[1], ARGV[i] .. ' ' .. ARGV[i + 1])
end
return 1`

/** KEYS instances · ARGV instance → whether it was known, and all instances, each followed by its age */
export const HEARTBEAT = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0
redis.call('ZADD', KEYS[1], nowMs, ARGV[1])
local listed = redis.call('ZRANGE', KEYS[1], 0, 999, 'WITHSCORES')
local ages = {}
for i = 1, #listed, 2 do ages[#ages + 1] = { listed[i], nowMs - tonumber(listed[i + 1]) } end
return { known, ages }`

/** KEYS of, instances · ARGV prefix of rooms, instance or nothing, count → how many are left; the instance goes with the last. */
export const REMOVE = `
local taken = redis.call('SPOP', KEYS[1], ARGV[3])
for _, entry in ipairs(taken) do
  local at = string.find(entry, ' ', 1, true)
  if at then redis.call('SREM', ARGV[1] .. string.sub(entry, 1, at - 1), string.sub(entry, at + 1)) end
end
local left = redis.call('SCARD', KEYS[1])
if left == 0 and ARGV[2] ~= '' then redis.call('ZREM', KEYS[2], ARGV[2]) end
return left`

/**
 * What several gateways decide together, each in one step of Redis or Valkey (5 or later). Times are the server's own, so
 * that gateways' clocks do not matter. Keys: PREFIX requests:BUCKET, running:BUCKET, tokens:BUCKET, gateways, revoked.
 */

/** KEYS: counter. ARGV: window in ms. -> {requests in this window with this one, ms until it ends} */
export const COUNT_REQUEST = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}`;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** The level of a bucket that is refilled all the time, as of now; full when it is not there. Expects `key`, `per`, `now`. */
const LEVEL = `
local held = redis.call('HMGET', key, 'level', 'at')
local level = tonumber(held[1]) or per
level = math.min(per, level + math.max(0, now - (tonumber(held[2]) or now)) * per / 60000)`;

/** Kept until it would be full again anyway, however deep its debt. */
const STORE_LEVEL = `
redis.call('HSET', key, 'level', tostring(level), 'at', now)
redis.call('PEXPIRE', key, 60000 + math.ceil((per - level) * 60000 / per))`;

/**
 * KEYS: running (a set of leases by the time at which they expire), tokens. ARGV: lease, most at once or -1, life of the
 * lease in ms, tokens a minute or -1, tokens to reserve. -> {'admitted' | 'requests' | 'tokens', level of the bucket}
 */
export const ADMIT = `${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local most = tonumber(ARGV[2])
if most >= 0 and redis.call('ZCARD', KEYS[1]) >= most then return {'requests', '0'} end
local per = tonumber(ARGV[4])
local left = '0'
if per > 0 then
	local key = KEYS[2]${LEVEL}
	local wanted = tonumber(ARGV[5])
	if level < wanted then return {'tokens', tostring(level)} end
	level = level - wanted${STORE_LEVEL}
	left = tostring(level)
end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'admitted', left}`;

/** KEYS: running, tokens. ARGV: lease, tokens a minute or -1, tokens to give back (less than 0 takes). */
export const SETTLE = `${NOW}
redis.call('ZREM', KEYS[1], ARGV[1])
local per = tonumber(ARGV[2])
if per > 0 then
	local key = KEYS[2]${LEVEL}
	level = math.min(per, level + tonumber(ARGV[3]))${STORE_LEVEL}
end
return 1`;

/** KEYS: running. ARGV: life in ms, leases that still run. One that has expired meanwhile is taken again. */
export const RENEW = `${NOW}
for index = 2, #ARGV do redis.call('ZADD', KEYS[1], now + tonumber(ARGV[1]), ARGV[index]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`;

/** KEYS: gateways, revoked. ARGV: this gateway, ms after which one counts as gone. -> {gateways alive, revoked key ids} */
export const HEARTBEAT = `${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('ZADD', KEYS[1], now, ARGV[1])
return {redis.call('ZCARD', KEYS[1]), redis.call('SMEMBERS', KEYS[2])}`;

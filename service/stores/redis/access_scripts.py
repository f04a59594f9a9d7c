"""The operations of the access store as Lua scripts, each of which Redis executes atomically.

Times are in microseconds since the epoch, by the clock of Redis: whole numbers, which Lua represents exactly. A script
that needs more memory writes that first, as Redis refuses only the first write of a script for lack of memory.
"""

from service.events import Operation
from service.stores.redis.client import Script

PREFIX = "streaming:access:1:"
"""The number is the version of the keys below it. It is not that of sessions: these keys outlive a new version."""

_CLOCK = """
local function clock()
    local time = redis.call('TIME')
    return time[1] * 1000000 + time[2]
end

local function exact(number)
    return string.format('%.0f', number)
end
"""

_REVOCATIONS = """
-- Record a revocation; return its sequence, which continues with the clock: it ascends even if Redis loses its data.
local function record(revocations, ends, revocation, kept)
    local now = clock()
    local last = redis.call('ZRANGE', revocations, -1, -1, 'WITHSCORES')[2] or 0
    local sequence = exact(math.max(now, last + 1))
    local member = sequence .. ' ' .. exact(now + kept) .. ' ' .. revocation
    redis.call('ZADD', revocations, sequence, member)
    redis.call('ZADD', ends, exact(now + kept), member)
    local over = redis.call('ZRANGEBYSCORE', ends, '-inf', exact(now), 'LIMIT', 0, 100)
    for _, key in ipairs({revocations, ends}) do
        redis.call('PEXPIRE', key, math.max(math.ceil(kept / 1000), redis.call('PTTL', key)))
        if #over > 0 then
            redis.call('ZREM', key, unpack(over))
        end
    end
    return sequence
end
"""

_QUOTAS = """
-- Until when a quota is in use after a charge or a debit.
local function used_until(before, cost, interval, now)
    return math.max(before, now) + cost * interval
end

local function put(key, used, now)
    if used > now then
        redis.call('SET', key, exact(used), 'PX', math.ceil((used - now) / 1000))
    end
end
"""

ADD_KEY = Script(
    Operation.ADMINISTER,
    """
-- KEYS: keys by digest, digests by id. ARGV: id, digest, key. A space follows the time of its revocation.
redis.call('HSET', KEYS[1], ARGV[2], ' ' .. ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
""",
)

REVOKE_KEY = Script(
    Operation.ADMINISTER,
    """
-- KEYS: keys by digest, digests by id, revocations, their ends. ARGV: id, time, revocation, how long it is kept.
-- Returns: whether there was such a key, not revoked.
local digest = redis.call('HGET', KEYS[2], ARGV[1])
local key = digest and redis.call('HGET', KEYS[1], digest)
if not key or string.sub(key, 1, 1) ~= ' ' then
    return 0
end
redis.call('HSET', KEYS[1], digest, ARGV[2] .. key)
record(KEYS[3], KEYS[4], ARGV[3], tonumber(ARGV[4]))
return 1
""",
    _CLOCK,
    _REVOCATIONS,
)

REVOKE = Script(
    Operation.ADMINISTER,
    """
-- KEYS: revocations, their ends. ARGV: revocation, how long it is kept. Returns: its sequence.
return record(KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2]))
""",
    _CLOCK,
    _REVOCATIONS,
)

REVOCATIONS = Script(
    Operation.REVOCATIONS,
    """
-- KEYS: revocations. ARGV: a sequence, the most to return.
-- Returns: the time; revocations of a higher sequence, also expired ones, each after its sequence and its end.
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'LIMIT', 0, tonumber(ARGV[2]))
return {exact(clock()), found}
""",
    _CLOCK,
)

CHARGE = Script(
    Operation.CHARGE,
    """
-- KEYS: a quota for each charge. ARGV: the cost, the interval and the tolerance of each.
-- Returns: the number, from 1, of the first charge that does not fit and the time until it does; nothing if all do.
local now, used = clock(), {}
for number, key in ipairs(KEYS) do
    local cost, interval = tonumber(ARGV[3 * number - 2]), tonumber(ARGV[3 * number - 1])
    local limit = ARGV[3 * number] - (cost == 0 and interval or 0)
    local after = used_until(used[key] or tonumber(redis.call('GET', key) or 0), cost, interval, now)
    local excess = after - now - limit
    if excess > 0 then
        return {number, excess}
    end
    used[key] = after
end
for key, after in pairs(used) do
    put(key, after, now)
end
return {}
""",
    _CLOCK,
    _QUOTAS,
)

DEBIT = Script(
    Operation.DEBIT,
    """
-- KEYS: a quota for each charge. ARGV: the cost and the interval of each.
local now = clock()
for number, key in ipairs(KEYS) do
    local before = tonumber(redis.call('GET', key) or 0)
    put(key, used_until(before, ARGV[2 * number - 1], ARGV[2 * number], now), now)
end
""",
    _CLOCK,
    _QUOTAS,
)

"""The operations of the session store as Lua scripts, each of which Redis executes atomically.

Times are in milliseconds, by the clock of Redis. A script that needs more memory writes that first, as Redis refuses
only the first write of a script for lack of memory. All commands exist in Redis 6.2.
"""

from service.events import Operation
from service.stores.redis.client import Script
from service.stores.store_limits import CLAIMS_FOR_EACH_REQUEST, FREE_PREPARATIONS, SESSION_BYTES, SHARE

PREFIX = "streaming:3:"
"""The number is the version of the keys below it; services of another version do not read them."""

_CLOCK = """
local function clock()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end
"""

_SESSIONS = f"""
-- The sessions, and those of them without a request, by their ends.
local ALL, UNUSED = '{PREFIX}sessions', '{PREFIX}sessions:unused'

local function forget(ids)
    for _, id in ipairs(ids) do
        redis.call('ZREM', ALL, id)
        redis.call('ZREM', UNUSED, id)
    end
    return #ids
end

-- Whether one more session can be stored. Sessions without a request make room: their connections restore them.
local function has_room(most)
    forget(redis.call('ZRANGEBYSCORE', ALL, '-inf', clock(), 'LIMIT', 0, 100))
    local excess = redis.call('ZCARD', ALL) - most + 1
    if excess > 0 then
        local unused = redis.call('ZRANGE', UNUSED, 0, excess - 1)
        for _, id in ipairs(unused) do
            redis.call('DEL', '{PREFIX}session:' .. id)
        end
        excess = excess - forget(unused)
    end
    return excess <= 0
end

-- Create the session: it is written before anything else, for lack of memory. Without a secret, that is empty.
local function create(id, incarnation, requests, left, secret)
    local key = '{PREFIX}session:' .. id
    redis.call('HSET', key, 'incarnation', incarnation, 'requests', requests, 'secret', secret)
    redis.call('PEXPIRE', key, left)
    for _, set in ipairs(requests > 0 and {{ALL}} or {{ALL, UNUSED}}) do
        redis.call('ZADD', set, clock() + left, id)
        redis.call('PEXPIRE', set, math.max(left, redis.call('PTTL', set)))
    end
end

-- Count requests of the session; return its count.
local function count(id, requests)
    redis.call('ZREM', UNUSED, id)
    return redis.call('HINCRBY', '{PREFIX}session:' .. id, 'requests', requests)
end

-- Return the requests used and the milliseconds left of a session of which a connection has a snapshot; nothing if
-- another secret reserves it.
local function known_session(id, incarnation, known, left_of_snapshot, secret)
    local key = '{PREFIX}session:' .. id
    local left = redis.call('PTTL', key)
    if left <= 0 then  -- lost: created again
        create(id, incarnation, known, left_of_snapshot, secret)
        return known, left_of_snapshot
    end
    local session = redis.call('HMGET', key, 'incarnation', 'requests', 'secret')
    if (session[3] or '') ~= secret then return end
    local used = tonumber(session[2])
    if session[1] == incarnation and used < known then  -- created again from a snapshot with a lower count
        used = count(id, known - used)
    end
    return used, left
end
"""

_STREAMS = f"""
-- The stored streams by their ends, the bytes of all, and those of each session. Redis deletes a stream at its end; it
-- is released here soon after. An account is the size, the session and the stream.
local ENDS, BYTES, HELD = '{PREFIX}streams', '{PREFIX}bytes', '{PREFIX}bytes:sessions'

local function add(account, sign)
    local size, session = string.match(account, '^(%d+) (%S*) ')
    redis.call('INCRBY', BYTES, sign * size)
    if redis.call('HINCRBY', HELD, session, sign * size) <= 0 then
        redis.call('HDEL', HELD, session)
    end
end

local function release(account)
    if account and redis.call('ZREM', ENDS, account) == 1 then
        add(account, -1)
    end
end

local function release_ended(most)
    for _, account in ipairs(redis.call('ZRANGEBYSCORE', ENDS, '-inf', clock(), 'LIMIT', 0, most)) do
        release(account)
    end
end

-- Keep the stream for a time. The accounts are kept longer than every stream.
local function keep(stream, account, milliseconds)
    redis.call('PEXPIRE', stream, milliseconds)
    if account then
        redis.call('ZADD', ENDS, 'XX', clock() + milliseconds, account)
        for _, key in ipairs({{ENDS, BYTES, HELD}}) do
            redis.call('PEXPIRE', key, math.max(2 * milliseconds, redis.call('PTTL', key)))
        end
    end
end

local function used_bytes()
    return tonumber(redis.call('GET', BYTES) or 0) + {SESSION_BYTES} * redis.call('ZCARD', '{PREFIX}sessions')
end
"""

OPEN = Script(
    Operation.OPEN,
    """
-- KEYS: session. ARGV: id, the number of sessions, incarnation, milliseconds (for a new one), secret.
-- Returns: incarnation, requests, milliseconds left, whether it is new; {} if there are too many, false if reserved.
local left = redis.call('PTTL', KEYS[1])
if left > 0 then
    local session = redis.call('HMGET', KEYS[1], 'incarnation', 'requests', 'secret')
    return (session[3] or '') == ARGV[5] and {session[1], tonumber(session[2]), left, 0}
end
if not has_room(tonumber(ARGV[2])) then
    return {}
end
create(ARGV[1], ARGV[3], 0, tonumber(ARGV[4]), ARGV[5])
return {ARGV[3], 0, tonumber(ARGV[4]), 1}
""",
    _CLOCK,
    _SESSIONS,
)

JOIN = Script(
    Operation.JOIN,
    """
-- KEYS: session. ARGV: id, the number of sessions, incarnation, requests to add, milliseconds (for a new one), secret.
-- Returns: as OPEN.
local requests, left = tonumber(ARGV[4]), redis.call('PTTL', KEYS[1])
if left <= 0 then
    if not has_room(tonumber(ARGV[2])) then
        return {}
    end
    left = tonumber(ARGV[5])
    create(ARGV[1], ARGV[3], 0, left, ARGV[6])
elseif (redis.call('HGET', KEYS[1], 'secret') or '') ~= ARGV[6] then
    return false
end
local used = requests > 0 and count(ARGV[1], requests) or redis.call('HINCRBY', KEYS[1], 'requests', 0)
return {redis.call('HGET', KEYS[1], 'incarnation'), used, left, 0}
""",
    _CLOCK,
    _SESSIONS,
)

ADMIT = Script(
    Operation.ADMIT,
    f"""
-- KEYS: claims of the session. ARGV: id; limit; incarnation, requests, milliseconds left and secret of the snapshot;
-- the bytes of the store; stream, fingerprint, the claims of the owner and of the token presented (both optional).
-- Returns: admitted, requests, the stream repeated, conflicts; false if another secret reserves the session.
-- A claim is a fingerprint and a stream, in one string.
local id, limit, stream, fingerprint = ARGV[1], tonumber(ARGV[2]), ARGV[8], ARGV[9]
local used, left = known_session(id, ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6])
if not used then return false end
local function claim(first, value)
    local room = {CLAIMS_FOR_EACH_REQUEST} * limit - redis.call('HLEN', KEYS[1])
    if room > 0 and used_bytes() < tonumber(ARGV[7]) then
        for number = first, #ARGV do
            redis.call('HSET', KEYS[1], ARGV[number], value)
        end
        redis.call('PEXPIRE', KEYS[1], left)
    end
end
local made = ARGV[11] and redis.call('HGET', KEYS[1], ARGV[11])
if made then
    if string.sub(made, 1, #fingerprint) ~= fingerprint then
        return {{0, used, false, 1}}
    end
    if not redis.call('HGET', KEYS[1], ARGV[10]) then
        ARGV[11] = nil
        claim(10, made)
    end
    return {{1, used, string.sub(made, #fingerprint + 1), 0}}
end
if used >= limit then return {{0, used, false, 0}} end
if ARGV[10] then  -- repetitions with the same token are charged once
    claim(10, fingerprint .. stream)
end
return {{1, count(id, 1), false, 0}}
""",
    _CLOCK,
    _SESSIONS,
    _STREAMS,
)

CHARGE_REPETITION = Script(
    Operation.CHARGE_REPETITION,
    f"""
-- KEYS: claims of the session. ARGV: id; limit; incarnation, requests, milliseconds left and secret of the snapshot;
-- the stream repeated. Returns: admitted, requests; false as ADMIT.
local used, left = known_session(ARGV[1], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6])
if not used then return false end
local preparations = redis.call('HINCRBY', KEYS[1], 'preparations:' .. ARGV[7], 1)
redis.call('PEXPIRE', KEYS[1], left)
if preparations <= {FREE_PREPARATIONS} then
    return {{1, used}}
end
if used >= tonumber(ARGV[2]) then return {{0, used}} end
return {{1, count(ARGV[1], 1)}}
""",
    _CLOCK,
    _SESSIONS,
)

PUT = Script(
    Operation.PUT,
    f"""
-- KEYS: stream. ARGV: milliseconds, the bytes of the store, session, size, account; all fields and values.
-- Returns: whether it is stored.
local size, account = tonumber(ARGV[4]), ARGV[5]
local before = redis.call('HGET', KEYS[1], 'account')
local replaced = before and tonumber(string.match(before, '^%d+')) or 0
local held = tonumber(redis.call('HGET', HELD, ARGV[3]) or 0) - replaced
local free = tonumber(ARGV[2]) - used_bytes() + replaced
local stored = held + size <= free / {SHARE}
if stored then
    redis.call('HSET', KEYS[1], 'account', account, unpack(ARGV, 6))
    release(before)
    redis.call('ZADD', ENDS, 0, account)
    add(account, 1)
    keep(KEYS[1], account, tonumber(ARGV[1]))
end
release_ended(100)
return stored and 1 or 0
""",
    _CLOCK,
    _STREAMS,
)

MEASURE = Script(
    Operation.MEASURE,
    """
-- Returns: the bytes and the number of sessions.
release_ended(1000)
forget(redis.call('ZRANGEBYSCORE', ALL, '-inf', clock(), 'LIMIT', 0, 1000))
return {used_bytes(), redis.call('ZCARD', ALL)}
""",
    _CLOCK,
    _SESSIONS,
    _STREAMS,
)

GET = Script(
    Operation.GET,
    """
-- KEYS: stream. ARGV: fields. Returns: their values.
return redis.call('HMGET', KEYS[1], unpack(ARGV))
""",
)

ACQUIRE = Script(
    Operation.ACQUIRE,
    """
-- KEYS: stream. ARGV: epoch, owner, milliseconds. Returns: whether it was at that epoch.
local stream = redis.call('HMGET', KEYS[1], 'epoch', 'owners', 'account')
if stream[1] ~= ARGV[1] then
    return 0
end
if not string.find(' ' .. stream[2] .. ' ', ' ' .. ARGV[2] .. ' ', 1, true) then
    redis.call('HSET', KEYS[1], 'owners', stream[2] .. ' ' .. ARGV[2])
end
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
keep(KEYS[1], stream[3], tonumber(ARGV[3]))
return 1
""",
    _CLOCK,
    _STREAMS,
)

MARK_SKIP = Script(
    Operation.MARK_SKIP,
    """
-- KEYS: stream. ARGV: epoch, index, whether it is settled. Returns: whether it was at that epoch.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
    return 0
end
redis.call('HSET', KEYS[1], 'skip_at', ARGV[2], 'skip_settled', ARGV[3])
return 1
""",
)

RENEW_LEASES = Script(
    Operation.RENEW_LEASES,
    """
-- KEYS: streams. ARGV: the minimum and the full time to live; the epochs. Returns: the numbers, from 1, of lost ones.
local minimum, full = tonumber(ARGV[1]), tonumber(ARGV[2])
local lost = {}
for number, key in ipairs(KEYS) do
    local stream = redis.call('HMGET', key, 'epoch', 'account')
    if stream[1] and stream[1] ~= ARGV[number + 2] then
        lost[#lost + 1] = number
    elseif stream[1] and redis.call('PTTL', key) < minimum then
        keep(key, stream[2], full)
    end
end
return lost
""",
    _CLOCK,
    _STREAMS,
)

UPDATE_STATUS = Script(
    Operation.UPDATE_STATUS,
    """
-- KEYS: streams, one for each change. ARGV: time to live of an ended stream; epoch and change of each.
local fields = {
    paused = {'paused', 1},
    resumed = {'paused', 0},
    ended = {'counted', 1},
}
for number, key in ipairs(KEYS) do
    local epoch, change = ARGV[2 * number], ARGV[2 * number + 1]
    local stream = redis.call('HMGET', key, 'epoch', 'account')
    if stream[1] == epoch then
        if change == 'acknowledged' then
            redis.call('DEL', key)
            release(stream[2])
        else
            redis.call('HSET', key, unpack(fields[change]))
        end
        if change == 'ended' then
            keep(key, stream[2], tonumber(ARGV[1]))
        end
    end
end
""",
    _CLOCK,
    _STREAMS,
)

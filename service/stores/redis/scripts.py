"""The operations of the session store as Lua scripts, each of which Redis executes atomically.

Times are in milliseconds, by the clock of Redis. A script that needs more memory writes that first, as Redis refuses
only the first write of a script for lack of memory. All commands exist in Redis 6.2.
"""

import hashlib

from msgspec import Struct


class Script(Struct, frozen=True):
    text: str
    digest: str
    """The name under which Redis has cached the script after its first call."""


def _script(text: str) -> Script:
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


OPEN = _script("""
-- KEYS: session. ARGV: incarnation, milliseconds (for a new one). Returns: incarnation, requests, milliseconds left.
local left = redis.call('PTTL', KEYS[1])
if left > 0 then
    local session = redis.call('HMGET', KEYS[1], 'incarnation', 'requests')
    return {session[1], tonumber(session[2]), left}
end
redis.call('HSET', KEYS[1], 'incarnation', ARGV[1], 'requests', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {ARGV[1], 0, tonumber(ARGV[2])}
""")

JOIN = _script("""
-- KEYS: session. ARGV: incarnation, requests to add, milliseconds (for a new one). Returns: as OPEN.
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then
    left = tonumber(ARGV[3])
    redis.call('HSET', KEYS[1], 'incarnation', ARGV[1], 'requests', 0)
    redis.call('PEXPIRE', KEYS[1], left)
end
local requests = redis.call('HINCRBY', KEYS[1], 'requests', ARGV[2])
return {redis.call('HGET', KEYS[1], 'incarnation'), requests, left}
""")

ADMIT = _script("""
-- KEYS: session, claim of the owner, claim of the token presented (each claim is optional).
-- ARGV: limit; incarnation, requests and milliseconds left of the snapshot; stream, fingerprint.
-- Returns: admitted, requests, the stream repeated, conflicts. A claim is a fingerprint and a stream, in one string.
local limit, incarnation, known = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local stream, fingerprint = ARGV[5], ARGV[6]
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then  -- lost: created again
    left = tonumber(ARGV[4])
    redis.call('HSET', KEYS[1], 'incarnation', incarnation, 'requests', known)
    redis.call('PEXPIRE', KEYS[1], left)
end
local session = redis.call('HMGET', KEYS[1], 'incarnation', 'requests')
local used = tonumber(session[2])
if session[1] == incarnation and used < known then  -- created again from a snapshot with a lower count
    used = known
    redis.call('HSET', KEYS[1], 'requests', used)
end
local made = KEYS[3] and redis.call('GET', KEYS[3])
if made then
    if string.sub(made, 1, #fingerprint) ~= fingerprint then
        return {0, used, false, 1}
    end
    redis.call('SET', KEYS[2], made, 'PX', left)
    return {1, used, string.sub(made, #fingerprint + 1), 0}
end
if used >= limit then
    return {0, used, false, 0}
end
for number = 2, #KEYS do  -- repetitions with the same token are charged once
    redis.call('SET', KEYS[number], fingerprint .. stream, 'PX', left)
end
return {1, redis.call('HINCRBY', KEYS[1], 'requests', 1), false, 0}
""")

PUT = _script("""
-- KEYS: stream. ARGV: milliseconds; all fields and values.
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
""")

GET = _script("""
-- KEYS: stream. ARGV: fields. Returns: their values.
return redis.call('HMGET', KEYS[1], unpack(ARGV))
""")

ACQUIRE = _script("""
-- KEYS: stream. ARGV: epoch, owner, milliseconds. Returns: whether it was at that epoch.
local stream = redis.call('HMGET', KEYS[1], 'epoch', 'owners')
if stream[1] ~= ARGV[1] then
    return 0
end
if not string.find(' ' .. stream[2] .. ' ', ' ' .. ARGV[2] .. ' ', 1, true) then
    redis.call('HSET', KEYS[1], 'owners', stream[2] .. ' ' .. ARGV[2])
end
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
""")

MARK_SKIP = _script("""
-- KEYS: stream. ARGV: epoch, index, whether it is settled. Returns: whether it was at that epoch.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
    return 0
end
redis.call('HSET', KEYS[1], 'skip_at', ARGV[2], 'skip_settled', ARGV[3])
return 1
""")

RENEW_LEASES = _script("""
-- KEYS: streams. ARGV: the minimum and the full time to live; the epochs. Returns: the numbers, from 1, of lost ones.
local minimum, full = tonumber(ARGV[1]), ARGV[2]
local lost = {}
for number, stream in ipairs(KEYS) do
    local epoch = redis.call('HGET', stream, 'epoch')
    if epoch and epoch ~= ARGV[number + 2] then
        lost[#lost + 1] = number
    elseif epoch and redis.call('PTTL', stream) < minimum then
        redis.call('PEXPIRE', stream, full)
    end
end
return lost
""")

UPDATE_STATUS = _script("""
-- KEYS: streams, one for each change. ARGV: time to live of an ended stream; epoch and change of each.
local fields = {
    paused = {'paused', 1},
    resumed = {'paused', 0},
    ended = {'counted', 1},
}
for number, stream in ipairs(KEYS) do
    local epoch, change = ARGV[2 * number], ARGV[2 * number + 1]
    if redis.call('HGET', stream, 'epoch') == epoch then
        if change == 'acknowledged' then
            redis.call('DEL', stream)
        else
            redis.call('HSET', stream, unpack(fields[change]))
        end
        if change == 'ended' then
            redis.call('PEXPIRE', stream, ARGV[1])
        end
    end
end
""")

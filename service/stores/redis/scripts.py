"""What Redis does in one go, in Lua.

Each script runs alone, so what it reads is still so when it writes. Times are in milliseconds, of Redis's own clock:
``PTTL`` says how much is left. What stores more begins with that, as Redis refuses only the first write of a script for
lack of memory. Nothing here is newer than Redis 6.2.
"""

import hashlib

from msgspec import Struct


class Script(Struct, frozen=True):
    text: str
    digest: str
    """By which Redis knows it once it has run it."""


def _script(text: str) -> Script:
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


OPEN = _script("""
-- KEYS: session. ARGV: epoch, milliseconds (both of a new one). Gives: epoch, requests, milliseconds left.
local left = redis.call('PTTL', KEYS[1])
if left > 0 then
    local session = redis.call('HMGET', KEYS[1], 'epoch', 'requests')
    return {session[1], tonumber(session[2]), left}
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'requests', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {ARGV[1], 0, tonumber(ARGV[2])}
""")

ADMIT = _script("""
-- KEYS: session, claim of the owner, claim of the token presented (the claims only if there are such).
-- ARGV: limit; epoch, requests and milliseconds left, as the snapshot has them; stream, fingerprint.
-- Gives: admitted, requests, the stream repeated, conflicts. A claim is a fingerprint and a stream, in one string.
local limit, epoch, known = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local stream, fingerprint = ARGV[5], ARGV[6]
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then  -- lost: made again
    left = tonumber(ARGV[4])
    redis.call('HSET', KEYS[1], 'epoch', epoch, 'requests', known)
    redis.call('PEXPIRE', KEYS[1], left)
end
local session = redis.call('HMGET', KEYS[1], 'epoch', 'requests')
local used = tonumber(session[2])
if session[1] == epoch and used < known then  -- made again from a snapshot that knew less
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
for number = 2, #KEYS do  -- who presents the same token again and again is charged once
    redis.call('SET', KEYS[number], fingerprint .. stream, 'PX', left)
end
return {1, redis.call('HINCRBY', KEYS[1], 'requests', 1), false, 0}
""")

KEEP = _script("""
-- KEYS: stream. ARGV: milliseconds; fields and values, all of them.
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
""")

FIND = _script("""
-- KEYS: stream. ARGV: fields. Gives: their values.
return redis.call('HMGET', KEYS[1], unpack(ARGV))
""")

TAKE = _script("""
-- KEYS: stream. ARGV: epoch, owner, milliseconds. Gives: whether it was at that epoch.
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
-- KEYS: stream. ARGV: epoch, index, whether it is settled. Gives: whether it was at that epoch.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
    return 0
end
redis.call('HSET', KEYS[1], 'skip_at', ARGV[2], 'skip_settled', ARGV[3])
return 1
""")

HOLD = _script("""
-- KEYS: streams. ARGV: the least and the whole time to live; the epochs. Gives: which of them were taken, from 1.
local least, whole = tonumber(ARGV[1]), ARGV[2]
local taken = {}
for number, stream in ipairs(KEYS) do
    local epoch = redis.call('HGET', stream, 'epoch')
    if epoch and epoch ~= ARGV[number + 2] then
        taken[#taken + 1] = number
    elseif epoch and redis.call('PTTL', stream) < least then
        redis.call('PEXPIRE', stream, whole)
    end
end
return taken
""")

NOTE = _script("""
-- KEYS: streams, one for each change. ARGV: milliseconds left for what has ended; epoch and change of each.
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

"""The operations of the store of live streams as Lua scripts, each of which Redis executes atomically.

Times are in milliseconds, by the clock of Redis. The first arguments of each script are how long a producer may be
silent, and how long an ended stream is kept. A script that needs more memory writes that first, as Redis refuses only
the first write of a script for lack of memory. All commands exist in Redis 6.2.
"""

from service.events import Operation
from service.live.lease import LEASE_SECONDS, STALLED_SECONDS
from service.stores.redis.client import Script
from service.stores.store_limits import STREAM_BYTES

PREFIX = "streaming:live:1:"
"""The number is the version of the keys below it; services of another version do not read them."""

_MOST = 500
"""Streams in one call, during which Redis serves no other."""

_STREAMS = f"""
local ADOPTABLE, KEPT = tonumber(ARGV[1]), tonumber(ARGV[2])
-- The open streams whose loss was not returned, and the others, by the moments at which their producers were heard of;
-- the ended ones with their lengths, by the moments at which they are deleted; the bytes of all; the streams created.
local ALIVE, LOST, ENDED, BYTES = '{PREFIX}alive', '{PREFIX}lost', '{PREFIX}ended', '{PREFIX}bytes'
local CREATED = '{PREFIX}created'

local function clock()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function keep(key, milliseconds)
    if key ~= '' then redis.call('PEXPIRE', key, milliseconds) end
end

local function key_of(id)
    return '{PREFIX}stream:' .. id
end

local function source_of(id)
    return '{PREFIX}source:' .. id
end

-- The stream as it is now, also if it was not ended by EXPIRE yet; nothing if it is to be deleted.
local function find(id, now)
    local found = redis.call('HMGET', key_of(id), 'epoch', 'status', 'heard', 'ended')
    if not found[1] then return end
    local stream = {{id = id, epoch = found[1], status = found[2]}}
    stream.heard, stream.ended = tonumber(found[3]), tonumber(found[4])
    if stream.status == 'open' and stream.heard + ADOPTABLE <= now then
        stream.status, stream.ended = 'error', stream.heard + ADOPTABLE
    end
    if stream.ended and stream.ended + KEPT <= now then return end
    stream.length = redis.call('STRLEN', source_of(id))
    return stream
end

local function record(stream, now)
    local fixed = redis.call('HGET', key_of(stream.id), 'record')
    return {{fixed, stream.epoch, stream.length, stream.status, math.max(0, now - stream.heard)}}
end

-- The producer was heard of. All keys are kept longer than the stream may live.
local function renew(stream, now)
    local key = key_of(stream.id)
    redis.call('HSET', key, 'heard', now)
    if redis.call('ZADD', ALIVE, now, stream.id) == 1 then
        redis.call('ZREM', LOST, stream.id)
    end
    local longest = ADOPTABLE + KEPT
    if redis.call('PTTL', key) < longest or stream.length == 0 then
        local others = redis.call('HMGET', key, 'session', 'created')
        for _, one in ipairs({{key, source_of(stream.id), others[2]}}) do
            keep(one, longest + 2000)
        end
        for _, one in ipairs({{others[1], ALIVE, LOST, ENDED, BYTES, CREATED}}) do
            keep(one, math.max(2 * longest, redis.call('PTTL', one)))
        end
    end
end

local function finish(stream, status, at, now)
    local key, id = key_of(stream.id), stream.id
    local others = redis.call('HMGET', key, 'session', 'created')
    redis.call('HSET', key, 'status', status, 'ended', at)
    redis.call('ZREM', ALIVE, id)
    redis.call('ZREM', LOST, id)
    redis.call('ZREM', others[1], id)
    redis.call('ZADD', ENDED, at + KEPT, stream.length .. ' ' .. id)
    for _, one in ipairs({{key, source_of(id), others[2]}}) do
        keep(one, math.max(1, at + KEPT - now))
    end
    keep(ENDED, math.max(2 * KEPT, redis.call('PTTL', ENDED)))
end

local function used_bytes()
    return tonumber(redis.call('GET', BYTES) or 0)
end

local function delete_ended(now)
    for _, account in ipairs(redis.call('ZRANGEBYSCORE', ENDED, '-inf', now, 'LIMIT', 0, 100)) do
        local length, id = string.match(account, '^(%d+) (.*)$')
        redis.call('DEL', key_of(id), source_of(id))
        redis.call('INCRBY', BYTES, -(length + {STREAM_BYTES}))
        redis.call('ZREM', ENDED, account)
    end
end
"""

CREATE = Script(
    Operation.CREATE,
    f"""
-- ARGV: the bytes of the store; id, key of the session, key of the creation (or empty), record.
-- Returns: the record; {{}} if the store is full.
local now, id, session, created = clock(), ARGV[4], ARGV[5], ARGV[6]
local before = created ~= '' and redis.call('GET', created)
local stream = before and find(before, now)
if stream then return record(stream, now) end
delete_ended(now)
if used_bytes() + {STREAM_BYTES} > tonumber(ARGV[3]) then return {{}} end
redis.call('HSET', key_of(id), 'record', ARGV[7], 'session', session, 'created', created, 'epoch', 0, 'status', 'open')
if created ~= '' then redis.call('SET', created, id) end
redis.call('ZADD', session, redis.call('INCRBY', CREATED, 1), id)
redis.call('INCRBY', BYTES, {STREAM_BYTES})
stream = {{id = id, epoch = 0, status = 'open', heard = now, length = 0}}
renew(stream, now)
return record(stream, now)
""",
    _STREAMS,
)

APPEND = Script(
    Operation.APPEND,
    """
-- ARGV: the maximum length, the bytes of the store; of each append: id, epoch, offset, data, status or nothing, and
-- whether its digest is that of the source: nothing without one, '?' if the source was shorter when that was computed.
-- Returns, for each: the reason of its refusal or nothing, the length, the status, the number of new bytes and whether
-- the stream had ended before.
local now, most, free, results, added = clock(), tonumber(ARGV[3]), tonumber(ARGV[4]) - used_bytes(), {}, 0

local function agrees(stream, offset, data, digest)
    local repeated = math.min(#data, stream.length - offset)
    if repeated > 0 then
        local stored = redis.call('GETRANGE', source_of(stream.id), offset, offset + repeated - 1)
        if stored ~= string.sub(data, 1, repeated) then return false end
    end
    return digest ~= '0'
end

local function refusal(stream, epoch, offset, data, ends, digest)
    local stop = offset + #data
    if epoch ~= stream.epoch then return 'fenced' end
    if stream.status ~= 'open' then
        local repeated = ends == stream.status and stop == stream.length and agrees(stream, offset, data, digest)
        return repeated and '' or 'ended'
    end
    if offset > stream.length then return 'gap' end
    if (ends ~= '' and stop < stream.length) or not agrees(stream, offset, data, digest) then return 'mismatch' end
    if stop > math.max(stream.length, most) then return 'too_large' end
    if stop - stream.length > math.max(0, free) then return 'full' end
    return ''
end

for at = 5, #ARGV, 6 do
    local id, epoch, offset, data, ends, digest = unpack(ARGV, at, at + 5)
    local stream, result = find(id, now), nil
    if not stream then
        result = {'unknown', 0, 'open', 0, 0}
    else
        offset = tonumber(offset)
        local reason, new = refusal(stream, epoch, offset, data, ends, digest), 0
        if reason == '' and digest == '?' then
            result = {'again', 0, 'open', 0, 0}
        elseif reason ~= '' or stream.status ~= 'open' then
            result = {reason, stream.length, stream.status, 0, stream.status ~= 'open' and 1 or 0}
        else
            local fresh = string.sub(data, stream.length - offset + 1)
            if #fresh > 0 then redis.call('APPEND', source_of(id), fresh) end
            renew(stream, now)
            stream.length = stream.length + #fresh
            free, added = free - #fresh, added + #fresh
            if ends ~= '' then finish(stream, ends, now, now) end
            result = {'', stream.length, ends == '' and 'open' or ends, #fresh, 0}
        end
    end
    results[#results + 1] = result
end
if added > 0 then redis.call('INCRBY', BYTES, added) end
return results
""",
    _STREAMS,
)

ADOPT = Script(
    Operation.ADOPT,
    """
-- ARGV: id. Returns: the record, or nothing.
local now = clock()
local stream = find(ARGV[3], now)
if not stream then return false end
if stream.status == 'open' then
    stream.epoch, stream.heard = redis.call('HINCRBY', key_of(stream.id), 'epoch', 1), now
    renew(stream, now)
end
return record(stream, now)
""",
    _STREAMS,
)

CANCEL = Script(
    Operation.CANCEL,
    """
-- ARGV: id. Returns: the record of a stream that was open, or nothing.
local now = clock()
local stream = find(ARGV[3], now)
if not stream or stream.status ~= 'open' then return false end
finish(stream, 'cancelled', now, now)
stream.status = 'cancelled'
return record(stream, now)
""",
    _STREAMS,
)

GET = Script(
    Operation.GET,
    """
-- ARGV: id. Returns: the record, or nothing.
local now = clock()
local stream = find(ARGV[3], now)
return stream and record(stream, now) or false
""",
    _STREAMS,
)

READ = Script(
    Operation.READ,
    """
-- ARGV: id, start. Returns: the source from there.
local stream = find(ARGV[3], clock())
return stream and redis.call('GETRANGE', source_of(stream.id), ARGV[4], -1) or ''
""",
    _STREAMS,
)

OPEN_STREAMS = Script(
    Operation.OPEN_STREAMS,
    """
-- ARGV: key of the session. Returns: the id and the record of each open stream, the oldest first.
local now, found = clock(), {}
for _, id in ipairs(redis.call('ZRANGE', ARGV[3], 0, -1)) do
    local stream = find(id, now)
    if stream and stream.status == 'open' then
        found[#found + 1] = record(stream, now)
    end
end
return found
""",
    _STREAMS,
)

EXPIRE = Script(
    Operation.EXPIRE,
    f"""
-- Returns: the records of the streams that are lost now, those of the streams that ended, and the numbers of open,
-- stalled and interrupted ones.
local now, lost, abandoned = clock(), {{}}, {{}}
local silent, stalled = now - {round(1000 * LEASE_SECONDS)}, now - {round(1000 * STALLED_SECONDS)}

-- As FIND, but also those that are to be deleted.
local function load(id)
    local found = redis.call('HMGET', key_of(id), 'epoch', 'heard')
    if not found[1] then return end
    local heard = tonumber(found[2])
    local status = heard + ADOPTABLE <= now and 'error' or 'open'
    return {{id = id, epoch = found[1], status = status, heard = heard, length = redis.call('STRLEN', source_of(id))}}
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', ALIVE, '-inf', silent, 'LIMIT', 0, {_MOST})) do
    local stream = load(id)
    redis.call('ZREM', ALIVE, id)
    if stream then
        redis.call('ZADD', LOST, stream.heard, id)
        lost[#lost + 1] = record(stream, now)
    end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LOST, '-inf', now - ADOPTABLE, 'LIMIT', 0, {_MOST})) do
    local stream = load(id)
    redis.call('ZREM', LOST, id)
    if stream then
        finish(stream, 'error', stream.heard + ADOPTABLE, now)
        abandoned[#abandoned + 1] = record(stream, now)
    end
end
delete_ended(now)
local kept, late = redis.call('ZCARD', LOST), redis.call('ZCOUNT', ALIVE, '-inf', silent)
return {{
    lost,
    abandoned,
    kept + redis.call('ZCARD', ALIVE),
    redis.call('ZCOUNT', ALIVE, '-inf', stalled) - late,
    kept + late,
}}
""",
    _STREAMS,
)

"""What Redis does in one step. Only storing: every decision is the pure core's, in Python.

KEYS and values stand in hashes under one tag, so that a cluster keeps them together. `about` holds the installation's
id and the number of grants; a store that lacks them, or has fewer than a caller has seen, was lost or restored.
No key expires by itself.
"""

from __future__ import annotations

_GUARD = """
local about = KEYS[1]
local known = redis.call('HMGET', about, 'id', 'grants')
if known[1] ~= ARGV[1] or tonumber(known[2] or '0') < tonumber(ARGV[2]) then return {'lost'} end
"""

INSTALL = """
local held = redis.call('HMGET', KEYS[1], 'id', 'grants', 'lost_at')
local id, grants, known, seen = held[1], tonumber(held[2] or '0'), ARGV[1], tonumber(ARGV[3])
local lost = false
if not id then
  redis.call('HSET', KEYS[1], 'id', ARGV[2], 'grants', ARGV[3])
  lost = known ~= ''
elseif known ~= '' and known ~= id then
  lost = not held[3]
elseif known == id and grants < seen then
  redis.call('HSET', KEYS[1], 'grants', ARGV[3])
  lost = true
end
if lost then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'lost_at', ARGV[4])
end
return redis.call('HMGET', KEYS[1], 'id', 'grants', 'lost_at')
"""
"""KEYS about, states; ARGV the id that the caller knows ('' none), a new id, grants seen, now.

Where somebody else has met the loss before (another id, with its time), their new beginning is taken over.
"""

READ = (
    _GUARD
    + """
local held = redis.call('HMGET', KEYS[2], ARGV[3], ARGV[3] .. '#version')
local time = redis.call('TIME')
return {'ok', held[1], held[2] or '0', time[1], time[2], redis.call('HGET', about, 'lost_at')}
"""
)
"""KEYS about, states; ARGV id, grants seen, key."""

SWAP = (
    _GUARD
    + """
local time = redis.call('TIME')
local version = redis.call('HGET', KEYS[2], ARGV[3] .. '#version') or '0'
if version ~= ARGV[4] then
  local lost_at = redis.call('HGET', about, 'lost_at')
  return {'other', redis.call('HGET', KEYS[2], ARGV[3]), version, time[1], time[2], lost_at}
end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[5])
version = redis.call('HINCRBY', KEYS[2], ARGV[3] .. '#version', 1)
local grants = tonumber(redis.call('HGET', about, 'grants'))
if ARGV[6] ~= '' then
  grants = redis.call('HINCRBY', about, 'grants', 1)
  redis.call('HSET', KEYS[3], ARGV[6], ARGV[7])
  redis.call('ZADD', KEYS[4], ARGV[8], ARGV[6])
end
if ARGV[9] ~= '' then
  local row = redis.call('HGET', KEYS[3], ARGV[9])
  if row then
    local entry = cjson.decode(row)
    entry['outcome'] = ARGV[10]
    entry['ended_at'] = tonumber(ARGV[11])
    redis.call('HSET', KEYS[3], ARGV[9], cjson.encode(entry))
  end
end
return {'ok', grants, tostring(version), time[1], time[2]}
"""
)
"""KEYS about, states, ledger, ledger times; ARGV id, grants seen, key, old version, new text, token granted, its row
and time, token settled, its outcome and time."""

CACHED = """
local found = {}
for index, key in ipairs(ARGV) do
  if index > 1 then
    local score = redis.call('ZSCORE', KEYS[2], key)
    local live = score and tonumber(score) > tonumber(ARGV[1])
    found[index - 1] = live and redis.call('HGET', KEYS[1], key) or false
  end
end
return found
"""
"""KEYS cache, expiry, age; ARGV now, keys."""

REMEMBER = """
for index = 3, #ARGV, 3 do
  redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1])
  redis.call('ZADD', KEYS[2], ARGV[index + 2], ARGV[index])
  redis.call('ZADD', KEYS[3], ARGV[1], ARGV[index])
end
local surplus = redis.call('ZCARD', KEYS[3]) - tonumber(ARGV[2])
if surplus > 0 then
  for _, key in ipairs(redis.call('ZRANGE', KEYS[3], 0, surplus - 1)) do
    redis.call('HDEL', KEYS[1], key)
    redis.call('ZREM', KEYS[2], key)
    redis.call('ZREM', KEYS[3], key)
  end
end
"""
"""KEYS cache, expiry, age; ARGV now, most, then key, document and expiry of each."""

PRUNE = """
for _, token in ipairs(redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', '(' .. ARGV[2])) do
  redis.call('HDEL', KEYS[4], token)
end
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', '(' .. ARGV[2])
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])) do
  redis.call('HDEL', KEYS[1], key)
  redis.call('ZREM', KEYS[2], key)
  redis.call('ZREM', KEYS[3], key)
end
local claims = redis.call('HGETALL', KEYS[6])
for index = 1, #claims, 2 do
  local held = cjson.decode(claims[index + 1])
  if held[2] <= tonumber(ARGV[1]) then redis.call('HDEL', KEYS[6], claims[index]) end
end
"""
"""KEYS cache, expiry, age, ledger, ledger times, claims; ARGV now, ledger before."""

CLAIM = """
local mine = {}
for index = 4, #ARGV do
  local text = redis.call('HGET', KEYS[1], ARGV[index])
  local held = text and cjson.decode(text)
  if not held or held[1] == ARGV[2] or held[2] <= tonumber(ARGV[1]) then
    redis.call('HSET', KEYS[1], ARGV[index], cjson.encode({ARGV[2], tonumber(ARGV[3])}))
    mine[#mine + 1] = ARGV[index]
  end
end
return mine
"""
"""KEYS claims; ARGV now, owner, expiry, keys."""

RELEASE = """
for index = 2, #ARGV do
  local text = redis.call('HGET', KEYS[1], ARGV[index])
  if text and cjson.decode(text)[1] == ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[index]) end
end
"""
"""KEYS claims; ARGV owner, keys."""

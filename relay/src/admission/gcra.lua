-- The generic cell rate algorithm, for the turns of calls and for whole sessions alike.
-- KEYS[1] holds when the next call may be made, in microseconds.
-- ARGV are the microseconds between two calls, how many calls are wanted (a negative number gives calls back), the longest wait that
-- will do, and the longest that is possible.
-- The answer is the wait for the first of them. They are taken if it is not longer than that.

-- By the server's clock, because those of the copies may differ.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, calls = tonumber(ARGV[1]), tonumber(ARGV[2])
local longest, possible = tonumber(ARGV[3]), tonumber(ARGV[4])
-- With a tolerance of one call: what a copy was late is caught up.
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now - interval)
-- No copies can be that far ahead: the clock was set back.
if free - now > possible then
  free = now
end
local wait = math.max(free - now, 0)
if wait <= longest then
  free = free + calls * interval
  local kept = math.max(math.ceil((free - now + interval) / 1000), 0) + 1000
  redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', string.format('%.0f', kept))
end
return wait

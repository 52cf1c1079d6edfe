-- Sends the requests of a file, one body a line, in turns; every thread begins elsewhere.
-- AEDILE_BODIES: the file. AEDILE_KEY: the API key. AEDILE_DELAY: mean pause of a connection in ms, drawn
-- exponentially; 0 for as fast as answers come.
local bodies = {}
local threads = 0
local refused = 0

function setup(thread)
  thread:set("start", threads)
  threads = threads + 1
end

function init(args)
  for line in io.lines(os.getenv("AEDILE_BODIES")) do
    bodies[#bodies + 1] = wrk.format("POST", "/v1/decisions", {
      ["Content-Type"] = "application/json",
      ["Authorization"] = "Bearer " .. os.getenv("AEDILE_KEY"),
    }, line)
  end
  math.randomseed(1 + start)
  turn = (start * 7919) % #bodies
  pause = tonumber(os.getenv("AEDILE_DELAY") or "0")
end

function request()
  turn = turn % #bodies + 1
  return bodies[turn]
end

if tonumber(os.getenv("AEDILE_DELAY") or "0") > 0 then
  function delay()
    return -pause * math.log(1 - math.random())
  end
end

function done(summary, latency, requests)
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "p999_ms": %f, "max_ms": %f, "not_2xx": %d, "socket_errors": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency:percentile(99.9) / 1e3, latency.max / 1e3, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end

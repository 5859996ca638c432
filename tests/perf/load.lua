-- Sends prepared requests in turn and prints one line of JSON at the end: wrk -s load.lua URL -- PLAN RUN
-- PLAN has one request a line: method, path and token, parted by tabs. RUN makes this run's keys unlike all others.
local prepared, creates, run, sent = {}, false, "", 0
-- Globals, because `done` reads them from the thread that did the work.
good, bad = 0, 0
local worker

function setup(thread)
  worker = thread
end

function init(arguments)
  run = arguments[2]
  for line in io.lines(arguments[1]) do
    local method, path, token = line:match("^(%S+)\t(%S+)\t(%S+)$")
    local authorization = "Bearer " .. token
    creates = method == "POST"
    local plain = not creates and wrk.format(method, path, { Authorization = authorization })
    prepared[#prepared + 1] = plain or { path = path, authorization = authorization }
  end
end

function request()
  sent = sent + 1
  local chosen = prepared[sent % #prepared + 1]
  if not creates then
    return chosen
  end
  local key = run .. "-" .. sent
  local headers = {
    Authorization = chosen.authorization,
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = key,
  }
  local body = '{"email":"' .. key .. '@example.com","name":"Ada ' .. sent .. '","metadata":{"plan":"pro","seats":3}}'
  return wrk.format("POST", chosen.path, headers, body)
end

function response(status)
  if status >= 200 and status < 300 then
    good = good + 1
  else
    bad = bad + 1
  end
end

function done(summary, latency)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  local p50, p99 = latency:percentile(50) / 1000, latency:percentile(99) / 1000
  local line = '{"good":%d,"bad":%d,"lost":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f}'
  local text = line:format(worker:get("good"), worker:get("bad"), lost, summary.duration / 1e6, p50, p99)
  io.write("RESULT ", text, "\n")
end

-- Sends prepared requests in turn and prints one line of JSON at the end: wrk -s load.lua URL -- PLAN RUN
-- PLAN has one request a line: method, path and token, parted by tabs. RUN makes this run's keys unlike all others.
local requests, tokens, run, sent = {}, {}, "", 0
local creates = false

function init(arguments)
  run = arguments[2]
  for line in io.lines(arguments[1]) do
    local method, path, token = line:match("^(%S+)\t(%S+)\t(%S+)$")
    local authorization = "Bearer " .. token
    if method == "POST" then
      creates = true
      requests[#requests + 1] = { path = path, authorization = authorization }
    else
      requests[#requests + 1] = wrk.format(method, path, { Authorization = authorization })
    end
  end
end

function request()
  sent = sent + 1
  local prepared = requests[sent % #requests + 1]
  if not creates then
    return prepared
  end
  local key = run .. "-" .. sent
  local headers = {
    Authorization = prepared.authorization,
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = key,
  }
  local body = '{"email":"' .. key .. '@example.com","name":"Ada ' .. sent .. '","metadata":{"plan":"pro","seats":3}}'
  return wrk.format("POST", prepared.path, headers, body)
end

-- wrk itself counts every status above 399, every lost connection and every timeout.
function done(summary, latency)
  local errors = summary.errors
  local line = '{"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"refused":%d,"lost":%d}'
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  local p50, p99 = latency:percentile(50) / 1000, latency:percentile(99) / 1000
  io.write("RESULT ", line:format(summary.requests, summary.duration / 1e6, p50, p99, errors.status, lost), "\n")
end

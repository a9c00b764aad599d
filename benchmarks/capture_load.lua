-- Asks for product pages as browsers that each ask once: the address of each is its own, so that none is a repeat. Their
-- names are a few dozen, as there are few versions of browsers about.
local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(arguments)
   skus = {}
   for line in io.lines(os.getenv("CAPTURE_SKUS")) do
      skus[#skus + 1] = line
   end
   asked = tonumber(os.getenv("CAPTURE_FIRST"))
end

function request()
   asked = asked + 1
   local agent = string.format(
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36",
      100 + asked % 40)
   local address = string.format(
      "10.%d.%d.%d", 16 * number + math.floor(asked / 65536), math.floor(asked / 256) % 256, asked % 256)
   return wrk.format("GET", "/products/" .. skus[asked % #skus + 1] .. "/", {
      ["Host"] = wrk.headers["Host"],
      ["User-Agent"] = agent,
      ["X-Shopper"] = address,
      ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      ["Accept-Language"] = "en-GB,en;q=0.5",
   })
end

function done(summary, latency, requests)
   io.write(string.format(
      '\n{"requests": %d, "microseconds": %d, "p50_us": %d, "p99_us": %d, "status_errors": %d, "socket_errors": %d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), summary.errors.status,
      summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end

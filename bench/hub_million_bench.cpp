// A million entities, 10,000 subscriptions and 10,000 registrations in a server of its own.
//
// Estimates. A query that takes its 100 answers from an index writes 100 KB: 0.2 ms, with HTTP 0.5 ms; one that has to
// look at every entity of a type costs 1 us each, a second. Near by the index of places: some hundred candidates, 0.5 ms.
// Memory: 750 bytes an entity with its indexes, 750 MB, and 3 KB a subscription or registration, 60 MB. A start reads
// 600 MB of records at 500 MB/s and parses 20,000 documents (50 us each): 2.5 s.
#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "bench/http_load.hpp"
#include "bench/hub_bench.hpp"
#include "bench/hub_fill.hpp"
#include "bench/server_process.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using Steady = std::chrono::steady_clock;

constexpr int entities = 1'000'000;
constexpr int subscriptions = 10'000;
constexpr int registrations = 10'000;
constexpr int round_ms = 3'000;
constexpr int start_timeout_ms = 120'000;
constexpr int settle_s = 8;

base::Status measure(uint16_t port, const char* name, const std::vector<std::string>& targets, const Report& report) {
  std::vector<std::string> requests;
  for (const std::string& target : targets) requests.push_back(http_request("GET", "/ngsi-ld/v1/entities" + target));
  const auto done = load_http(port, requests, 200, 1, round_ms);
  if (!done) return done.error();
  if (done->failures > 0 || done->answers == 0) return fail(Code::unavailable, fmt::format("{}: no answer 200", name));
  report({fmt::format("hub_million_{}_p50", name), done->p50_ms, "ms", {}, false});
  report({fmt::format("hub_million_{}_p95", name), done->p95_ms, "ms", 5, false});
  return {};
}

// Values are spread evenly over 0 to 999.9, so that a range of 0.1 holds 100 of the million and a half holds many.
base::Status measure_all(uint16_t port, const Report& report) {
  std::vector<std::string> narrow, wide, near, count;
  for (int i = 0; i < 200; ++i) {
    narrow.push_back(fmt::format("?type=AirQualityObserved&q=pm25=={:.1f}&limit=100", i * 4.9));
    wide.push_back(fmt::format("?type=AirQualityObserved&q=pm25%3E{:.1f}&limit=100", i * 4.9));
    near.push_back(fmt::format("?type=AirQualityObserved&georel=near;maxDistance==500&geometry=Point&coordinates=%5B{:.4f},{:.4f}%5D&limit=100",
                               126.85 + i * 0.0015, 37.42 + i * 0.001));
    count.push_back(fmt::format("?type=AirQualityObserved&q=pm25=={:.1f}&count=true&limit=0", i * 4.9));
  }
  if (auto done = measure(port, "query_q_many_match", wide, report); !done) return done;
  if (auto done = measure(port, "query_q_100_match", narrow, report); !done) return done;
  if (auto done = measure(port, "near_500_m", near, report); !done) return done;
  return measure(port, "count", count, report);
}

}  // namespace

base::Status run_hub_million(const Setup& setup, const Report& report) {
  const std::vector<std::string> options = {"--data", setup.folder + "/data", "--packs", setup.folder};
  {
    ServerProcess server;
    const auto port = server.start(setup.program, options, start_timeout_ms);
    if (!port) return port.error();
    const auto start = Steady::now();
    HubContent content;
    content.entities = entities;
    content.subscriptions = subscriptions;
    content.registrations = registrations;
    if (auto done = fill_hub(*port, content); !done) return done;
    report({"hub_million_filled", std::chrono::duration<double>(Steady::now() - start).count(), "s", {}, false});
    if (auto done = measure_all(*port, report); !done) return done;
    std::this_thread::sleep_for(std::chrono::seconds(settle_s));
  }
  ServerProcess server;
  const auto start = Steady::now();
  const auto port = server.start(setup.program, options, start_timeout_ms);
  if (!port) return port.error();
  report({"hub_million_start", std::chrono::duration<double>(Steady::now() - start).count(), "s", 5, false});
  std::this_thread::sleep_for(std::chrono::seconds(settle_s));
  report({"hub_million_idle_resident", static_cast<double>(server.resident_bytes()) / 1e6, "MB", 1'200, false});
  return {};
}

}  // namespace cityloom::bench

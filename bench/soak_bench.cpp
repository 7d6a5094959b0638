// Half an hour of full load: changes, reads, queries by value and notifications, over entities that stay as many as they
// are. What grows is on the disk; memory must not, after the first five minutes have filled all caches.
//
// Estimate: 100,000 entities take 90 MB, 1,000 subscriptions 3 MB, commits for followers 64 MB, RocksDB 100 MB, open
// chunks of history 300 bytes for each of 20,000 series that change, and what a checkpoint has yet to write of them.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "bench/http_load.hpp"
#include "bench/hub_bench.hpp"
#include "bench/hub_entities.hpp"
#include "bench/hub_fill.hpp"
#include "bench/server_process.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using Steady = std::chrono::steady_clock;

constexpr int entities = 100'000;
constexpr int subscriptions = 1'000;
constexpr int minutes = 30;
constexpr int minutes_to_settle = 5;
constexpr int slice_ms = 20'000;
constexpr int start_timeout_ms = 30'000;
constexpr int minutes_compared = 5;  // of the beginning and the end: what waits to be flushed rises and falls
constexpr double growth_max_percent = 5;  // what counts as none: pages that the allocator holds at the moment

std::vector<std::string> reads() {
  std::vector<std::string> requests;
  for (int i = 0; i < 200; ++i) {
    requests.push_back(http_request("GET", "/ngsi-ld/v1/entities/" + hub_entity_id(i * 499)));
    requests.push_back(
        http_request("GET", fmt::format("/ngsi-ld/v1/entities?type=AirQualityObserved&q=pm10=={:.1f}&limit=20", i * 4.9)));
  }
  return requests;
}

std::vector<std::string> changes(int round) {
  std::vector<std::string> requests;
  for (int i = 0; i < 20'000; ++i) {
    requests.push_back(http_request("PATCH", fmt::format("/ngsi-ld/v1/entities/{}/attrs/pm25", hub_entity_id(i * 37 % entities)),
                                    "application/json", fmt::format(R"({{"value":{}}})", i + round * 20'000)));
  }
  return requests;
}

}  // namespace

base::Status run_soak(const Setup& setup, const Report& report) {
  ServerProcess server;
  const auto port = server.start(
      setup.program, {"--data", setup.folder + "/data", "--packs", setup.folder, "--no-rehearsal"}, start_timeout_ms);
  if (!port) return port.error();
  HubContent content;
  content.entities = entities;
  content.subscriptions = subscriptions;
  content.endpoint = fmt::format("http://127.0.0.1:{}/health", *port);
  if (auto filled = fill_hub(*port, content); !filled) return filled;
  const auto start = Steady::now();
  const auto passed = [&] { return std::chrono::duration<double>(Steady::now() - start).count() / 60; };
  const std::vector<std::string> asked = reads();
  double first_mb = 0, last_mb = 0, most_mb = 0, written = 0, read = 0;
  for (int round = 0; passed() < minutes; ++round) {
    base::Result<HttpLoad> reading = fail(Code::internal, "not asked");
    std::thread reader([&] { reading = load_http(*port, asked, 200, 16, slice_ms); });
    const auto changing = load_http(*port, changes(round), 204, 32, slice_ms);
    reader.join();
    if (!changing) return changing.error();
    if (!reading) return reading.error();
    written += static_cast<double>(changing->answers);
    read += static_cast<double>(reading->answers);
    const double now_mb = static_cast<double>(server.resident_bytes()) / 1e6;
    most_mb = std::max(most_mb, now_mb);
    if (passed() >= minutes_to_settle && passed() < minutes_to_settle + minutes_compared)
      first_mb = std::max(first_mb, now_mb);
    if (passed() >= minutes - minutes_compared) last_mb = std::max(last_mb, now_mb);
  }
  report({"soak_changes", written, "changes", {}, true});
  report({"soak_reads", read, "answers", {}, true});
  report({"soak_resident_most", most_mb, "MB", {}, false});
  report({"soak_resident_most_of_minutes_5_to_10", first_mb, "MB", {}, false});
  report({"soak_resident_most_of_minutes_25_to_30", last_mb, "MB", {}, false});
  report({"soak_growth", (last_mb / first_mb - 1) * 100, "%", growth_max_percent, false});
  return {};
}

}  // namespace cityloom::bench

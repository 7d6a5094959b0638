// A server that may take 512 MB, asked for many times what it can carry: 96 clients send batches of 1,000 entities as
// fast as they are answered, and 400 more change single attributes. Estimate: two bulk workers take a batch in 20 ms
// each, 96 clients want that 50 times a second and 400 want 70,000 changes more; what is past the queues is answered 503
// in 20 us. Health is answered by an event loop that is never held for longer than a body of 256 KB takes: 5 ms, beside
// two full cores 50 ms.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "bench/http_load.hpp"
#include "bench/hub_bench.hpp"
#include "bench/hub_entities.hpp"
#include "bench/server_process.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using Steady = std::chrono::steady_clock;

constexpr int batch = 1'000;
constexpr int batches = 20;
constexpr int bulk_clients = 96;
constexpr int write_clients = 400;
constexpr int load_ms = 20'000;
constexpr int start_timeout_ms = 30'000;
constexpr double memory_mb = 512;

// What health, a read and an urgent write said meanwhile.
struct Watched {
  std::vector<double> health_ms;
  uint64_t health_failed = 0, urgent = 0, urgent_refused = 0;
};

void watch(uint16_t port, const std::atomic<bool>& ends, Watched& watched) {
  const std::string urgent = "PATCH /ngsi-ld/v1/entities/" + hub_entity_id(0) +
                             "/attrs/pm25 HTTP/1.1\r\nHost: x\r\nPriority: u=0\r\nContent-Type: application/json\r\n"
                             "Content-Length: 11\r\n\r\n{\"value\":1}";
  while (!ends) {
    const auto start = Steady::now();
    const auto health = ask_http(port, http_request("GET", "/health"));
    watched.health_ms.push_back(std::chrono::duration<double, std::milli>(Steady::now() - start).count());
    if (!health || health->status != 200) ++watched.health_failed;
    const auto reply = ask_http(port, urgent);
    ++watched.urgent;
    if (!reply || reply->status != 204) ++watched.urgent_refused;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

base::Status run_overload(const Setup& setup, const Report& report) {
  ServerProcess server;
  const auto port = server.start(
      setup.program, {"--data", setup.folder + "/data", "--packs", setup.folder, "--memory", "536870912"},
      start_timeout_ms);
  if (!port) return port.error();
  const auto first = ask_http(*port, http_request("POST", "/ngsi-ld/v1/entities", "application/json", hub_entity(0)));
  if (!first || first->status != 201) return fail(Code::unavailable, "no entity was created");
  std::vector<std::string> bulk, writes;
  for (int i = 0; i < batches; ++i) {
    bulk.push_back(http_request("POST", "/ngsi-ld/v1/entityOperations/upsert", "application/json",
                                hub_batch(i * batch, batch, i)));
  }
  for (int i = 0; i < 1'000; ++i) {
    writes.push_back(http_request("PATCH", "/ngsi-ld/v1/entities/" + hub_entity_id(i % batch) + "/attrs/pm10",
                                  "application/json", fmt::format(R"({{"value":{}}})", i)));
  }
  std::atomic<bool> ends{false};
  Watched watched;
  std::thread watcher([&] { watch(*port, ends, watched); });
  base::Result<HttpLoad> written = fail(Code::internal, "not asked");
  std::thread writer([&] { written = load_http(*port, writes, 204, write_clients, load_ms, true); });
  const auto loaded = load_http(*port, bulk, 204, bulk_clients, load_ms, true);
  writer.join();
  ends = true;
  watcher.join();
  if (!loaded) return loaded.error();
  if (!written) return written.error();
  std::sort(watched.health_ms.begin(), watched.health_ms.end());
  report({"overload_batches_asked", loaded->requests_per_second, "batches/s", {}, true});
  report({"overload_batches_refused", 100.0 * static_cast<double>(loaded->failures) / static_cast<double>(loaded->answers),
          "%", {}, false});
  report({"overload_changes_asked", written->requests_per_second, "changes/s", {}, true});
  report({"overload_changes_refused",
          100.0 * static_cast<double>(written->failures) / static_cast<double>(written->answers), "%", {}, false});
  report({"overload_urgent_refused",
          100.0 * static_cast<double>(watched.urgent_refused) / static_cast<double>(std::max<uint64_t>(watched.urgent, 1)),
          "%", 0, false});
  report({"overload_health_failed", static_cast<double>(watched.health_failed), "answers", 0, false});
  report({"overload_health_p50", watched.health_ms[watched.health_ms.size() / 2], "ms", {}, false});
  report({"overload_health_max", watched.health_ms.back(), "ms", 1'000, false});
  report({"overload_peak_memory", static_cast<double>(server.peak_resident_bytes()) / 1e6, "MB", memory_mb * 1.048576,
          false});
  const auto after = ask_http(*port, http_request("GET", "/ngsi-ld/v1/entities/" + hub_entity_id(0)));
  report({"overload_answers_afterwards", after && after->status == 200 ? 1.0 : 0.0, "yes", 1, true});
  return {};
}

}  // namespace cityloom::bench

// A query of which 3 of 10,000 registered sources know something, each a hub of its own, against the slowest of them asked
// alone.
//
// Estimate. The index of registrations names three in microseconds; three calls side by side over kept connections, an
// answer of 30 entities of 1 KB parsed and merged from each: 3 x 0.5 ms. So 2 to 5 ms above the slowest on free cores;
// here four hubs and the load generator share two.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bench/http_load.hpp"
#include "bench/hub_bench.hpp"
#include "bench/hub_entities.hpp"
#include "bench/server_process.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;

constexpr int sources = 3;
constexpr int registrations = 10'000;
constexpr int entities_each = 30;
constexpr int clients = 4;
constexpr int round_ms = 5'000;
constexpr int start_timeout_ms = 30'000;

base::Status register_source(uint16_t at, int number, const std::string& type, uint16_t source) {
  const std::string body = fmt::format(
      R"({{"id":"urn:r:{}","type":"ContextSourceRegistration","information":[{{"entities":[{{"type":"{}"}}]}}],"endpoint":"http://127.0.0.1:{}/"}})",
      number, type, source);
  const auto made = ask_http(at, http_request("POST", "/ngsi-ld/v1/csourceRegistrations", "application/json", body));
  if (!made) return made.error();
  if (made->status != 201) return fail(Code::unavailable, "no registration: " + made->body.substr(0, 300));
  return {};
}

// The first three know entities of the type that is asked for, each others; all the others say they know other types.
base::Status register_all(uint16_t at, const std::array<uint16_t, sources>& ports) {
  for (int i = 0; i < registrations; ++i) {
    const bool asked = i < sources;
    const std::string type = asked ? "AirQualityObserved" : fmt::format("Other{}", i);
    const uint16_t port = asked ? ports[static_cast<size_t>(i)] : 9;
    if (auto made = register_source(at, i, type, port); !made) return made;
  }
  return {};
}

base::Result<HttpLoad> query(uint16_t port, int wanted) {
  const auto request = http_request("GET", "/ngsi-ld/v1/entities?type=AirQualityObserved&limit=100&count=true");
  const auto one = ask_http(port, request);
  if (!one) return one.error();
  if (one->status != 200 || one->body.size() < static_cast<size_t>(wanted) * 500)
    return fail(Code::unavailable, fmt::format("{} {}", one->status, one->body.substr(0, 300)));
  auto done = load_http(port, {request}, 200, clients, round_ms);
  if (done && done->failures > 0) return fail(Code::unavailable, "answers other than 200");
  return done;
}

}  // namespace

base::Status run_sources(const Setup& setup, const Report& report) {
  std::array<ServerProcess, sources + 1> servers;
  std::array<uint16_t, sources> ports{};
  uint16_t hub = 0;
  for (int i = 0; i <= sources; ++i) {
    const std::string folder = fmt::format("{}/hub-{}", setup.folder, i);
    const auto port = servers[static_cast<size_t>(i)].start(
        setup.program, {"--data", folder, "--packs", setup.folder, "--no-rehearsal"}, start_timeout_ms);
    if (!port) return port.error();
    if (i == sources) {
      hub = *port;
      break;
    }
    ports[static_cast<size_t>(i)] = *port;
    const auto made = ask_http(*port, http_request("POST", "/ngsi-ld/v1/entityOperations/create", "application/json",
                                                   hub_batch(i * entities_each, entities_each)));
    if (!made) return made.error();
    if (made->status != 201) return fail(Code::unavailable, "no entities: " + made->body.substr(0, 300));
  }
  if (auto made = register_all(hub, ports); !made) return made;
  double slowest_p99_ms = 0;
  for (const uint16_t port : ports) {
    const auto alone = query(port, entities_each);
    if (!alone) return alone.error();
    slowest_p99_ms = std::max(slowest_p99_ms, alone->p99_ms);
  }
  const auto together = query(hub, sources * entities_each);
  if (!together) return together.error();
  report({"sources_slowest_alone_p99", slowest_p99_ms, "ms", {}, false});
  report({"sources_query_p50", together->p50_ms, "ms", {}, false});
  report({"sources_query_p99", together->p99_ms, "ms", {}, false});
  report({"sources_query_p99_above_slowest", together->p99_ms - slowest_p99_ms, "ms", 30, false});
  return {};
}

}  // namespace cityloom::bench

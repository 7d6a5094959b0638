// Durable creates and batches of entities of 1 KB over HTTP, and reading them in each format.
//
// Estimates, two cores shared with the load generator. A create is parsed (8 us), decided, folded (5 us) and shares its
// sync with all that wait: half of what a fixed body costs besides, so about 50 % of the ceiling. A batch of 1,000
// entities of 1 KB is 1 MB in: 1 ms over loopback; parsed at 100 MB/s with checks 10 ms, folded 8 ms, written to the log
// at 1 MB twice (1.5 ms): 20 ms of two cores, so 50,000 to 80,000 entities/s. Writing an answer of 1 KB takes 2 us
// normalized; shorter formats write less, but the answer they are compared to is shorter too.
#include "bench/hub_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "bench/http_load.hpp"
#include "bench/hub_entities.hpp"
#include "bench/server_process.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using Steady = std::chrono::steady_clock;

constexpr int connections = 64;
constexpr int round_ms = 1'500;
constexpr int rounds = 3;
constexpr int creates_a_round = 120'000;  // more than can be answered in one
constexpr int batch = 1'000;
constexpr int batches = 32;
constexpr int batch_connections = 8;
constexpr int batch_ms = 6'000;
constexpr int start_timeout_ms = 30'000;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

base::Result<HttpLoad> load(uint16_t port, const std::vector<std::string>& requests, int status, int clients, int ms) {
  auto done = load_http(port, requests, status, clients, ms);
  if (!done) return done;
  if (done->failures > 0 || done->answers == 0) {
    return fail(Code::unavailable, fmt::format("{} of {} answers were not {}", done->failures, done->answers, status));
  }
  return done;
}

base::Status measure_creates(uint16_t port, const Report& report) {
  std::vector<double> rates, shares, p99_ms;
  int next = 1'000'000;
  for (int round = 0; round < rounds; ++round) {
    const auto ceiling = load(port, {http_request("GET", "/bench/fixed/1024")}, 200, connections, round_ms);
    if (!ceiling) return ceiling.error();
    std::vector<std::string> requests;
    requests.reserve(creates_a_round);
    for (int i = 0; i < creates_a_round; ++i) {
      requests.push_back(http_request("POST", "/ngsi-ld/v1/entities", "application/json", hub_entity(next++)));
    }
    const auto done = load(port, requests, 201, connections, round_ms);
    if (!done) return done.error();
    rates.push_back(done->requests_per_second);
    shares.push_back(done->requests_per_second / ceiling->requests_per_second * 100);
    p99_ms.push_back(done->p99_ms);
  }
  report({"hub_create", median(rates), "entities/s", {}, true});
  report({"hub_create_p99", median(p99_ms), "ms", {}, false});
  report({"hub_create_share_of_ceiling", median(shares), "%", 40.0, true});
  return {};
}

base::Status measure_format(uint16_t port, const char* name, const char* options, double bar, const Report& report) {
  const auto target = [&](int i) { return "/ngsi-ld/v1/entities/" + hub_entity_id(i) + options; };
  const auto one = ask_http(port, http_request("GET", target(0)));
  if (!one) return one.error();
  std::vector<std::string> requests;
  for (int i = 0; i < batch; ++i) requests.push_back(http_request("GET", target(i)));
  const std::vector<std::string> fixed = {http_request("GET", fmt::format("/bench/fixed/{}", one->body.size()))};
  std::vector<double> shares;
  for (int round = 0; round < rounds; ++round) {
    const auto ceiling = load(port, fixed, 200, connections, round_ms);
    if (!ceiling) return ceiling.error();
    const auto done = load(port, requests, 200, connections, round_ms);
    if (!done) return done.error();
    shares.push_back(done->requests_per_second / ceiling->requests_per_second * 100);
  }
  report({fmt::format("hub_retrieve_{}_bytes", name), static_cast<double>(one->body.size()), "bytes", {}, true});
  report({fmt::format("hub_retrieve_{}_share_of_ceiling", name), median(shares), "%", bar, true});
  return {};
}

base::Status measure_batches(uint16_t port, const Report& report) {
  std::vector<std::string> requests;
  for (int version = 0; version < 2; ++version) {
    for (int i = 0; i < batches; ++i) {
      requests.push_back(http_request("POST", "/ngsi-ld/v1/entityOperations/upsert", "application/json",
                                      hub_batch(i * batch, batch, version)));
    }
  }
  const auto start = Steady::now();
  for (int i = 0; i < batches; ++i) {
    const auto made = ask_http(port, requests[static_cast<size_t>(i)]);
    if (!made) return made.error();
    if (made->status != 201) return fail(Code::unavailable, "a batch was not created: " + made->body.substr(0, 300));
  }
  const double seconds = std::chrono::duration<double>(Steady::now() - start).count();
  report({"hub_batch_create_one_client", batches * batch / seconds, "entities/s", {}, true});
  // Every batch brings other values than the one before it.
  std::rotate(requests.begin(), requests.begin() + batches, requests.end());
  const auto done = load(port, requests, 204, batch_connections, batch_ms);
  if (!done) return done.error();
  report({"hub_batch_upsert", done->requests_per_second * batch, "entities/s", 50'000, true});
  report({"hub_batch_upsert_p99", done->p99_ms, "ms", {}, false});
  return {};
}

}  // namespace

std::string hub_entity_id(int number) {
  return fmt::format("urn:ngsi-ld:AirQualityObserved:station-{}", number);
}

std::string hub_entity(int number, int version) {
  std::string json = fmt::format(
      R"({{"id":"{}","type":"AirQualityObserved","location":{{"type":"GeoProperty","value":{{"type":"Point","coordinates":[{:.5f},{:.5f}]}}}},)",
      hub_entity_id(number), 126.8 + number % 1'000 * 0.0004, 37.4 + number / 1'000 % 1'000 * 0.0003);
  json += fmt::format(R"("name":{{"type":"LanguageProperty","languageMap":{{"ko":"측정소 {}","en":"Station {}"}}}})",
                      number, number);
  int i = 0;
  for (const char* name : {"pm25", "pm10", "o3", "no2", "co", "so2", "temperature"}) {
    json += fmt::format(R"(,"{}":{{"type":"Property","value":{},"unitCode":"GQ","observedAt":"2026-11-22T08:05:00Z"}})",
                        name, (number * 7 + ++i + version) % 10'000 / 10.0);
  }
  return json + R"(,"operatedBy":{"type":"Relationship","object":"urn:ngsi-ld:Organization:seoul"}})";
}

std::string hub_batch(int first, int count, int version) {
  std::string json = "[";
  for (int i = first; i < first + count; ++i) {
    if (json.size() > 1) json += ',';
    json += hub_entity(i, version);
  }
  return json + "]";
}

base::Status run_hub(const Setup& setup, const Report& report) {
  ServerProcess server;
  const auto port = server.start(setup.program, {"--data", setup.folder + "/data", "--bench", "--packs", setup.folder},
                                 start_timeout_ms);
  if (!port) return port.error();
  report({"hub_entity_bytes", static_cast<double>(hub_entity(0).size()), "bytes", {}, true});
  if (auto done = measure_batches(*port, report); !done) return done;
  if (auto done = measure_format(*port, "normalized", "", 70, report); !done) return done;
  if (auto done = measure_format(*port, "concise", "?options=concise", 60, report); !done) return done;
  if (auto done = measure_format(*port, "simplified", "?options=keyValues", 60, report); !done) return done;
  return measure_creates(*port, report);
}

}  // namespace cityloom::bench

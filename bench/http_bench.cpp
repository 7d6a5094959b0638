// HTTP: reading an entity and changing an attribute durably, as shares of what the same server answers with a fixed
// body.
#include "bench/http_bench.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bench/http_load.hpp"
#include "bench/server_process.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;

constexpr int connections = 64;
constexpr int round_ms = 2'000;
constexpr int rounds = 5;
constexpr int entities = 64;
constexpr int start_timeout_ms = 30'000;

std::string entity_id(int i) {
  return fmt::format("urn:ngsi-ld:AirQualityObserved:station-{}", i);
}

/// An entity of about 1 KB as it is answered.
std::string entity_json(int i) {
  std::string json = fmt::format(
      R"({{"id":"{}","type":"AirQualityObserved","location":{{"type":"GeoProperty","value":{{"type":"Point","coordinates":[127.{},37.5]}}}},)",
      entity_id(i), 100 + i);
  json += R"("name":{"type":"LanguageProperty","languageMap":{"ko":"잠실 측정소","en":"Jamsil station"}})";
  for (const char* name : {"pm25", "pm10", "o3", "no2", "co", "so2", "temperature"}) {
    json += fmt::format(R"(,"{}":{{"type":"Property","value":{},"unitCode":"GQ","observedAt":"2026-11-22T08:05:00Z"}})",
                        name, i + 0.5);
  }
  return json + "}";
}

struct Requests {
  std::vector<std::string> fixed, read, change;
};

Requests make_requests() {
  Requests requests;
  requests.fixed.push_back(http_request("GET", "/bench/fixed/1024"));
  for (int i = 0; i < entities; ++i) {
    requests.read.push_back(http_request("GET", "/ngsi-ld/v1/entities/" + entity_id(i)));
  }
  // Values differ from one request to the next, so that each has something to record.
  for (int i = 0; i < 100 * entities; ++i) {
    requests.change.push_back(http_request("PATCH", "/ngsi-ld/v1/entities/" + entity_id(i % entities) + "/attrs/pm25",
                                           "application/json", fmt::format(R"({{"value":{}}})", i)));
  }
  return requests;
}

base::Status create_entities(uint16_t port) {
  for (int i = 0; i < entities; ++i) {
    const auto reply = ask_http(port, http_request("POST", "/ngsi-ld/v1/entities", "application/json", entity_json(i)));
    if (!reply) return reply.error();
    if (reply->status != 201) return fail(Code::unavailable, "an entity was not created: " + reply->body);
  }
  return {};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Measured {
  std::vector<double> rate, share, p99_ms;
};

/// One round of a kind of request; its share is of the same round's ceiling.
base::Result<double> measure(uint16_t port, const std::vector<std::string>& requests, int status, double ceiling,
                             Measured& to) {
  const auto load = load_http(port, requests, status, connections, round_ms);
  if (!load) return load.error();
  if (load->failures > 0 || load->answers == 0) {
    return fail(Code::unavailable, fmt::format("{} of {} answers were not {}", load->failures, load->answers, status));
  }
  to.rate.push_back(load->requests_per_second);
  to.p99_ms.push_back(load->p99_ms);
  if (ceiling > 0) to.share.push_back(load->requests_per_second / ceiling * 100);
  return load->requests_per_second;
}

}  // namespace

base::Status run_http(const Setup& setup, const Report& report) {
  ServerProcess server;
  const auto port = server.start(setup.program, {"--data", setup.folder + "/data", "--bench", "--packs", setup.folder},
                                 start_timeout_ms);
  if (!port) return port.error();
  if (auto created = create_entities(*port); !created) return created;
  const auto one = ask_http(*port, http_request("GET", "/ngsi-ld/v1/entities/" + entity_id(0)));
  if (!one) return one.error();
  const Requests requests = make_requests();
  Measured fixed, read, change;
  for (int round = 0; round < rounds; ++round) {
    const auto ceiling = measure(*port, requests.fixed, 200, 0, fixed);
    if (!ceiling) return ceiling.error();
    if (auto done = measure(*port, requests.read, 200, *ceiling, read); !done) return done.error();
    if (auto done = measure(*port, requests.change, 204, *ceiling, change); !done) return done.error();
  }
  report({"http_ceiling", median(fixed.rate), "requests/s", {}, true});
  report({"http_ceiling_p99", median(fixed.p99_ms), "ms", {}, false});
  report({"http_entity_size", static_cast<double>(one->body.size()), "bytes", {}, true});
  report({"http_get_entity", median(read.rate), "requests/s", {}, true});
  report({"http_get_entity_p99", median(read.p99_ms), "ms", {}, false});
  report({"http_get_entity_share_of_ceiling", median(read.share), "%", 60.0, true});
  report({"http_patch_attribute", median(change.rate), "requests/s", {}, true});
  report({"http_patch_attribute_p99", median(change.p99_ms), "ms", {}, false});
  report({"http_patch_attribute_share_of_ceiling", median(change.share), "%", 40.0, true});
  return {};
}

}  // namespace cityloom::bench

// Past observations loaded in bulk through the server, durable when it answers. The estimate for an observation: 0.3 us
// to read its line, 0.5 us to pack it for the commit, 0.1 us to fold, 0.5 us to pack it into its chunk, spread over two
// cores with the sender's 0.1 us: a million in about a second; the disk takes 4 bytes of each, twice.
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "bench/http_load.hpp"
#include "bench/record_bench.hpp"
#include "bench/server_process.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::Status;
using Steady = std::chrono::steady_clock;

constexpr int sensors = 1'000;
constexpr int minutes_a_request = 200;
constexpr int requests = 15;
constexpr int start_timeout_ms = 30'000;

std::string time_text(int minute) {
  return fmt::format("2025-{:02}-{:02}T{:02}:{:02}:00Z", 1 + minute / 1'440 / 28, 1 + minute / 1'440 % 28,
                     minute / 60 % 24, minute % 60);
}

std::string value_text(int sensor, int minute) {
  return fmt::format("{:.1f}", 20.0 + (sensor % 10) + (minute * 7 % 100) / 10.0);
}

// So many minutes of all sensors, in order of time, as a gateway that was cut off would send them.
std::string lines_of(int first_minute) {
  std::string body;
  for (int minute = first_minute; minute < first_minute + minutes_a_request; ++minute) {
    for (int sensor = 0; sensor < sensors; ++sensor) {
      body += fmt::format(R"({{"id":"urn:ngsi-ld:Sensor:{}","type":"Sensor","attribute":"temperature","value":{},)"
                          R"("observedAt":"{}"}})"
                          "\n",
                          sensor, value_text(sensor, minute), time_text(minute));
    }
  }
  return body;
}

std::string table_of(int first_minute) {
  std::string body = "id,type,observedAt,humidity\n";
  for (int minute = first_minute; minute < first_minute + minutes_a_request; ++minute) {
    for (int sensor = 0; sensor < sensors; ++sensor)
      body += fmt::format("urn:ngsi-ld:Sensor:{},Sensor,{},{}\n", sensor, time_text(minute), value_text(sensor, minute));
  }
  return body;
}

// Errors: invalid (not all was loaded).
Status load(uint16_t port, const std::string& request) {
  const auto reply = ask_http(port, request);
  if (!reply) return reply.error();
  const auto answer = nlohmann::json::parse(reply->body, nullptr, false);
  constexpr int wanted = sensors * minutes_a_request;
  if (reply->status != 200 || answer.is_discarded() || answer.value("loaded", 0) != wanted)
    return base::fail(Code::invalid, "not all was loaded: " + reply->body.substr(0, 300));
  return {};
}

}  // namespace

Status run_observations(const Setup& setup, const Report& report) {
  ServerProcess server;
  const auto port = server.start(setup.program, {"--data", setup.folder + "/city"}, start_timeout_ms);
  if (!port) return port.error();
  for (const bool is_table : {false, true}) {
    std::vector<std::string> bodies;
    for (int i = 0; i < requests; ++i) {
      bodies.push_back(is_table ? http_request("POST", "/api/observations", "text/csv", table_of(i * minutes_a_request))
                                : http_request("POST", "/api/observations", "application/x-ndjson",
                                               lines_of(i * minutes_a_request)));
    }
    const auto start = Steady::now();
    for (const std::string& request : bodies) {
      if (const Status status = load(*port, request); !status) return status;
    }
    const double took_s = std::chrono::duration<double>(Steady::now() - start).count();
    report({is_table ? "observations_table_per_second" : "observations_json_lines_per_second",
            static_cast<double>(sensors) * minutes_a_request * requests / took_s, "1/s", 300'000, true});
  }
  report({"observations_peak_resident", static_cast<double>(server.peak_resident_bytes()) / 1e6, "MB", {}, false});
  return {};
}

}  // namespace cityloom::bench

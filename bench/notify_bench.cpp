// Notifications under load. Estimates: an update costs 20 us (parse, decide, fold, answer), finding who hears of it and
// telling what changed 15 us, the notification and its HTTP exchange 60 us here and 15 us at the receiver, the load
// generator 10 us: 120 us, so 5,000 a second take 0.6 of two cores. A delivery waits for its sync (1 ms) and its turn:
// 5 ms. What a dead endpoint holds does not grow: 16 notifications of each of its subscriptions, the rest in the record.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <thread>

#include "bench/http_load.hpp"
#include "bench/hub_bench.hpp"
#include "bench/notify_receiver.hpp"
#include "bench/server_process.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using Steady = std::chrono::steady_clock;

constexpr int subscriptions = 10'000;
constexpr int endpoints = 100;
constexpr int updates_a_second = 5'000;
constexpr int seconds = 20;
constexpr int connections = 32;
constexpr int start_timeout_ms = 30'000;
constexpr auto wait_at_most = std::chrono::seconds(30);

base::Status expect(const base::Result<HttpReply>& reply, int status) {
  if (!reply) return reply.error();
  if (reply->status == status) return {};
  return fail(Code::unavailable, fmt::format("{} instead of {}: {}", reply->status, status, reply->body.substr(0, 300)));
}

base::Status prepare(uint16_t port, const NotifyReceiver& receiver) {
  for (int first = 0; first < subscriptions; first += 1'000) {
    std::string batch = "[";
    for (int i = first; i < first + 1'000; ++i) {
      if (batch.size() > 1) batch += ',';
      batch += fmt::format(R"({{"id":"urn:e:{}","type":"Thing","v":0,"name":"thing {}"}})", i, i);
    }
    const auto made = ask_http(port, http_request("POST", "/ngsi-ld/v1/entityOperations/create", "application/json",
                                                  batch + "]"));
    if (auto done = expect(made, 201); !done) return done;
  }
  for (int i = 0; i < subscriptions; ++i) {
    const std::string body = fmt::format(
        R"({{"id":"urn:s:{}","type":"Subscription","entities":[{{"type":"Thing","id":"urn:e:{}"}}],"watchedAttributes":["v"],"notification":{{"format":"keyValues","endpoint":{{"uri":"http://127.0.0.1:{}/n/{}"}}}}}})",
        i, i, receiver.port(static_cast<size_t>(i % endpoints)), i);
    const auto made = ask_http(port, http_request("POST", "/ngsi-ld/v1/subscriptions", "application/json", body));
    if (auto done = expect(made, 201); !done) return done;
  }
  return {};
}

struct Updates {
  std::vector<uint32_t> of_entity = std::vector<uint32_t>(subscriptions);
  uint64_t all = 0;
  double seconds = 0;
};

// Each worker asks one at a time at its share of the pace, entities in turn, so that no two updates of one meet.
base::Result<Updates> update(uint16_t port, Steady::time_point epoch) {
  PacedClients clients(port, connections);
  if (auto opened = clients.open(); !opened) return opened.error();
  Updates updates;
  const auto start = Steady::now();
  constexpr int all = updates_a_second * seconds;
  const auto made = clients.run(
      all, updates_a_second,
      [&](int number) {
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - epoch).count();
        return http_request("PATCH", fmt::format("/ngsi-ld/v1/entities/urn:e:{}/attrs/v", number % subscriptions),
                            "application/json", fmt::format(R"({{"value":{}}})", us));
      },
      [&](int number, int status) {
        if (status != 204) return;
        ++updates.of_entity[static_cast<size_t>(number % subscriptions)];
        ++updates.all;
      });
  if (!made) return made.error();
  updates.seconds = std::chrono::duration<double>(Steady::now() - start).count();
  return updates;
}

}  // namespace

base::Status run_notify(const Setup& setup, const Report& report) {
  const auto epoch = Steady::now();
  NotifyReceiver receiver(endpoints, subscriptions, epoch);
  if (auto opened = receiver.open(); !opened) return opened;
  ServerProcess server;
  const auto port =
      server.start(setup.program, {"--data", setup.folder + "/data", "--packs", setup.folder}, start_timeout_ms);
  if (!port) return port.error();
  if (auto prepared = prepare(*port, receiver); !prepared) return prepared;
  const auto updates = update(*port, epoch);
  if (!updates) return updates.error();
  uint64_t expected = 0;
  for (int i = 0; i < subscriptions; ++i) {
    if (i % endpoints != endpoints - 1) expected += updates->of_entity[static_cast<size_t>(i)];
  }
  for (const auto until = Steady::now() + wait_at_most; receiver.arrived() < expected && Steady::now() < until;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  Arrivals arrivals = receiver.stop();
  uint64_t missing = 0;
  for (int i = 0; i < subscriptions; ++i) {
    if (i % endpoints == endpoints - 1) continue;
    const auto place = static_cast<size_t>(i);
    missing += updates->of_entity[place] - std::min(updates->of_entity[place], arrivals.of_subscription[place]);
  }
  std::sort(arrivals.delays_us.begin(), arrivals.delays_us.end());
  const auto quantile_ms = [&](double share) {
    if (arrivals.delays_us.empty()) return 0.0;
    const auto place = static_cast<size_t>(share * static_cast<double>(arrivals.delays_us.size() - 1));
    return static_cast<double>(arrivals.delays_us[place]) / 1'000;
  };
  report({"notify_updates", static_cast<double>(updates->all) / updates->seconds, "updates/s", 4'900, true});
  report({"notify_not_delivered", static_cast<double>(missing), "notifications", 0, false});
  report({"notify_wrong_subscription", static_cast<double>(arrivals.wrong), "notifications", 0, false});
  report({"notify_out_of_order", static_cast<double>(arrivals.out_of_order), "notifications", 0, false});
  report({"notify_delivered_again", static_cast<double>(arrivals.again), "notifications", {}, false});
  report({"notify_delay_p50", quantile_ms(0.5), "ms", {}, false});
  report({"notify_delay_p99", quantile_ms(0.99), "ms", 1'000, false});
  report({"notify_server_peak_memory", static_cast<double>(server.peak_resident_bytes()) / 1e6, "MB", {}, false});
  return {};
}

}  // namespace cityloom::bench

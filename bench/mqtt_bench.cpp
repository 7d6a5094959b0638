// Readings by MQTT: 5,000 a second for a minute through a real broker, all durable, none lost, the twin still readable.
#include "bench/mqtt_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "bench/mqtt_load.hpp"
#include "link/links.hpp"
#include "link/test_broker.hpp"
#include "store/store.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using Steady = std::chrono::steady_clock;

/// When each head was visible; asked afterwards for each commit.
struct Heads {
  std::mutex mutex;
  std::vector<std::pair<thread::Offset, base::Instant>> seen;
};

/// What the record says of all readings.
struct Tally {
  uint64_t readings = 0;
  std::vector<double> latencies_ms;
};

base::Result<Tally> tally(const thread::Thread& thread, const Heads& heads) {
  Tally result;
  const twin::Term pm25 = thread.terms().find("https://uri.etsi.org/ngsi-ld/default-context/pm25");
  size_t head = 0;
  thread::Offset after;
  for (;;) {
    auto commits = thread.feed(after);
    if (!commits) return commits.error();
    if (commits->empty()) return result;
    for (const auto& commit : *commits) {
      after = commit->offset;
      while (head < heads.seen.size() && heads.seen[head].first < commit->offset) ++head;
      for (const twin::Fact& fact : commit->facts) {
        if (fact.kind != twin::Fact::Kind::attribute_set || fact.attribute.name != pm25) continue;
        ++result.readings;
        if (head == heads.seen.size()) continue;
        const int64_t waited_us = heads.seen[head].second.microseconds - fact.attribute.observed_at.microseconds;
        result.latencies_ms.push_back(static_cast<double>(waited_us) / 1'000);
      }
    }
  }
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

/// Reads an entity every millisecond, as a console would; gives the times in milliseconds.
std::vector<double> read_until(const thread::Thread& thread, const std::atomic<bool>& is_done) {
  std::vector<double> times_ms;
  while (!is_done) {
    const auto start = Steady::now();
    const auto found =
        thread.snapshot().find(fmt::format("urn:ngsi-ld:AirQualityObserved:{}", times_ms.size() % reading_sensors));
    const std::chrono::duration<double, std::milli> taken = Steady::now() - start;
    if (found.ok()) times_ms.push_back(taken.count());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return times_ms;
}

base::Status measure(thread::Thread& thread, const base::Clock& clock, int port, Heads& heads,
                     std::vector<double>& reads_ms) {
  const auto token = thread.on_head([&](thread::Offset offset) {
    const std::lock_guard lock(heads.mutex);
    heads.seen.emplace_back(offset, clock.now());
  });
  link::Links links(thread, clock);
  auto definitions = link::parse_links(link_to_readings(port), "mqtt_bench");
  if (!definitions) return definitions.error();
  if (auto added = links.add(std::move(definitions->front())); !added) return added;
  links.start();
  const auto is_running = [](const auto& all) { return all.front().state == link::State::running; };
  if (!links.wait_until(is_running, 20'000)) return fail(Code::timeout, "the link does not reach the broker");

  std::atomic<bool> is_done = false;
  std::thread reader([&] { reads_ms = read_until(thread, is_done); });
  const base::Status published = publish_readings(port, clock);
  const uint64_t all = static_cast<uint64_t>(readings_all);
  if (published.ok()) links.wait_until([&](const auto& now) { return now.front().accepted >= all; }, 30'000);
  is_done = true;
  reader.join();
  links.stop();
  return published;
}

}  // namespace

base::Status run_mqtt(const Setup& setup, const Report& report) {
  if (link::testing::broker_program().empty()) return fail(Code::unavailable, "mosquitto is not installed");
  const base::SystemClock clock;
  link::testing::Broker broker(setup.folder, "allow_anonymous true\n");  // its limits as they come
  Heads heads;
  std::vector<double> reads_ms;
  const std::string folder = setup.folder + "/record";
  {
    auto store = store::open_embedded(folder);
    if (!store) return store.error();
    auto thread = thread::Thread::open(std::move(*store), clock);
    if (!thread) return thread.error();
    if (auto measured = measure(**thread, clock, broker.port, heads, reads_ms); !measured) return measured;
  }
  auto store = store::open_embedded(folder);
  if (!store) return store.error();
  auto thread = thread::Thread::open(std::move(*store), clock);
  if (!thread) return thread.error();
  auto counted = tally(**thread, heads);
  if (!counted) return counted.error();
  const double all = static_cast<double>(readings_all);
  report({"mqtt_readings_lost", all - static_cast<double>(counted->readings), "readings of 300000", 0, false});
  report({"mqtt_latency_to_visible_p50", percentile(counted->latencies_ms, 0.5), "ms", {}, false});
  report({"mqtt_latency_to_visible_p99", percentile(counted->latencies_ms, 0.99), "ms", 1'000, false});
  report({"mqtt_read_meanwhile_p99", percentile(reads_ms, 0.99), "ms", 10, false});
  return {};
}

}  // namespace cityloom::bench

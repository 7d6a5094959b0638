// History of regular series. The estimate: a decimal or averaged reading has some 16 bits, an offset among 200 sensors
// 8, a time at a steady step none: 3 bytes. Unpacking touches each bit once and divides once, some 5 ns a point with
// the store's read of 2 KB blocks: 200 million points a second from memory, 20 million with room for a cold cache.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <random>
#include <sstream>

#include "bench/record_bench.hpp"
#include "store/store.hpp"
#include "thread/chunk.hpp"
#include "thread/keys.hpp"
#include "thread/thread.hpp"

namespace cityloom::bench {
namespace {

using base::Instant;
using base::Status;
using Steady = std::chrono::steady_clock;

constexpr size_t sensors = 24;
constexpr size_t points_each = 16'384;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

/// Road speeds of Los Angeles where they are present, else an invented day with its rush hours.
std::vector<std::vector<double>> speeds(const std::string& shared_folder) {
  std::vector<std::vector<double>> columns(sensors);
  std::ifstream file(shared_folder + "/los-angeles/speed-5min.csv");
  std::string line, cell;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    for (auto& column : columns) {
      std::getline(cells, cell, ',');
      column.push_back(std::stod(cell));
    }
  }
  std::mt19937_64 random(1);
  for (auto& column : columns) {
    for (int i = 0; column.size() < 2'016 && i < 2'016; ++i)
      column.push_back(std::round((55 + 12 * std::sin(i / 46.0)) * 8 + static_cast<double>(random() % 40)) / 8);
  }
  return columns;
}

thread::ChangeSet reading(thread::Thread& record, size_t sensor, size_t step, double value) {
  thread::Change change;
  change.entity_id = fmt::format("urn:ngsi-ld:RoadSensor:{}", sensor);
  change.types = {*record.terms().intern("https://smartdatamodels.org/RoadSensor")};
  twin::Attribute attribute;
  attribute.name = *record.terms().intern("https://smartdatamodels.org/speed");
  attribute.unit = *record.terms().intern("HM");
  attribute.observed_at = Instant::from_seconds(1'330'560'000 + static_cast<int64_t>(step) * 300);
  attribute.value = twin::number_value(value);
  change.attributes.push_back(std::move(attribute));
  return {thread::main_branch, "link:bench", {std::move(change)}, false};
}

Status append_all(thread::Thread& record, const std::vector<std::vector<double>>& columns) {
  for (size_t step = 0; step < points_each; ++step) {
    for (size_t sensor = 0; sensor < sensors; ++sensor) {
      const double value = columns[sensor][step % columns[sensor].size()];
      // A commit a reading, as links make them; only the last of each group of steps is waited for.
      const bool wait = step % 100 == 99 && sensor + 1 == sensors;
      auto set = reading(record, sensor, step, value);
      if (wait) {
        if (const auto outcomes = record.append(std::move(set)); !outcomes) return outcomes.error();
      } else {
        record.submit(std::move(set), [](const auto&) {});
      }
    }
  }
  return record.checkpoint();
}

/// Points a second that one worker reads from the store, decodes and averages.
base::Result<double> read_chunks(const thread::Store& store) {
  std::vector<double> values;
  double sum = 0;
  uint64_t points = 0;
  Status decoded;
  const auto start = Steady::now();
  while (seconds_since(start) < 2 && decoded.ok()) {
    const Status scanned =
        store.scan(thread::Family::series, "", "", [&](std::string_view key, std::string_view value) {
          if (key.size() != thread::chunk_key_size) return true;
          const auto numbers = thread::numbers_of_packed(value);
          if (!numbers || numbers->empty()) return true;
          const auto count = thread::unpack_columns(*numbers, nullptr, &values, nullptr);
          if (!count) decoded = count.error();
          for (const double one : values) sum += one;
          points += values.size();
          return decoded.ok();
        });
    if (!scanned) return scanned.error();
  }
  if (!decoded) return decoded.error();
  if (!std::isfinite(sum)) return base::fail(base::Code::internal, "the average is no number");
  return static_cast<double>(points) / seconds_since(start);
}

/// Counts numbers, whole chunks by their summaries.
class Counter final : public thread::PastVisitor {
 public:
  bool numbers(twin::Term, twin::Term, const thread::ChunkSummary& summary) override {
    count += summary.count;
    return true;
  }
  void number(twin::Term, twin::Term, Instant, double) override { ++count; }
  void instance(const twin::Attribute&, Instant) override { ++count; }
  uint64_t count = 0;
};

/// Points a second that aggregates answer for, from the summaries of whole chunks.
base::Result<double> aggregate_all(const thread::Thread& record) {
  thread::HistoryQuery query;
  query.attributes = {record.terms().find("https://smartdatamodels.org/speed")};
  uint64_t points = 0;
  const auto start = Steady::now();
  while (seconds_since(start) < 1) {
    for (size_t sensor = 0; sensor < sensors; ++sensor) {
      Counter counter;
      const Status told =
          record.snapshot().visit_past(fmt::format("urn:ngsi-ld:RoadSensor:{}", sensor), query, counter);
      if (!told) return told.error();
      if (counter.count != points_each) return base::fail(base::Code::internal, "points are missing in the aggregate");
      points += counter.count;
    }
  }
  return static_cast<double>(points) / seconds_since(start);
}

}  // namespace

Status run_history(const Setup& setup, const Report& report) {
  const std::string folder = setup.folder + "/history";
  {
    auto store = store::open_embedded(folder);
    if (!store) return store.error();
    const base::SystemClock clock;
    auto record = thread::Thread::open(std::move(*store), clock);
    if (!record) return record.error();
    if (const Status appended = append_all(**record, speeds(setup.shared_folder)); !appended) return appended;
    const uint64_t bytes =
        (*record)->size_bytes(thread::Family::series) + (*record)->size_bytes(thread::Family::summaries);
    report({"history_bytes_a_point", static_cast<double>(bytes) / (sensors * points_each), "bytes/point", 4, false});
    const auto answered = aggregate_all(**record);
    if (!answered) return answered.error();
    report({"history_aggregated", *answered / 1e6, "million points/s", {}, true});
  }
  const auto store = store::open_embedded(folder);
  if (!store) return store.error();
  const auto read = read_chunks(**store);
  if (!read) return read.error();
  report({"history_read_and_averaged", *read / 1e6, "million points/s", 20, true});
  return {};
}

}  // namespace cityloom::bench

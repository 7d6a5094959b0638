// A year of minutes put into days (clause 4.5.19). The estimate: 1,027 chunks of 512 points, of which two in three lie
// within one day and answer by their summaries; the 365 or so that hold midnight are unpacked, 190,000 points at some
// 10 ns with their way into a period: 2 ms, and the summaries' read from the store as much again.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "bench/record_bench.hpp"
#include "ngsi/aggregation.hpp"
#include "store/store.hpp"
#include "thread/thread.hpp"

namespace cityloom::bench {
namespace {

using base::Instant;
using base::Status;
using Steady = std::chrono::steady_clock;

constexpr size_t minutes = 525'600;
constexpr std::string_view gauge = "urn:ngsi-ld:Gauge:1";

Status append_year(thread::Thread& record) {
  const auto type = record.terms().intern("https://smartdatamodels.org/Gauge");
  const auto name = record.terms().intern("https://smartdatamodels.org/level");
  if (!type || !name) return type ? name.error() : type.error();
  for (size_t minute = 0; minute < minutes; ++minute) {
    thread::Change change;
    change.entity_id = gauge;
    change.types = {*type};
    twin::Attribute attribute;
    attribute.name = *name;
    attribute.observed_at = Instant::from_seconds(1'767'225'600 + static_cast<int64_t>(minute) * 60);
    attribute.value = twin::number_value(std::round(200 + 50 * std::sin(static_cast<double>(minute) / 460)) / 10);
    change.attributes.push_back(std::move(attribute));
    thread::ChangeSet set{thread::main_branch, "link:bench", {}, false};
    set.changes.push_back(std::move(change));
    if (minute % 10'000 == 9'999 || minute + 1 == minutes) {
      if (const auto outcomes = record.append(std::move(set)); !outcomes) return outcomes.error();
    } else {
      record.submit(std::move(set), [](const auto&) {});
    }
  }
  return record.checkpoint();
}

}  // namespace

Status run_aggregation(const Setup& setup, const Report& report) {
  auto store = store::open_embedded(setup.folder + "/aggregation");
  if (!store) return store.error();
  const base::SystemClock clock;
  auto record = thread::Thread::open(std::move(*store), clock);
  if (!record) return record.error();
  if (const Status appended = append_year(**record); !appended) return appended;
  const auto asked = ngsi::parse_aggregation("avg,min,max,totalCount", "P1D");
  if (!asked) return asked.error();
  thread::HistoryQuery query;
  query.window.from = Instant::from_seconds(1'767'225'600);
  const ngsi::Names names(ngsi::Context::core(), (*record)->terms());
  std::vector<double> took_ms;
  for (int round = 0; round < 100; ++round) {
    const auto start = Steady::now();
    ngsi::PastAggregates aggregates(*asked, query.window);
    if (const Status status = aggregates.read((*record)->snapshot(), gauge, query, {query.window}); !status) return status;
    std::string text;
    aggregates.append({}, names, text);
    took_ms.push_back(std::chrono::duration<double, std::milli>(Steady::now() - start).count());
    if (text.find("[1440,") == std::string::npos) return base::fail(base::Code::internal, "a day lacks minutes");
  }
  std::sort(took_ms.begin(), took_ms.end());
  report({"aggregation_year_of_minutes_to_days_p95", took_ms[94], "ms", 10, false});
  return {};
}

}  // namespace cityloom::bench

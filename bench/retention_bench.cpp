// Thinning: a year of minutes in each of 20 series (10.5 million instances; a thousand series take fifty times as long)
// put into hours, commit by commit as a run of retention does, with the checkpoints that come meanwhile. The estimate:
// a plan and its fold each read (10 ns), copy (150 ns), hash (200 ns at 24 bytes) and sort in (150 ns) an instance and
// put together what is left: about 1 us for both and an instance, a million a second.
#include <fmt/format.h>

#include <chrono>

#include "bench/record_bench.hpp"
#include "store/store.hpp"
#include "thread/thread.hpp"

namespace cityloom::bench {
namespace {

using base::Instant;
using base::Status;
using Steady = std::chrono::steady_clock;

constexpr int series_count = 20;
constexpr int64_t minutes_each = 365 * 24 * 60;
constexpr int64_t minute_us = 60'000'000;

std::string id_of(int sensor) {
  return fmt::format("urn:ngsi-ld:Sensor:{}", sensor);
}

Status append(thread::Thread& record, thread::Change change) {
  thread::ChangeSet set;
  set.author = "bench";
  set.changes.push_back(std::move(change));
  const auto outcomes = record.append(std::move(set));
  if (!outcomes) return outcomes.error();
  return outcomes->front().ok() ? Status() : Status(outcomes->front().error());
}

Status load_all(thread::Thread& record, twin::Term type, twin::Term name) {
  for (int sensor = 0; sensor < series_count; ++sensor) {
    for (int64_t first = 0; first < minutes_each; first += thread::past_numbers_max) {
      std::vector<std::pair<Instant, double>> numbers;
      const auto end = std::min<int64_t>(minutes_each, first + static_cast<int64_t>(thread::past_numbers_max));
      for (int64_t minute = first; minute < end; ++minute)
        numbers.emplace_back(Instant{minute * minute_us}, static_cast<double>(minute * 7 % 100) / 10.0);
      thread::Change change;
      change.kind = thread::Change::Kind::state_past_numbers;
      change.entity_id = id_of(sensor);
      if (first == 0) change.types = {type};
      twin::Attribute attribute;
      attribute.name = name;
      attribute.value = thread::pack_past_numbers(numbers);
      change.attributes.push_back(std::move(attribute));
      if (const Status appended = append(record, std::move(change)); !appended) return appended;
    }
  }
  return record.checkpoint();
}

// How many instances went.
base::Result<uint64_t> thin_all(thread::Thread& record) {
  uint64_t gone = 0;
  for (int sensor = 0; sensor < series_count; ++sensor) {
    const auto all = record.snapshot().past_series(id_of(sensor));
    if (!all) return all.error();
    for (const thread::PastSeries& series : *all) {
      thread::ThinningRequest request{series, {}, Instant{minutes_each * minute_us}, 60 * minute_us, "bench"};
      for (bool more = true; more;) {
        const auto plan = record.snapshot().plan_thinning(id_of(sensor), request);
        if (!plan) return plan.error();
        gone += plan->thinning.taken_out;
        thread::Change change;
        change.kind = thread::Change::Kind::thin_past;
        change.entity_id = id_of(sensor);
        change.attributes.push_back(thread::thinning_attribute(plan->thinning));
        if (const Status appended = append(record, std::move(change)); !appended) return appended.error();
        request.from = plan->next;
        more = plan->next.exists();
      }
    }
  }
  return gone;
}

}  // namespace

Status run_retention(const Setup& setup, const Report& report) {
  auto store = store::open_embedded(setup.folder + "/retention");
  if (!store) return store.error();
  const base::SystemClock clock;
  auto record = thread::Thread::open(std::move(*store), clock);
  if (!record) return record.error();
  const auto type = (*record)->terms().intern("https://smartdatamodels.org/Sensor");
  const auto name = (*record)->terms().intern("https://smartdatamodels.org/level");
  if (!type || !name) return base::fail(base::Code::internal, "no terms");
  if (const Status loaded = load_all(**record, *type, *name); !loaded) return loaded;
  const auto start = Steady::now();
  const auto gone = thin_all(**record);
  if (!gone) return gone.error();
  if (const Status written = (*record)->checkpoint(); !written) return written;
  const double seconds = std::chrono::duration<double>(Steady::now() - start).count();
  if (*gone != uint64_t{series_count} * minutes_each / 60 * 59)
    return base::fail(base::Code::internal, "another number of instances went than had to");
  report({"retention_thinned", static_cast<double>(series_count * minutes_each) / seconds, "instances/s", 500'000});
  return {};
}

}  // namespace cityloom::bench

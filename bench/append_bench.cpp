// Durable facts of many writers. The estimate: a sync costs the disk 0.2 to 2 ms whatever its size, so both sides are
// bound by what is done for a fact between syncs: RocksDB some 1 us (log, memtable, on one core), the record some 2 us
// (deciding, packing, folding, answering; of RocksDB's work little, since a page of commits is one put), shared by two
// cores: 1 million facts a second at best where RocksDB alone reaches 1.3 to 1.8 million, so 55 to 75 % of it.
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/options_util.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>

#include "bench/record_bench.hpp"
#include "store/store.hpp"
#include "thread/commit.hpp"
#include "thread/thread.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using base::Status;
using Steady = std::chrono::steady_clock;

constexpr int writers = 8;
constexpr int pending_each = 2'048;
constexpr int facts_each = 40'000;
constexpr int facts = writers * facts_each;
constexpr int entities = 10'000;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

/// Of all workers of this process: what other programs on the machine change least.
double cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

/// What every reading states again.
struct Sensor {
  std::vector<std::string> ids;
  twin::Term type, name, unit;
};

base::Result<Sensor> sensor_of(twin::TermTable& terms) {
  const auto type = terms.intern("https://smartdatamodels.org/AirQualityObserved");
  const auto name = terms.intern("https://smartdatamodels.org/pm25");
  const auto unit = terms.intern("GQ");
  if (!type || !name || !unit) return fail(Code::internal, "a name was refused");
  Sensor sensor{{}, *type, *name, *unit};
  for (int i = 0; i < entities; ++i) sensor.ids.push_back(fmt::format("urn:ngsi-ld:AirQualityObserved:station-{}", i));
  return sensor;
}

thread::ChangeSet reading(const Sensor& sensor, int number) {
  thread::Change change;
  change.entity_id = sensor.ids[static_cast<size_t>(number % entities)];
  change.types = {sensor.type};
  twin::Attribute& attribute = change.attributes.emplace_back();
  attribute.name = sensor.name;
  attribute.unit = sensor.unit;
  attribute.observed_at = base::Instant::from_seconds(1'700'000'000 + number);
  attribute.value = twin::number_value(number % 1'000 / 8.0);
  thread::ChangeSet set;
  set.author = "link:bench";
  set.changes.push_back(std::move(change));
  return set;
}

/// Facts a second that the record makes durable.
base::Result<double> append_all(thread::Thread& record) {
  const auto sensor = sensor_of(record.terms());
  if (!sensor) return sensor.error();
  std::atomic<int> failures = 0;
  const auto start = Steady::now();
  std::vector<std::thread> workers;
  for (int w = 0; w < writers; ++w) {
    workers.emplace_back([&record, &sensor, &failures, w] {
      std::atomic<int> pending = 0;
      const auto wait_below = [&pending](int limit) {
        for (int now = pending; now >= limit; now = pending) pending.wait(now);
      };
      const auto done = [&pending, &failures](const auto& outcomes) {
        if (!outcomes.ok() || !(*outcomes)[0].ok()) ++failures;
        const int left = --pending;
        if (left == pending_each / 2 || left == 0) pending.notify_one();
      };
      for (int i = 0; i < facts_each; ++i) {
        if (pending >= pending_each) wait_below(pending_each / 2 + 1);
        ++pending;
        record.submit(reading(*sensor, i * writers + w), done);
      }
      wait_below(1);
    });
  }
  for (std::thread& worker : workers) worker.join();
  const double rate = facts / seconds_since(start);
  if (failures > 0) return fail(Code::unavailable, fmt::format("{} facts were not recorded", failures.load()));
  return rate;
}

/// The stored commits, each as a value of its own.
base::Result<std::vector<std::string>> stored_commits(const std::string& folder) {
  auto store = store::open_embedded(folder);
  if (!store) return store.error();
  std::vector<std::string> commits;
  Status read;
  const Status scanned = (*store)->scan(thread::Family::commits, "", "", [&](auto, std::string_view value) {
    const auto stored = thread::unpack_page(value);
    if (!stored) read = stored.error();
    for (size_t i = 0; read && i < stored->size(); ++i) {
      thread::CommitPage page;
      page.add((*stored)[i]);
      commits.emplace_back(page.seal());
    }
    return read.ok();
  });
  if (!scanned) return scanned.error();
  if (!read) return read.error();
  return commits;
}

/// Puts a second that RocksDB alone makes durable, in synced batches of `batch` commits: the same keys and values, with
/// the options under which the record in `as_in` was written.
base::Result<double> write_to_rocksdb(const std::string& folder, const std::string& as_in,
                                      const std::vector<std::string>& commits, size_t batch) {
  rocksdb::DBOptions options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  if (const auto loaded = rocksdb::LoadLatestOptions({}, as_in, &options, &families); !loaded.ok())
    return fail(Code::unavailable, loaded.ToString());
  options.create_if_missing = options.create_missing_column_families = true;
  rocksdb::DB* raw = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  if (const auto opened = rocksdb::DB::Open(options, folder, families, &handles, &raw); !opened.ok())
    return fail(Code::unavailable, opened.ToString());
  const std::unique_ptr<rocksdb::DB> database(raw);
  const auto of_commits = std::find_if(handles.begin(), handles.end(), [](const auto* handle) {
    return handle->GetName() == thread::name_of(thread::Family::commits);
  });
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const auto start = Steady::now();
  for (size_t i = 0; i < commits.size();) {
    rocksdb::WriteBatch group;
    for (const size_t end = std::min(commits.size(), i + batch); i < end; ++i) {
      uint64_t key = __builtin_bswap64(i);
      (void)group.Put(*of_commits, rocksdb::Slice(reinterpret_cast<const char*>(&key), sizeof key), commits[i]).ok();
    }
    if (const auto written = database->Write(synced, &group); !written.ok())
      return fail(Code::unavailable, written.ToString());
  }
  const double rate = static_cast<double>(commits.size()) / seconds_since(start);
  for (auto* handle : handles) (void)database->DestroyColumnFamilyHandle(handle).ok();
  return rate;
}

}  // namespace

Status run_append(const Setup& setup, const Report& report) {
  const std::string folder = setup.folder + "/append";
  double rate = 0;
  uint64_t syncs = 0;
  {
    auto store = store::open_embedded(folder);
    if (!store) return store.error();
    const base::SystemClock clock;
    auto record = thread::Thread::open(std::move(*store), clock);
    if (!record) return record.error();
    const double cpu_before_us = cpu_us();
    const auto appended = append_all(**record);
    if (!appended) return appended.error();
    report({"append_cpu_a_fact", (cpu_us() - cpu_before_us) / facts, "us", {}, true});
    rate = *appended;
    syncs = (*record)->status().syncs;
  }
  const auto commits = stored_commits(folder);
  if (!commits) return commits.error();
  const size_t batch = std::max<size_t>(1, commits->size() / std::max<uint64_t>(1, syncs));
  const double cpu_before_us = cpu_us();
  const auto alone = write_to_rocksdb(setup.folder + "/alone", folder, *commits, batch);
  if (!alone) return alone.error();
  report({"append_rocksdb_alone_cpu_a_put", (cpu_us() - cpu_before_us) / facts, "us", {}, true});
  report({"append_facts", rate, "facts/s", {}, true});
  report({"append_facts_a_sync", static_cast<double>(batch), "facts", {}, true});
  report({"append_rocksdb_alone", *alone, "puts/s", {}, true});
  report({"append_share_of_rocksdb", 100 * rate / *alone, "%", 60, true});
  return {};
}

}  // namespace cityloom::bench

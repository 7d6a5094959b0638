// A million entities of about 1 KB JSON. The estimate: packed to half of the JSON, 500 bytes, with some 80 bytes for
// two tables and the indexes: 600 MB. A fork is one small commit and one sync, a first write on it one more: 2 ms.
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <future>

#include "bench/record_bench.hpp"
#include "ngsi/body.hpp"
#include "ngsi/context.hpp"
#include "ngsi/parse.hpp"
#include "store/store.hpp"
#include "thread/thread.hpp"

namespace cityloom::bench {
namespace {

using base::Status;
using Steady = std::chrono::steady_clock;

constexpr int entities = 1'000'000;
constexpr int batch = 1'000;
constexpr int forks = 21;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

double resident_megabytes() {
  uint64_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return static_cast<double>(resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE))) / 1e6;
}

/// An entity as it comes in: 1,024 bytes, give or take a few.
std::string entity_json(int number) {
  std::string json = fmt::format(
      R"({{"id":"urn:ngsi-ld:AirQualityObserved:station-{}","type":"AirQualityObserved","location":{{"type":"GeoProperty","value":{{"type":"Point","coordinates":[{:.5f},{:.5f}]}}}},)",
      number, 126.8 + number % 1'000 * 0.0004, 37.4 + number / 1'000 * 0.0003);
  json += fmt::format(R"("name":{{"type":"LanguageProperty","languageMap":{{"ko":"측정소 {}","en":"Station {}"}}}})",
                      number, number);
  int i = 0;
  for (const char* name : {"pm25", "pm10", "o3", "no2", "co", "so2", "temperature", "humidity"}) {
    json += fmt::format(R"(,"{}":{{"type":"Property","value":{},"unitCode":"GQ","observedAt":"2026-11-22T08:05:00Z"}})",
                        name, (number * 7 + ++i) % 900 / 10.0);
  }
  return json + R"(,"operatedBy":{"type":"Relationship","object":"urn:ngsi-ld:Organization:seoul"}})";
}

base::Result<size_t> load(thread::Thread& record) {
  const auto context = ngsi::Context::core();
  ngsi::ChangeForm form;
  form.kind = thread::Change::Kind::create;
  size_t bytes = 0;
  std::future<Status> last;
  for (int first = 0; first < entities; first += batch) {
    thread::ChangeSet set{thread::main_branch, "import:bench", {}, false};
    for (int i = first; i < first + batch; ++i) {
      const std::string json = entity_json(i);
      bytes += json.size();
      const auto body = ngsi::Body::read(json);
      if (!body) return body.error();
      auto change = ngsi::parse_change(*body, 0, form, *context, record.terms());
      if (!change) return change.error();
      set.changes.push_back(std::move(*change));
    }
    // One set is written while the next is parsed.
    if (last.valid()) {
      if (const Status written = last.get(); !written) return written.error();
    }
    auto done = std::make_shared<std::promise<Status>>();
    last = done->get_future();
    record.submit(std::move(set), [done](const auto& outcomes) {
      if (!outcomes) return done->set_value(outcomes.error());
      done->set_value((*outcomes)[0].ok() ? Status() : Status((*outcomes)[0].error()));
    });
  }
  if (const Status written = last.get(); !written) return written.error();
  return bytes / entities;
}

/// The median time to fork a branch and have one change on it durable.
base::Result<double> fork_and_write_ms(thread::Thread& record) {
  std::vector<double> times_ms;
  for (int i = 0; i < forks; ++i) {
    const auto start = Steady::now();
    const auto branch = record.fork(fmt::format("what-if-{}", i));
    if (!branch) return branch.error();
    thread::Change change;
    change.kind = thread::Change::Kind::append;
    change.entity_id = fmt::format("urn:ngsi-ld:AirQualityObserved:station-{}", i * 40'000);
    twin::Attribute attribute;
    attribute.name = *record.terms().intern("https://uri.etsi.org/ngsi-ld/default-context/pm25");
    attribute.value = int64_t{i};
    change.attributes.push_back(std::move(attribute));
    const auto outcomes = record.append({*branch, "bench", {std::move(change)}, false});
    if (!outcomes) return outcomes.error();
    if (!(*outcomes)[0].ok()) return (*outcomes)[0].error();
    times_ms.push_back(seconds_since(start) * 1'000);
  }
  std::sort(times_ms.begin(), times_ms.end());
  return times_ms[times_ms.size() / 2];
}

base::Result<std::unique_ptr<thread::Thread>> open_record(const std::string& folder, const base::Clock& clock) {
  auto store = store::open_embedded(folder);
  if (!store) return store.error();
  return thread::Thread::open(std::move(*store), clock);
}

}  // namespace

Status run_million(const Setup& setup, const Report& report) {
  const base::SystemClock clock;
  const std::string folder = setup.folder + "/million";
  {
    const auto record = open_record(folder, clock);
    if (!record) return record.error();
    const auto start = Steady::now();
    const auto json_bytes = load(**record);
    if (!json_bytes) return json_bytes.error();
    report({"million_loaded", entities / seconds_since(start), "entities/s", {}, true});
    report({"million_json_bytes_each", static_cast<double>(*json_bytes), "bytes", {}, true});
    if (const Status written = (*record)->checkpoint(); !written) return written;
    malloc_trim(0);
    report({"million_resident_after_loading", resident_megabytes(), "MB", 1'000, false});
    const auto fork_ms = fork_and_write_ms(**record);
    if (!fork_ms) return fork_ms.error();
    report({"million_fork_and_write", *fork_ms, "ms", 10, false});
  }
  const auto start = Steady::now();
  const auto record = open_record(folder, clock);
  if (!record) return record.error();
  report({"million_opened_again", seconds_since(start), "s", {}, false});
  return {};
}

}  // namespace cityloom::bench

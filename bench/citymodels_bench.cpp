// City models to entities and tiles. The estimate: a house of LoD2 is some 6 kB of CityGML with 36 corners; expat reads
// it twice (40 microseconds), PROJ and the geoid take a microsecond a corner, the record some 100 microseconds on a
// worker of its own: 5,000 a second on two cores.
#include "bench/citymodels_bench.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "bench/house_model.hpp"
#include "space/space.hpp"
#include "space/tiles/tiles.hpp"
#include "store/store.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using base::Status;
using Steady = std::chrono::steady_clock;

constexpr uint64_t houses = 20'000;
constexpr uint64_t large_bytes = 1'000'000'000;
constexpr double large_megabytes_bar = 1'000;
constexpr double times_the_peer_bar = 20;
constexpr int levels_max = 7;
constexpr double houses_per_second_bar = 5'000;
constexpr double megabytes_bar = 500;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

// The most memory that this process has had since the mark was reset.
void reset_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1000;
  }
  return 0;
}

// The paths of all contents that the quadtrees of a tileset may have.
std::vector<std::string> content_paths(std::string_view tileset) {
  constexpr std::string_view key = "\"uri\":\"";
  std::vector<std::string> paths;
  for (size_t at = 0; (at = tileset.find(key, at)) != std::string_view::npos;) {
    at += key.size();
    const std::string_view uri = tileset.substr(at, tileset.find_first_of("\"?", at) - at);
    const size_t pattern = uri.find("{level}");
    if (pattern == std::string_view::npos || uri.find(".glb") == std::string_view::npos) continue;
    for (int level = 0; level <= levels_max; ++level) {
      for (int x = 0; x < 1 << level; ++x) {
        for (int y = 0; y < 1 << level; ++y)
          paths.push_back(fmt::format("{}{}/{}/{}.glb", uri.substr(0, pattern), level, x, y));
      }
    }
  }
  return paths;
}

// Every content is made once, for two clients at a time.
Status make_all_tiles(thread::Thread& record, uint64_t& bytes) {
  const auto tiles = space::CityTiles::follow(record);
  if (auto status = tiles->wait_for(record.head(), 600'000); !status) return status;
  const auto tileset = tiles->find({.path = "tileset.json"});
  if (!tileset) return tileset.error();
  const std::vector<std::string> paths = content_paths((*tileset)->bytes);
  std::atomic<size_t> next = 0;
  std::atomic<uint64_t> made_bytes = 0;
  std::array<Status, 2> outcomes;
  {
    std::array<std::jthread, outcomes.size()> clients;
    for (size_t client = 0; client < clients.size(); ++client) {
      clients[client] = std::jthread([&, client] {
        for (size_t i = next++; i < paths.size(); i = next++) {
          const auto content = tiles->find({.path = paths[i]});
          if (content) made_bytes += (*content)->bytes.size();
          if (!content && content.error().code != Code::not_found) outcomes[client] = content.error();
        }
      });
    }
  }
  bytes = made_bytes;
  return outcomes[0] ? outcomes[1] : outcomes[0];
}

// How long another converter takes, where it is installed: citygml-to-3dtiles of npm, Apache-2.0, on the PATH.
std::optional<double> seconds_of_peer(const std::string& path, const std::string& to) {
  std::array<std::string, 3> words{"citygml-to-3dtiles", path, to};
  std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const auto start = Steady::now();
  pid_t process = -1;
  const int failed = posix_spawnp(&process, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (failed != 0 || ::waitpid(process, &status, 0) != process || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return {};
  }
  return seconds_since(start);
}

// Takes changes and forgets them: what is measured is the import alone.
class ForgettingSink final : public space::ImportSink {
 public:
  twin::TermTable& terms() override { return terms_; }
  base::Result<thread::Outcomes> append(std::vector<thread::Change> changes) override {
    return thread::Outcomes(changes.size(), thread::Outcome{});
  }
  Status each_of_source(twin::Term, std::string_view, const std::function<void(const twin::Entity&)>&) override {
    return {};
  }
  base::Result<std::string> put_asset(std::string_view) override { return std::string(64, '0'); }

 private:
  twin::TermTable terms_;
};

// Gives how long entities and tiles took together.
base::Result<double> measure(const Setup& setup, const std::string& path, const std::string& name, bool has_bars,
                             const Report& report) {
  const base::SystemClock clock;
  auto store = store::open_embedded(setup.folder + "/" + name);
  if (!store) return store.error();
  auto record = thread::Thread::open(std::move(*store), clock);
  if (!record) return record.error();
  reset_peak();
  const auto start = Steady::now();
  space::ThreadSink sink(**record);
  const auto imported = space::import_file(path, sink);
  if (!imported) return imported.error();
  const double import_s = seconds_since(start);
  uint64_t bytes = 0;
  if (auto status = make_all_tiles(**record, bytes); !status) return status.error();
  const double all_s = seconds_since(start);
  const auto count = static_cast<double>(imported->imported);
  report({name + "_to_entities", count / import_s, "objects/s", {}, true});
  report({name + "_to_entities_and_tiles", count / all_s, "objects/s",
          has_bars ? std::optional(houses_per_second_bar) : std::nullopt, true});
  report(
      {name + "_peak_memory", peak_megabytes(), "MB", has_bars ? std::optional(megabytes_bar) : std::nullopt, false});
  report({name + "_tile_bytes_per_object", static_cast<double>(bytes) / std::max(count, 1.0), "bytes", {}, false});
  return all_s;
}

}  // namespace

Status run_citymodels(const Setup& setup, const Report& report) {
  const std::string gml = setup.folder + "/houses.gml", json = setup.folder + "/houses.city.json";
  if (const auto written = write_citygml_houses(gml, houses); !written) return written.error();
  if (auto status = write_cityjson_houses(json, houses); !status) return status;
  const auto seconds = measure(setup, gml, "citygml_houses", true, report);
  if (!seconds) return seconds.error();
  if (const auto peer_seconds = seconds_of_peer(gml, setup.folder + "/peer")) {
    report({"citygml_houses_by_citygml-to-3dtiles", *peer_seconds, "s", {}, false});
    report({"citygml_houses_times_as_fast", *peer_seconds / *seconds, "times", times_the_peer_bar, true});
  }
  if (const auto done = measure(setup, json, "cityjson_houses", true, report); !done) return done.error();
  if (setup.shared_folder.empty()) return {};
  for (const auto& [file, name] : {std::pair("buildings/berlin-lod2-citygml1.gml", "berlin"),
                                   {"buildings/rotterdam-delfshaven-lod2.city.json", "rotterdam"},
                                   {"buildings/yokosuka-lod2-citygml2-plateau.gml", "yokosuka"}}) {
    const auto done = measure(setup, setup.shared_folder + "/" + file, name, false, report);
    if (!done) return done.error();
  }
  return {};
}

Status run_citymodels_large(const Setup& setup, const Report& report) {
  const std::string gml = setup.folder + "/large.gml";
  const auto written = write_citygml_houses(gml, 0, large_bytes);
  if (!written) return written.error();
  const auto count = static_cast<double>(*written);
  {
    ForgettingSink sink;
    reset_peak();
    const auto start = Steady::now();
    const auto imported = space::import_file(gml, sink);
    if (!imported) return imported.error();
    report({"citygml_1gb_read", count / seconds_since(start), "objects/s", {}, true});
    report({"citygml_1gb_read_peak_memory", peak_megabytes(), "MB", large_megabytes_bar, false});
  }
  const base::SystemClock clock;
  auto store = store::open_embedded(setup.folder + "/large");
  if (!store) return store.error();
  auto record = thread::Thread::open(std::move(*store), clock);
  if (!record) return record.error();
  reset_peak();
  const auto start = Steady::now();
  space::ThreadSink sink(**record);
  const auto imported = space::import_file(gml, sink);
  if (!imported) return imported.error();
  report({"citygml_1gb_to_entities", count / seconds_since(start), "objects/s", {}, true});
  report({"citygml_1gb_to_entities_peak_memory", peak_megabytes(), "MB", large_megabytes_bar, false});
  return {};
}

}  // namespace cityloom::bench

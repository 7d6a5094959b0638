// Tiles of a large city. The estimate, before the code: an entity of 250 bytes is durable at some 100,000 a second, so
// 100,000 buildings are in the record after 1 s and a million after 10 s. Looking at a record for the tree costs some
// 5 us: 0.5 s and 5 s. A leaf of 300 buildings: 300 times reading (2 us), triangulating (20 us) and packing 40 corners
// (4 us) makes 8 ms. A change copies one leaf (24 KB) and 8 nodes: 20 us, then its tile is made: 10 ms. The tree holds
// 100 bytes a building and the id: 150 MB for a million. Quantised corners are 16 bytes for 28 and compress to a third.
#include "bench/tiles_bench.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <future>
#include <random>

#include "space/tiles/tiles.hpp"
#include "space/vocabulary.hpp"
#include "store/store.hpp"
#include "thread/thread.hpp"

namespace cityloom::bench {
namespace {

using base::Status;
using Steady = std::chrono::steady_clock;
constexpr int batch = 1'000;
constexpr int64_t wait_ms = 600'000;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

double resident_gigabytes(const char* key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != key) continue;
    double kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024 / 1e9;
  }
  return 0;
}

/// Buildings in blocks along streets that turn a little from district to district.
class City {
 public:
  City(int buildings, const space::Vocabulary& vocabulary)
      : side_(static_cast<int>(std::ceil(std::sqrt(buildings)))), vocabulary_(vocabulary) {}

  thread::Change building(int number) const {
    std::mt19937 random(static_cast<uint32_t>(number));
    const auto between = [&](double low, double high) {
      return std::uniform_real_distribution<double>(low, high)(random);
    };
    const int column = number % side_, row = number / side_;
    const double x = column * 24.0 + column / 6 * 12.0, y = row * 22.0 + row / 2 * 10.0;
    const double turn = 0.3 * std::sin(x / 2'000) * std::cos(y / 2'000);
    const double width = between(8, 20), depth = between(8, 16), notch = number % 3 == 0 ? between(2, 6) : 0;
    std::vector<std::pair<double, double>> corners{{0, 0}, {width, 0}, {width, depth}, {0, depth}};
    if (notch > 0)
      corners = {{0, 0}, {width, 0}, {width, depth - notch}, {notch, depth - notch}, {notch, depth}, {0, depth}};
    corners.push_back(corners.front());
    twin::Geometry outline;
    outline.kind = twin::GeometryKind::polygon;
    for (const auto& [east, north] : corners) {
      const double e = x + east * std::cos(turn) - north * std::sin(turn),
                   n = y + east * std::sin(turn) + north * std::cos(turn);
      outline.positions.push_back({126.8 + e / 88'000, 37.4 + n / 111'000});
    }
    outline.line_ends = {static_cast<uint32_t>(outline.positions.size())};
    thread::Change change;
    change.kind = thread::Change::Kind::create;
    change.entity_id = id_of(number);
    change.types = {vocabulary_.building};
    const auto add = [&](twin::Term name, twin::AttributeKind kind, twin::Value value) {
      auto& attribute = change.attributes.emplace_back();
      attribute.name = name;
      attribute.kind = kind;
      attribute.value = std::move(value);
    };
    const double levels = std::floor(2 + 18 * std::pow(between(0, 1), 3));
    add(vocabulary_.location, twin::AttributeKind::geo_property, outline);
    add(vocabulary_.height, twin::AttributeKind::property, twin::number_value(levels * 3.1));
    add(vocabulary_.levels, twin::AttributeKind::property, twin::number_value(levels));
    constexpr const char* categories[] = {"house", "apartments", "office", "retail", "yes"};
    add(vocabulary_.category, twin::AttributeKind::property, std::string(categories[number % 5]));
    if (number % 10 == 0) add(vocabulary_.name, twin::AttributeKind::property, fmt::format("건물 {}", number));
    return change;
  }
  static std::string id_of(int number) { return fmt::format("urn:ngsi-ld:Building:bench-{}", number); }

 private:
  int side_;
  space::Vocabulary vocabulary_;
};

Status load(thread::Thread& record, int buildings) {
  const auto vocabulary = space::Vocabulary::intern(record.terms());
  if (!vocabulary) return vocabulary.error();
  const City city(buildings, *vocabulary);
  std::future<Status> last;
  for (int first = 0; first < buildings; first += batch) {
    thread::ChangeSet set{thread::main_branch, "import:bench", {}, false};
    for (int i = first; i < std::min(buildings, first + batch); ++i) set.changes.push_back(city.building(i));
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
  return last.get();
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values.empty()
             ? 0
             : values[std::min(values.size() - 1, static_cast<size_t>(share * static_cast<double>(values.size())))];
}

void measure_tiles(space::CityTiles& tiles, const std::string& name, const Report& report) {
  std::vector<std::string> paths = tile_paths(tiles);
  report({name + "_tiles", static_cast<double>(paths.size()), "tiles", {}, true});
  std::shuffle(paths.begin(), paths.end(), std::mt19937(7));
  std::vector<double> times_ms, bytes;
  double plain = 0, small = 0;
  for (size_t i = 0; i < std::min<size_t>(paths.size(), 1'000); ++i) {
    const auto start = Steady::now();
    const auto tile = tiles.find({.path = paths[i]});
    times_ms.push_back(seconds_since(start) * 1'000);
    if (!tile) continue;
    bytes.push_back(static_cast<double>((*tile)->bytes.size()));
    if (i >= 50) continue;
    const auto same = tiles.find({.path = paths[i], .is_plain = true});
    if (!same) continue;
    small += static_cast<double>((*tile)->bytes.size());
    plain += static_cast<double>((*same)->bytes.size());
  }
  report({name + "_tile_p50", quantile(times_ms, 0.5), "ms", {}, false});
  report({name + "_tile_p95", quantile(times_ms, 0.95), "ms", 50, false});
  report({name + "_tile_max", quantile(times_ms, 1), "ms", {}, false});
  report({name + "_tile_bytes_p50", quantile(bytes, 0.5), "bytes", {}, false});
  report({name + "_share_of_plain_gltf", 100 * small / plain, "%", 40, false});
}

/// From the change to the bytes of the new tile, by what a client would ask: which tiles changed, then those.
Status measure_changes(thread::Thread& record, space::CityTiles& tiles, int buildings, const std::string& name,
                       const Report& report) {
  const auto height = record.terms().find("https://uri.etsi.org/ngsi-ld/default-context/height");
  std::vector<double> times_ms;
  for (int i = 0; i < 21; ++i) {
    const auto version_of = [&]() -> std::string {
      const auto tileset = tiles.find({.path = "tileset.json"});
      const size_t start = tileset ? (*tileset)->bytes.find("tilesetVersion\":\"") + 17 : 0;
      return tileset ? (*tileset)->bytes.substr(start, 16) : "";
    };
    const std::string before = version_of();
    thread::Change change;
    change.kind = thread::Change::Kind::append;
    change.entity_id = City::id_of(i * (buildings / 22));
    change.attributes.emplace_back().name = height;
    change.attributes[0].value = 100.5 + i;
    const auto start = Steady::now();
    const auto outcomes = record.append({thread::main_branch, "bench", {std::move(change)}, false});
    if (!outcomes) return outcomes.error();
    if (auto status = tiles.wait_for(record.head(), wait_ms); !status) return status;
    const auto changed = tiles.find({.path = "changes/" + before + ".json"});
    if (!changed) return changed.error();
    const std::string& json = (*changed)->bytes;
    const size_t end = json.rfind('"'), begin = json.rfind('"', end - 1) + 1;
    if (const auto tile = tiles.find({.path = json.substr(begin, end - begin)}); !tile) return tile.error();
    times_ms.push_back(seconds_since(start) * 1'000);
  }
  report({name + "_changed_tile_new_p50", quantile(times_ms, 0.5), "ms", {}, false});
  report({name + "_changed_tile_new_max", quantile(times_ms, 1), "ms", 1'000, false});
  return {};
}

Status run_city(const Setup& setup, const Report& report, int buildings, const std::string& name, double seconds_bar,
                double gigabytes_bar) {
  const base::SystemClock clock;
  const std::string folder = setup.folder + "/" + name;
  const auto open = [&]() -> base::Result<std::unique_ptr<thread::Thread>> {
    auto store = store::open_embedded(folder);
    if (!store) return store.error();
    return thread::Thread::open(std::move(*store), clock);
  };
  {
    const auto record = open();
    if (!record) return record.error();
    const auto start = Steady::now();
    const auto tiles = space::CityTiles::follow(**record);
    if (auto status = load(**record, buildings); !status) return status;
    report({name + "_in_the_record", seconds_since(start), "s", {}, false});
    if (auto status = tiles->wait_for((*record)->head(), wait_ms); !status) return status;
    report({name + "_in_the_record_and_tiled", seconds_since(start), "s", seconds_bar, false});
    report({name + "_tree", static_cast<double>(tiles->counts().index_bytes) / 1e6, "MB", {}, false});
    measure_tiles(*tiles, name, report);
    if (auto status = measure_changes(**record, *tiles, buildings, name, report); !status) return status;
    report({name + "_peak_memory", resident_gigabytes("VmHWM:"), "GB", gigabytes_bar, false});
  }
  malloc_trim(0);
  const auto record = open();
  if (!record) return record.error();
  const double before = resident_gigabytes("VmRSS:");
  const auto start = Steady::now();
  const auto tiles = space::CityTiles::follow(**record);
  if (auto status = tiles->wait_for((*record)->head(), wait_ms); !status) return status;
  report({name + "_index_of_an_opened_record", seconds_since(start), "s", {}, false});
  const std::vector<std::string> paths = tile_paths(*tiles);
  const auto asked = Steady::now();
  for (size_t i = 0; i < std::min<size_t>(5, paths.size()); ++i) {
    if (const auto tile = tiles->find({.path = paths[i]}); !tile) return tile.error();
  }
  report({name + "_root_and_four_below", seconds_since(asked), "s", 3, false});
  report({name + "_index_memory", (resident_gigabytes("VmRSS:") - before) * 1'000, "MB", 500, false});
  return {};
}

}  // namespace

std::vector<std::string> tile_paths(space::CityTiles& tiles) {
  const auto tileset = tiles.find({.path = "tileset.json"});
  if (!tileset) return {};
  const std::string& json = (*tileset)->bytes;
  const size_t start = json.find("\"uri\":\"") + 7;
  const std::string root = json.substr(start, json.find("/{level}", start) - start);
  std::vector<std::string> paths;
  std::vector<std::array<uint32_t, 3>> row{{0, 0, 0}};
  while (!row.empty()) {
    std::vector<std::array<uint32_t, 3>> below;
    for (const auto& [level, x, y] : row) {
      const std::string path = fmt::format("{}/{}/{}/{}", root, level, x, y);
      // A subtree is made in microseconds, and only where there is a tile.
      if (!tiles.find({.path = path + ".subtree"})) continue;
      paths.push_back(path + ".glb");
      for (uint32_t quarter = 0; quarter < 4; ++quarter) {
        below.push_back({level + 1, x * 2 + (quarter & 1), y * 2 + (quarter >> 1)});
      }
    }
    row = std::move(below);
  }
  return paths;
}

Status run_tiles(const Setup& setup, const Report& report) {
  return run_city(setup, report, 100'000, "tiles_100k", 60, 3);
}

Status run_tiles_million(const Setup& setup, const Report& report) {
  return run_city(setup, report, 1'000'000, "tiles_1m", 720, 6);
}

}  // namespace cityloom::bench

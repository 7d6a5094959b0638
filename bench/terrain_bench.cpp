// Heights and tiles of a degree of SRTM (1201 x 1201 nodes). The estimate, before the code: a height at a random place
// is a hash lookup of the models there (30 ns), one of the block under a lock (50 ns) and four nodes (20 ns), with the
// cold lines of 25 blocks about 200 ns: 5 million a second. Heights near each other, by a sampler that remembers
// blocks: 50 ns. A tile has 67 x 67 nodes (0.3 ms), as many normals (0.5 ms) and 60 KB to be packed at 30 MB/s (2 ms):
// 3 ms.
#include "bench/terrain_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>

#include "space/space.hpp"
#include "space/terrain/terrain_mesh.hpp"
#include "space/terrain/terrain_tiles.hpp"
#include "store/store.hpp"
#include "thread/thread.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using base::Status;
using Steady = std::chrono::steady_clock;

constexpr int rounds = 1'000, places_a_round = 1'000, tiles_asked = 500;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(share * static_cast<double>(values.size())))];
}

class Places {
 public:
  explicit Places(const twin::Box& box) : box_(box) {}
  twin::Position next() { return {between(box_.west_deg, box_.east_deg), between(box_.south_deg, box_.north_deg)}; }

 private:
  double between(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  twin::Box box_;
  std::mt19937 random_{7};
};

// Rounds of lookups: a single one is shorter than the clock is exact.
template <class Ask>
Status measure_heights(const twin::Box& box, const std::string& name, const Report& report, Ask ask) {
  Places places(box);
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round) {
    std::vector<twin::Position> asked(places_a_round);
    for (twin::Position& place : asked) place = places.next();
    const auto start = Steady::now();
    if (auto status = ask(asked); !status) return status;
    seconds.push_back(seconds_since(start) / places_a_round);
  }
  report({name + "_p50", 1 / quantile(seconds, 0.5), "heights/s", {}, true});
  report({name + "_p95", 1 / quantile(seconds, 0.95), "heights/s", 1e6, true});
  return {};
}

Status measure_tiles(space::Terrain& terrain, const space::Relief& relief, const Report& report) {
  space::TerrainTiles tiles(terrain);
  const auto& area = relief.areas().front();
  Places places(area.box);
  std::vector<double> times_ms, again_us, bytes;
  const uint32_t deepest = space::deepest_level(area.step_deg);
  for (uint32_t i = 0; i < tiles_asked; ++i) {
    // The levels that somebody looks at: from the whole model to its deepest tiles.
    const uint32_t level = deepest - i % 6;
    const twin::Position place = places.next();
    const double side_deg = 180.0 / (1u << level);
    const auto x = static_cast<uint32_t>((place.longitude_deg + 180) / side_deg);
    const auto y = static_cast<uint32_t>((place.latitude_deg + 90) / side_deg);
    const std::string path = fmt::format("{}/{}/{}.terrain", level, x, y);
    const uint64_t made = tiles.tiles_made();
    const auto start = Steady::now();
    const auto tile = tiles.find(path, {true, false});
    const double seconds = seconds_since(start);
    if (!tile) return tile.error();
    if (tiles.tiles_made() == made) {
      again_us.push_back(seconds * 1e6);
      continue;
    }
    times_ms.push_back(seconds * 1e3);
    bytes.push_back(static_cast<double>((*tile)->gzip_bytes.size()));
  }
  report({"terrain_tiles_made", static_cast<double>(times_ms.size()), "tiles", {}, true});
  report({"terrain_tile_p50", quantile(times_ms, 0.5), "ms", {}, false});
  report({"terrain_tile_p95", quantile(times_ms, 0.95), "ms", 50, false});
  report({"terrain_tile_packed_p50", quantile(bytes, 0.5), "bytes", {}, false});
  if (!again_us.empty()) report({"terrain_tile_again_p50", quantile(again_us, 0.5), "us", {}, false});
  return {};
}

}  // namespace

Status run_terrain(const Setup& setup, const Report& report) {
  const std::string file = setup.shared_folder + "/monaco/N43E007.hgt.zip";
  if (!std::filesystem::exists(file)) return fail(Code::unavailable, "the real data is absent", file);
  const base::SystemClock clock;
  auto store = store::open_embedded(setup.folder + "/record");
  if (!store) return store.error();
  const auto record = thread::Thread::open(std::move(*store), clock);
  if (!record) return record.error();
  const auto start = Steady::now();
  space::ThreadSink sink(**record);
  if (const auto imported = space::import_file(file, sink); !imported) return imported.error();
  report({"terrain_import", seconds_since(start), "s", {}, false});
  const auto terrain = space::Terrain::follow(**record);
  if (auto status = terrain->wait_for((*record)->head(), 60'000); !status) return status;
  const auto relief = terrain->relief();
  if (relief->areas().empty()) return fail(Code::unavailable, "the terrain is not in the record", file);
  const twin::Box box = relief->areas().front().box;
  auto status = measure_heights(box, "terrain_heights", report, [&](const auto& places) -> Status {
    for (const twin::Position& place : places) {
      if (const auto height = space::height_m_at(*relief, place); !height) return height.error();
    }
    return {};
  });
  if (!status) return status;
  const double longitude = (box.west_deg + box.east_deg) / 2, latitude = (box.south_deg + box.north_deg) / 2;
  const twin::Box near{longitude, latitude, longitude + 0.02, latitude + 0.02};
  status = measure_heights(near, "terrain_heights_near_by_sampler", report, [&](const auto& places) -> Status {
    space::ReliefSampler sampler(*relief);
    for (const twin::Position& place : places) {
      if (const auto height = sampler.height_m(place.longitude_deg, place.latitude_deg); !height) return height.error();
    }
    return {};
  });
  if (!status) return status;
  return measure_tiles(*terrain, *relief, report);
}

}  // namespace cityloom::bench

// The estimate: a building is drawn in 3 us, its change made in 3 us, decided, written and folded in 12 us, tiled in 2
// us: 100,000 in 3 s with streets and pipes. A moving car costs 0.3 us a second and its reading 1.2 us, a sensor's 2 us
// a minute.
#include "bench/rehearsal_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>

#include "bench/tiles_bench.hpp"
#include "rehearsal/city.hpp"
#include "rehearsal/day.hpp"
#include "space/terrain/terrain_ground.hpp"
#include "space/tiles/tiles.hpp"
#include "store/store.hpp"

namespace cityloom::bench {
namespace {

using base::Status;
using Steady = std::chrono::steady_clock;

constexpr uint32_t vehicles = 50'000, sensors = 100'000;
constexpr int day_seconds = 60;
constexpr size_t tiles_asked = 400;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

/// The most memory that this process has held.
double peak_gigabytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1e6;
  }
  return 0;
}

Status ask_for_tiles(space::CityTiles& tiles, const std::string& name, const Report& report) {
  const auto start = Steady::now();
  const std::vector<std::string> paths = tile_paths(tiles);
  if (paths.empty()) return base::fail(base::Code::internal, "the city has no tiles");
  if (const auto first = tiles.find({.path = paths.front()}); !first) return first.error();
  report({name + "_first_picture", seconds_since(start), "s", 3, false});
  const size_t asked = std::min(tiles_asked, paths.size());
  std::vector<double> times_ms;
  for (size_t n = 0; n < asked; ++n) {
    const auto began = Steady::now();
    if (const auto tile = tiles.find({.path = paths[n * paths.size() / asked]}); !tile) return tile.error();
    times_ms.push_back(seconds_since(began) * 1'000);
  }
  std::sort(times_ms.begin(), times_ms.end());
  report({name + "_tiles_p95", times_ms[times_ms.size() * 95 / 100], "ms", 50, false});
  return {};
}

Status measure_city(const Setup& setup, uint64_t buildings, const std::string& name, double seconds_bar,
                    double gigabytes_bar, const Report& report) {
  const base::SystemClock clock;
  auto store = store::open_embedded(setup.folder + "/" + name);
  if (!store) return store.error();
  const auto record = thread::Thread::open(std::move(*store), clock);
  if (!record) return record.error();
  const auto start = Steady::now();
  // As in a server: buildings stand on the ground.
  const auto terrain = space::Terrain::follow(**record);
  space::TerrainGround ground(*terrain);
  space::TileOptions options;
  options.ground = &ground;
  const auto tiles = space::CityTiles::follow(**record, options);
  space::ThreadSink sink(**record);
  rehearsal::CitySpec spec;
  spec.buildings = buildings;
  const auto made = rehearsal::make_city(spec, sink);
  if (!made) return made.error();
  report({name + "_made_and_recorded", seconds_since(start), "s", {}, false});
  report({name + "_entities", static_cast<double>(made->imported), "entities", {}, true});
  if (Status status = tiles->wait_for((*record)->head(), 900'000); !status) return status;
  const auto root = tiles->find({.path = "tileset.json"});
  if (!root) return root.error();
  report({name + "_made_and_tiled", seconds_since(start), "s", seconds_bar, false});
  report({name + "_peak_memory", peak_gigabytes(), "GB", gigabytes_bar, false});
  return ask_for_tiles(*tiles, name, report);
}

Status measure_day(const Report& report) {
  rehearsal::CitySpec spec;
  spec.buildings = 100'000;
  const auto plan = rehearsal::CityPlan::make(spec);
  if (!plan) return plan.error();
  const rehearsal::CityModel model = rehearsal::CityModel::of_plan(*plan);
  rehearsal::DayOptions options;
  options.traffic.vehicles = vehicles;
  options.traffic.pedestrians = 0;
  options.traffic.cruising_share = 1;  // all of them on the road, but for short stops
  options.devices = sensors;
  options.start = *base::Instant::parse("2026-03-02T08:00:00+09:00");
  rehearsal::Day day(model, options);
  double moving_s = 0, speaking_s = 0, driving = 0;
  const uint64_t before = day.readings_sent();
  for (int n = 0; n < day_seconds; ++n) {
    const auto start = Steady::now();
    day.move();
    moving_s += seconds_since(start);
    const auto began = Steady::now();
    (void)day.speak(rehearsal::Bundling::gateway);
    speaking_s += seconds_since(began);
    driving += day.traffic().driving_count();
  }
  report({"rehearsal_vehicles_on_the_road", driving / day_seconds, "vehicles", {}, true});
  report({"rehearsal_step_alone", day_seconds / moving_s, "times real time", 1, true});
  report({"rehearsal_speaking_alone", day_seconds / speaking_s, "times real time", 1, true});
  report({"rehearsal_both", day_seconds / (moving_s + speaking_s), "times real time", 1, true});
  report(
      {"rehearsal_readings", static_cast<double>(day.readings_sent() - before) / day_seconds, "readings/s", {}, true});
  return {};
}

}  // namespace

Status run_rehearsal(const Setup& setup, const Report& report) {
  if (Status status = measure_city(setup, 100'000, "rehearsal_100k", 60, 3, report); !status) return status;
  return measure_day(report);
}

Status run_rehearsal_million(const Setup& setup, const Report& report) {
  return measure_city(setup, 1'000'000, "rehearsal_million", 720, 6, report);
}

}  // namespace cityloom::bench

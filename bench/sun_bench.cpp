// A day of sun over a million cells of a metre in half-hour steps, and the same by GRASS r.sun in the same run. The
// estimate, before the code: 30 shadows of 8 rays a cell at some 0.4 ns a ray and cell are 0.1 s, 32 horizons of 8 heights
// at 0.6 ns 0.16 s, light added to 30 M cells 0.05 s: 0.3 s on one core, 0.15 s on two. r.sun walks from each cell towards
// the sun, about 100 steps of 10 ns: 30 s on one core.
#include "bench/sun_bench.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "model/grid/grid_file.hpp"
#include "model/sun/day.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using base::Status;
using Steady = std::chrono::steady_clock;

constexpr size_t side = 1'000;

// Hills with a rough surface, like those that a model of a metre has.
model::GridFile hills() {
  model::GridFile grid;
  grid.columns = grid.rows = side;
  grid.west = 500'000, grid.south = 5'000'000;
  for (size_t row = 0; row < side; ++row) {
    for (size_t column = 0; column < side; ++column) {
      const auto x = static_cast<double>(column), y = static_cast<double>(row);
      grid.values.push_back(300 + 80 * std::sin(x / 60) * std::cos(y / 45) + 30 * std::sin((x + 2 * y) / 23) +
                            5 * std::sin(x / 4) * std::sin(y / 5));
    }
  }
  return grid;
}

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

// r.sun as its manual has it: slope and aspect given, both cores, half-hour steps; shadows found on the fly, or by
// horizons made before in 32 directions. What it takes stands in a file.
constexpr const char* script = R"(set -e
r.in.gdal -o input=dem.asc output=dem --quiet
g.region raster=dem
r.slope.aspect elevation=dem slope=slope aspect=aspect --quiet
now() { date +%s.%N; }
day() {
  r.sun elevation=dem aspect=aspect slope=slope day=172 step=0.5 nprocs=2 beam_rad=b diff_rad=d refl_rad=r glob_rad=g \
    insol_time=h --overwrite --quiet "$@"
}
a=$(now); r.horizon elevation=dem step=11.25 output=horizon --quiet; b=$(now)
day horizon_basename=horizon horizon_step=11.25; c=$(now)
echo "$a $b $c" > horizon.txt
a=$(now); day; b=$(now)
echo "$a $b" > fly.txt
)";

}  // namespace

Status run_sun(const Setup& setup, const Report& report) {
  const model::GridFile grid = hills();
  model::sun::DayCase it;
  it.site = {45, 9, 0, 1, 1, {}};
  it.date = {2026, 6, 21};
  it.utc_offset_h = 1;
  double best_s = 1e9;
  for (int run = 0; run < 5; ++run) {
    const auto start = Steady::now();
    const auto day = model::sun::run_day(grid, it);
    if (!day) return day.error();
    best_s = std::min(best_s, seconds_since(start));
  }
  report({"sun_day_of_a_million_cells", best_s, "s", {}, false});
  const std::vector<float> heights(grid.values.begin(), grid.values.end());
  if (auto written = model::write_grid(setup.folder + "/dem.asc", grid, heights); !written) return written;
  std::ofstream(setup.folder + "/job.sh") << script;
  if (std::system("command -v grass > /dev/null") != 0)
    return fail(Code::unavailable, "GRASS is not installed", "grass", "install the Debian package grass-core");
  const std::string command = "cd '" + setup.folder +
                              "' && grass -c EPSG:32632 place -e > grass.log 2>&1 && grass place/PERMANENT --exec bash "
                              "job.sh >> grass.log 2>&1";
  if (std::system(command.c_str()) != 0) return fail(Code::unavailable, "r.sun failed", setup.folder + "/grass.log");
  double a = 0, b = 0, c = 0;
  std::ifstream(setup.folder + "/horizon.txt") >> a >> b >> c;
  report({"sun_grass_r_horizon", b - a, "s", {}, false});
  report({"sun_grass_r_sun_with_horizons", c - b, "s", {}, false});
  report({"sun_times_faster_than_r_sun_with_horizons", (c - a) / best_s, "times", 10, true});
  report({"sun_times_faster_than_r_sun_alone_horizons_given", (c - b) / best_s, "times", {}, true});
  std::ifstream(setup.folder + "/fly.txt") >> a >> b;
  report({"sun_grass_r_sun_on_the_fly", b - a, "s", {}, false});
  report({"sun_times_faster_than_r_sun_on_the_fly", (b - a) / best_s, "times", 10, true});
  return {};
}

}  // namespace cityloom::bench

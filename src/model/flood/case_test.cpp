#include "model/flood/case.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "model/flood/ensemble.hpp"

namespace cityloom::model::flood {
namespace {

namespace fs = std::filesystem;

class Cases : public testing::Test {
 protected:
  Cases() : folder_(fs::temp_directory_path() / ("cityloom-flood-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    // A valley that falls to the east, ten metres a cell.
    std::ofstream grid(folder_ / "valley.asc");
    grid << "ncols 60\nnrows 20\nxllcorner 1000\nyllcorner 2000\ncellsize 10\nNODATA_value -9999\n";
    for (int row = 0; row < 20; ++row) {
      for (int column = 0; column < 60; ++column) grid << 20 - column * 0.1 + std::abs(row - 10) * 0.5 << ' ';
      grid << '\n';
    }
  }
  ~Cases() override { fs::remove_all(folder_); }

  std::string write(const std::string& text) {
    std::ofstream(folder_ / "case.yaml") << text;
    return (folder_ / "case.yaml").string();
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

TEST_F(Cases, RunAsAFileTellsThem) {
  const auto it = read_case(write(R"(terrain: valley.asc
roughness_manning: 0.04
rain_mm_h: [[0, 80], [600, 80], [601, 0]]
infiltration_mm_h: 5
boundaries: {east: open}
inflows:
  - {name: spring, at: [1055, 2095], discharge_m3_s: [[0, 0], [300, 3]]}
drains:
  - {at: [1305, 2095], capacity_m3_s: 0.2}
walls:
  - {line: [[1405, 2005], [1405, 2195]], height_m: 3, breach: {at_s: 900, height_m: 0, takes_s: 60}}
gauges:
  - {name: before the wall, at: [1385, 2095]}
  - {name: behind it, at: [1455, 2095]}
duration_s: 1500
every_s: 100
outputs:
  - {what: depth_max, file: most.asc}
  - {what: arrival, file: arrival.tif}
)"));
  ASSERT_TRUE(it.ok()) << it.error().text();
  const auto outcome = run_case(*it);
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  ASSERT_EQ(outcome->gauges[0].size(), 16u);
  EXPECT_NEAR(outcome->gauges[0][9].time_s, 900, 1e-6);
  // The wall holds it until it breaks; then what stood before it comes behind it.
  EXPECT_GT(outcome->gauges[0][9].depth_m, 0.5);
  EXPECT_GT(outcome->gauges[0][9].depth_m, outcome->gauges[0][15].depth_m);
  EXPECT_GT(outcome->gauges[1][11].depth_m, 3 * outcome->gauges[1][9].depth_m);
  EXPECT_LT(std::abs(outcome->audit.relative_error()), 1e-10);
  EXPECT_NEAR(outcome->audit.rain_m3, 60 * 20 * 100 * 0.08 * 600.5 / 3600, 1);
  EXPECT_NEAR(outcome->audit.inflow_m3, 450 + 3 * 1200, 1);
  EXPECT_LT(outcome->audit.boundary_m3, 0);

  ASSERT_TRUE(write_grid(path("most.asc"), it->terrain, outcome->marks[static_cast<size_t>(Mark::depth_max)]).ok());
  ASSERT_TRUE(write_grid(path("most.tif"), it->terrain, outcome->marks[static_cast<size_t>(Mark::depth_max)]).ok());
  for (const char* name : {"most.asc", "most.tif"}) {
    const auto most = read_grid(path(name));
    ASSERT_TRUE(most.ok()) << most.error().text();
    EXPECT_EQ(most->cell_at(1385, 2095), it->terrain.cell_at(1385, 2095));
    const auto [column, row] = *most->cell_at(1385, 2095);
    EXPECT_NEAR(most->values[row * 60 + column],
                outcome->marks[static_cast<size_t>(Mark::depth_max)][row * 60 + column], 1e-5);
  }
}

// The higher of two walls stands where they cross, no water stands on them, and a river does not end at a drain.
TEST_F(Cases, PutThingsWhereOthersAre) {
  const auto it = read_case(write(R"(terrain: valley.asc
start_level_m: 18
walls:
  - {line: [[1405, 2005], [1405, 2195]], height_m: 6}
  - {line: [[1395, 2095], [1415, 2095]], height_m: 1}
inflows: [{at: [1055, 2095], discharge_m3_s: 2}]
drains: [{at: [1055, 2095], capacity_m3_s: 0.5}]
gauges: [{name: on the wall, at: [1405, 2095]}]
duration_s: 10
)"));
  ASSERT_TRUE(it.ok()) << it.error().text();
  const auto outcome = run_case(*it);
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(outcome->gauges[0].front().depth_m, 0);
  EXPECT_NEAR(outcome->gauges[0].front().level_m, 20 - 4 + 6, 0.01);
  EXPECT_NEAR(outcome->audit.inflow_m3, 20, 0.01);
}

TEST_F(Cases, AreStoppedWhenAsked) {
  const auto it = read_case(write("terrain: valley.asc\nrain_mm_h: 50\nduration_s: 100000\n"));
  ASSERT_TRUE(it.ok()) << it.error().text();
  const auto outcome = run_case(*it, {[](double time_s) { return time_s < 100; }, {}});
  EXPECT_EQ(outcome.error().code, base::Code::cancelled);
}

// Soils and land cover by grids, things and people, warnings, frames: told by one file.
TEST_F(Cases, TellWhatComesToWhatStandsThere) {
  std::ofstream soil(folder_ / "soil.asc");
  soil << "ncols 60\nnrows 20\nxllcorner 1000\nyllcorner 2000\ncellsize 10\n";
  for (int cell = 0; cell < 60 * 20; ++cell) soil << (cell % 60 < 30 ? 7 : 2) << ' ';
  soil.close();
  std::ofstream(folder_ / "things.geojson") << R"({"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"name": "school", "kind": "building", "occupants": 120}, "geometry":
      {"type": "Polygon", "coordinates": [[[1500, 2080], [1530, 2080], [1530, 2120], [1500, 2120], [1500, 2080]]]}},
    {"type": "Feature", "properties": {"name": "on the hill"}, "geometry":
      {"type": "LineString", "coordinates": [[1005, 2005], [1050, 2005]]}},
    {"type": "Feature", "properties": {"name": "far away"}, "geometry": {"type": "Point", "coordinates": [0, 0]}}]})";
  const auto it = read_case(write(R"(terrain: valley.asc
roughness: {grid: soil.asc, classes: {7: 0.1, 2: 0.02}}
soil: {grid: soil.asc, classes: {7: {law: green_ampt, conductivity_mm_h: 5, suction_mm: 100, deficit: 0.3}, 2: {law: impervious}}}
rain_mm_h: 80
inflows: [{name: river, at: [1205, 2105], discharge_m3_s: 8}]
gauges: [{name: street, at: [1505, 2095]}]
warnings: [{gauge: street, levels: [{name: watch, depth_m: 0.1}, {name: never, depth_m: 50}]}]
exposed: things.geojson
wet_m: 0.2
frames: {every_s: 500, folder: frames}
duration_s: 1500
)"));
  ASSERT_TRUE(it.ok()) << it.error().text();
  size_t frames = 0;
  Follower follower;
  follower.frame = [&](double time_s, const std::vector<float>& values) {
    EXPECT_NEAR(time_s, 500.0 * static_cast<double>(frames++), 1e-6);
    EXPECT_EQ(values.size(), 1'200u);
    return base::Status();
  };
  const auto outcome = run_case(*it, follower);
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(frames, 4u);
  ASSERT_EQ(outcome->exposed.size(), 3u);
  const ExposedOutcome& school = outcome->exposed[0];
  EXPECT_GT(school.first_wet_s, outcome->warned_at_s[0]);  // 0.2 m come after 0.1 m
  EXPECT_NEAR(school.first_wet_s + school.wet_s, 1'500, 30);
  EXPECT_GT(school.depth_max_m, 0.2);
  EXPECT_EQ(it->exposed[0].occupants, 120);
  EXPECT_LT(outcome->exposed[1].first_wet_s, 0);
  EXPECT_TRUE(it->exposed[2].cells.empty());
  EXPECT_GT(outcome->warned_at_s[0], 0);
  EXPECT_LT(outcome->warned_at_s[1], 0);
  EXPECT_GT(outcome->audit.infiltrated_m3, 0);
  EXPECT_LT(std::abs(outcome->audit.relative_error()), 1e-12);
}

// The estimate grows with what is kept; no machine has the memory for a grid of a continent.
TEST_F(Cases, AreRefusedWhereMemoryIsShort) {
  Case small;
  small.terrain.columns = 1'000;
  small.terrain.rows = 1'000;
  EXPECT_NEAR(static_cast<double>(memory_of(small)), 44e6, 1e6);
  Case more = small;
  more.in_double = true;
  more.keep.depth_max = more.keep.arrival = true;
  EXPECT_GT(memory_of(more), 2 * memory_of(small));
  more.terrain.columns = more.terrain.rows = 10'000'000;
  const auto outcome = run_case(more);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, base::Code::too_large);
}

TEST_F(Cases, VaryByChanceTheSameForAnyNumberOfWorkers) {
  const std::string text = R"(terrain: valley.asc
rain_mm_h: 80
gauges: [{name: outlet, at: [1585, 2105]}]
boundaries: {east: open}
duration_s: 300
every_s: 100
ensemble: {members: 8, seed: 3, rain_factor: {sd: 0.4}, roughness_factor: {sd: 0.2}, probabilities: [{depth_m: 0.01, file: p.tif}]}
)";
  std::vector<EnsembleOutcome> outcomes;
  for (const std::string workers : {"workers: 1\n", "workers: 2\n"}) {
    const auto it = read_case(write(text + workers));
    ASSERT_TRUE(it.ok()) << it.error().text();
    auto outcome = run_ensemble(*it);
    ASSERT_TRUE(outcome.ok()) << outcome.error().text();
    outcomes.push_back(std::move(*outcome));
  }
  EXPECT_EQ(outcomes[0].probabilities, outcomes[1].probabilities);
  const auto& last = outcomes[0].gauges[0].back();
  EXPECT_EQ(last.depths_m, outcomes[1].gauges[0].back().depths_m);
  EXPECT_EQ(last.time_s, 300);
  EXPECT_LT(quantile(last.depths_m, 0.05), 0.9 * quantile(last.depths_m, 0.95));
  bool is_unsure = false;
  for (const float part : outcomes[0].probabilities[0]) {
    EXPECT_TRUE(part >= 0 && part <= 1);
    is_unsure = is_unsure || (part > 0 && part < 1);
  }
  EXPECT_TRUE(is_unsure);
  EXPECT_LT(outcomes[0].relative_error_max, 1e-12);

  Ensemble many;
  many.members = 1'000;
  many.rain_sd = 0.3;
  double sum = 0, squares = 0;
  for (const auto& factors : factors_of(many)) {
    sum += factors.rain;
    squares += factors.rain * factors.rain;
    EXPECT_EQ(factors.roughness, 1);
  }
  EXPECT_NEAR(sum / 1'000, 1, 0.03);
  EXPECT_NEAR(std::sqrt(squares / 1'000 - std::pow(sum / 1'000, 2)), 0.3, 0.03);
}

TEST_F(Cases, SayWhatIsWrongAndWhere) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"duration_s: 1\n", "terrain"},
      {"terrain: nothing.asc\nduration_s: 1\n", "there is no such file"},
      {"terrain: case.yaml\nduration_s: 1\n", "neither an ESRI ASCII grid nor a GeoTIFF"},
      {"terrain: valley.asc\n", "duration_s is missing"},
      {"terrain: valley.asc\nduration_s: 1\nrain_mm_h: -3\n", "rain_mm_h is at least 0"},
      {"terrain: valley.asc\nduration_s: 1\nrain_mm_h: 1e99\n", "at most 1000000"},
      {"terrain: valley.asc\nduration_s: 1\nrain_mm_h: [[10, 1], [5, 2]]\n", "the times ascend"},
      {"terrain: valley.asc\nduration_s: 1\ngauges: [{name: a, at: [0, 0]}]\n", "lies outside the terrain"},
      {"terrain: valley.asc\nduration_s: 1\ngauges: [{name: a}]\n", "where it is, is not said"},
      {"terrain: valley.asc\nduration_s: 1\nrain: 3\n", "rain"},
      {"terrain: valley.asc\nduration_s: 1\nboundaries: {west: {level: 3}}\n", "a boundary is wall, open"},
      {"terrain: valley.asc\nduration_s: 1\ncourant: 2\n", "courant is below 0.5"},
      {"terrain: valley.asc\nduration_s: 1\nscheme: fast\n", "scheme: full or local_inertia"},
      {"terrain: valley.asc\nduration_s: 1\nwalls: [{line: [[0, 0], [1, 1]]}]\n", "lies outside the terrain"},
      {"terrain: valley.asc\nduration_s: 1\nwalls: [{at: [1005, 2005], height_m: 1e9}]\n", "height in metres"},
      {"terrain: valley.asc\nduration_s: 1\nstart_depth_m: .nan\n", "not a number"},
      {"terrain: valley.asc\nduration_s: 1\nstart_depth_m: -1\n", "start_depth_m is from 0"},
      {"terrain: valley.asc\nduration_s: 1\nsoil: {law: sponge}\n", "no such law: sponge"},
      {"terrain: valley.asc\nduration_s: 1\nsoil: {law: curve_number, number: 0}\n", "number is from 1 to 100"},
      {"terrain: valley.asc\nduration_s: 1\nsoil: {law: constant}\n", "rate_mm_h is missing"},
      {"terrain: valley.asc\nduration_s: 1\nsoil: {law: impervious}\ninfiltration_mm_h: 3\n", "one of them"},
      {"terrain: valley.asc\nduration_s: 1\nsoil: {grid: valley.asc, classes: {1: {law: impervious}}}\n",
       "does not tell of"},
      {"terrain: valley.asc\nduration_s: 1\nsoil: {grid: valley.asc, law: impervious}\n", "needs classes"},
      {"terrain: valley.asc\nduration_s: 1\nwarnings: [{gauge: a, levels: []}]\n", "there is no gauge a"},
      {"terrain: valley.asc\nduration_s: 1\nensemble: {members: 5000}\n", "members"},
      {"terrain: valley.asc\nduration_s: 1\nensemble: {rain_factor: {sd: -1}}\n", "sd is from 0 to 2"},
      {"terrain: valley.asc\nduration_s: 1e9\nframes: {every_s: 1, folder: f}\nevery_s: 1e6\n",
       "more than 10,000 frames"},
      {"terrain: valley.asc\nduration_s: 1\nhazard_classes: [2, 1]\n", "ascending"},
      {"terrain: valley.asc\nduration_s: 1\nexposed: nothing.geojson\n", "nothing.geojson"},
      {"terrain: [valley.asc\n", "not YAML"}};
  for (const auto& [text, expected] : cases) {
    const auto it = read_case(write(text));
    ASSERT_FALSE(it.ok()) << text;
    EXPECT_NE(it.error().text().find(expected), std::string::npos) << it.error().text();
  }
  std::ofstream(folder_ / "hole.asc")
      << "ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\nNODATA_value -9999\n1 2\n-9999 3\n";
  const auto hole = read_case(write("terrain: hole.asc\nduration_s: 1\n"));
  ASSERT_FALSE(hole.ok());
  EXPECT_NE(hole.error().what.find("1 cells without a height"), std::string::npos) << hole.error().text();
  const auto walled = read_case(write("terrain: hole.asc\nduration_s: 60\nholes: wall\nrain_mm_h: 60\n"));
  ASSERT_TRUE(walled.ok());
  // It rains on the three cells that there are.
  EXPECT_NEAR(run_case(*walled)->audit.rain_m3, 3 * 0.001, 1e-6);
}

TEST(FloodSeries, StepsWhereTwoPointsShareATime) {
  const Series rain{{{0, 100}, {600, 100}, {600, 0}, {900, 0}}};
  EXPECT_EQ(rain.at(600), 0);
  EXPECT_DOUBLE_EQ(rain.mean(590, 600), 100);
  EXPECT_DOUBLE_EQ(rain.mean(600, 610), 0);
  EXPECT_DOUBLE_EQ(rain.mean(590, 610), 50);
}

}  // namespace
}  // namespace cityloom::model::flood

#include "model/flood/case.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

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

}  // namespace
}  // namespace cityloom::model::flood

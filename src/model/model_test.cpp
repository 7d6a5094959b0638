// The contract: what inputs are refused and how, how declarations are told, and runs as folders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "model/describe.hpp"
#include "model/grid/features_on_grid.hpp"
#include "model/job_folder.hpp"
#include "model/json_file.hpp"

namespace cityloom::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A folder that goes with the test.
class ModelContract : public ::testing::Test {
 protected:
  ModelContract() : folder_(std::filesystem::temp_directory_path() / ("cityloom-model-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~ModelContract() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  const std::filesystem::path folder_;
};

Declaration some_declaration() {
  Declaration it;
  it.id = "some";
  Input rain;
  rain.name = "rain_mm_h";
  rain.kind = Input::Kind::series;
  rain.unit = "mm/h";
  rain.least = 0;
  rain.greatest = 500;
  rain.fallback = 80;
  Input count;
  count.name = "count";
  count.kind = Input::Kind::integer;
  count.least = 1;
  count.greatest = 9;
  it.inputs = {rain, count};
  return it;
}

std::string error_of(const Json& inputs) {
  const auto checked = checked_inputs(some_declaration(), inputs);
  return checked ? "none" : checked.error().text();
}

TEST_F(ModelContract, InputsAreFilledInAndKept) {
  const auto checked = checked_inputs(some_declaration(), {{"count", 3}});
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(*checked, Json({{"rain_mm_h", 80}, {"count", 3}}));
}

TEST_F(ModelContract, WhatIsWrongWithAnInputIsToldByItsName) {
  EXPECT_THAT(error_of(Json::object()), HasSubstr("needs it (count)"));
  EXPECT_THAT(error_of({{"count", 10}}), HasSubstr("give a number from 1 to 9"));
  EXPECT_THAT(error_of({{"count", 2.5}}), HasSubstr("not a whole number"));
  EXPECT_THAT(error_of({{"count", 1}, {"rain_mm_h", -1}}), HasSubstr("-1 lies outside"));
  EXPECT_THAT(error_of({{"count", 1}, {"rain_mm", 1}}), HasSubstr("did you mean rain_mm_h?"));
  EXPECT_THAT(error_of({{"count", 1}, {"rain_mm_h", Json::array({Json::array({5, 1}), Json::array({5, 1})})}}),
              HasSubstr("do not ascend"));
  EXPECT_THAT(error_of(Json::array()), HasSubstr("not a JSON object"));
}

TEST_F(ModelContract, UnitsAreTurnedIntoTheOwnOrRefused) {
  const auto checked =
      checked_inputs(some_declaration(), {{"count", 1}, {"rain_mm_h", {{"value", 1e-5}, {"unit", "m/s"}}}});
  ASSERT_TRUE(checked.ok());
  EXPECT_NEAR(checked->at("rain_mm_h").get<double>(), 36, 1e-9);
  EXPECT_THAT(error_of({{"count", 1}, {"rain_mm_h", {{"value", 1}, {"unit", "kW"}}}}), HasSubstr("give it in mm/h"));
}

TEST_F(ModelContract, EveryModelIsDescribedInBothLanguages) {
  for (const Model& model : known_models()) {
    const Json told = description_of(model.declaration);
    EXPECT_EQ(told.at("id"), model.declaration.id);
    for (const auto& text : {told.at("x-titles"), told.at("x-card").at("limits"), told.at("x-card").at("method")}) {
      EXPECT_NE(text.at("en"), "") << model.declaration.id;
      EXPECT_NE(text.at("ko"), "") << model.declaration.id;
    }
    for (const auto& [name, input] : told.at("inputs").items()) EXPECT_NE(input.at("x-titles").at("ko"), "") << name;
    for (const auto& [name, output] : told.at("outputs").items()) EXPECT_NE(output.at("x-titles").at("ko"), "") << name;
  }
}

TEST_F(ModelContract, AFolderIsRunAndSaysWhatCameOfIt) {
  ASSERT_TRUE(write_request(folder_.string(), {"echo", "", {{"number", 7}}, 5, 1}).ok());
  ASSERT_TRUE(run_folder(folder_.string(), {}).ok());
  const auto outcome = read_outcome(folder_.string());
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->values.at("number"), 7);
}

TEST_F(ModelContract, WhatFailsIsToldInTheFolder) {
  ASSERT_TRUE(write_request(folder_.string(), {"echo", "", {{"numbers", 7}}, 5, 1}).ok());
  EXPECT_FALSE(run_folder(folder_.string(), {}).ok());
  const auto outcome = read_outcome(folder_.string());
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().text(), HasSubstr("did you mean number?"));
  EXPECT_EQ(outcome.error().code, base::Code::invalid);
}

TEST_F(ModelContract, TheSameSeedGivesTheSameAndAnotherAnother) {
  const auto counted = [](uint64_t seed) {
    const auto outcome = run_request({"echo", "", {{"steps", 1}}, seed, 0}, "", {seed, 0, {}});
    return outcome ? outcome->values.at("counted").get<uint64_t>() : 0;
  };
  EXPECT_EQ(counted(1), counted(1));
  EXPECT_NE(counted(1), counted(2));
}

TEST_F(ModelContract, ARunEndsSoonAfterItIsToldTo) {
  model::Run run;
  run.progress = [](double, std::string_view) { return false; };
  const auto outcome = run_request({"echo", "", {{"steps", 100'000}}, 0, 0}, "", run);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, base::Code::cancelled);
}

TEST_F(ModelContract, ASweepIsEveryCombinationInItsOrder) {
  const Request request{"echo", "", {{"steps", 1}}, 7, 2, {{{"number", {1, 2}}, {"literal", {"a", "b", "c"}}}, 2}};
  const auto outcome = run_request(request, "", {7, 2, {}});
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  const Json& runs = outcome->values.at("runs");
  ASSERT_EQ(runs.size(), 12U);
  EXPECT_EQ(runs[3].at("inputs"), Json({{"number", 1}, {"literal", "b"}}));
  EXPECT_EQ(runs[3].at("seed"), 8);
  EXPECT_EQ(runs[1].at("values").at("counted"), runs[3].at("values").at("counted"));
  const Json& number = outcome->values.at("summary").at("number");
  EXPECT_NEAR(number.at("mean").get<double>(), 1.5, 1e-12);
  EXPECT_NEAR(number.at("sd").get<double>(), std::sqrt(3.0 / 11), 1e-12);
  EXPECT_EQ(run_request(request, "", {7, 1, {}})->values, outcome->values) << "on one worker";
}

TEST_F(ModelContract, ASweepOfWhatIsWrongRunsNothing) {
  const auto error = [](Json sweep, size_t members) {
    const auto outcome = run_request({"echo", "", Json::object(), 0, 0, {std::move(sweep), members}}, "", {});
    return outcome ? "none" : outcome.error().text();
  };
  EXPECT_THAT(error({{"number", {1, "x"}}}, 1), HasSubstr("not a number"));
  EXPECT_THAT(error({{"nombre", {1}}}, 1), HasSubstr("no such input"));
  EXPECT_THAT(error({{"number", 1}}, 1), HasSubstr("not a list"));
  EXPECT_THAT(error(Json::object(), 1'001), HasSubstr("1,000 runs"));
}

TEST_F(ModelContract, FeaturesLieOnTheCellsWhoseMiddlesTheyHold) {
  GridFile grid;
  grid.columns = 4;
  grid.rows = 3;
  grid.in_degrees = true;
  const std::string path = write("things.geojson", R"({"type":"FeatureCollection","features":[
    {"type":"Feature","id":"house","properties":{"levels":4},"geometry":{"type":"Polygon","coordinates":
      [[[0.4,0.4],[2.4,0.4],[2.4,1.6],[0.4,1.6],[0.4,0.4]]]}},
    {"type":"Feature","id":"hut","properties":{},"geometry":{"type":"Polygon","coordinates":
      [[[3.1,2.1],[3.2,2.1],[3.2,2.2],[3.1,2.1]]]}},
    {"type":"Feature","id":"street","geometry":{"type":"LineString","coordinates":[[-9,2.5],[9,2.5]]}},
    {"type":"Feature","id":"afar","properties":{},"geometry":{"type":"Point","coordinates":[50,50]}}]})");
  const auto found = features_on_grid(path, grid);
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_THAT(found->features[0].cells, ElementsAre(0, 1, 4, 5));
  EXPECT_THAT(found->features[1].cells, ElementsAre(11));
  EXPECT_THAT(found->features[2].cells, ElementsAre(8, 9, 10, 11));
  EXPECT_TRUE(found->features[3].cells.empty());
  EXPECT_EQ(height_m_of(found->features[0].properties, 6), 12);
  EXPECT_EQ(height_m_of(found->features[1].properties, 6), 6);
}

TEST_F(ModelContract, FeaturesThatAreNoneAreRefused) {
  const GridFile grid;
  for (const char* text : {"", "[]", R"({"features":3})", R"({"features":[{}]})",
                           R"({"features":[{"geometry":{"type":"Polygon","coordinates":[[["a",1]]]}}]})",
                           R"({"features":[{"geometry":{"type":"Blob","coordinates":[]}}]})"}) {
    EXPECT_FALSE(features_on_grid(write("odd.geojson", text), grid).ok()) << text;
  }
}

TEST_F(ModelContract, AsciiGridsAreReadWordByWord) {
  const std::string head = "ncols 3\nnrows 2\nxllcorner 10\nyllcorner 20\ncellsize 5\nNODATA_value -9999\n";
  const auto grid = read_grid(write("good.asc", head + "1 nan 3\n4 -9999 6\n"));
  ASSERT_TRUE(grid.ok()) << grid.error().text();
  EXPECT_EQ(grid->holes, 2U);
  EXPECT_EQ(grid->values[0], 4);
  EXPECT_EQ(grid->cell_at(25, 30), (std::pair<size_t, size_t>{2, 1})) << "the corner belongs to the last cell";
  EXPECT_FALSE(grid->cell_at(25.001, 30).has_value());
  const auto odd = read_grid(write("odd.asc", head + "1 abc 3\n4 5 6\n"));
  EXPECT_THAT(odd.ok() ? "" : odd.error().text(), HasSubstr("value 2"));
  const auto less = read_grid(write("less.asc", head + "1 2 3\n4 5\n"));
  EXPECT_THAT(less.ok() ? "" : less.error().text(), HasSubstr("5 values"));
}

}  // namespace
}  // namespace cityloom::model

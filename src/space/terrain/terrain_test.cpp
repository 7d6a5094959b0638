// The terrain over a record: real heights of Monaco against values that other programs compute; voids, several models.
#include "space/terrain/terrain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "space/coordinates.hpp"
#include "space/space.hpp"
#include "space/terrain/terrain_model.hpp"
#include "space/testing/shared_data.hpp"
#include "space/testing/terrain_city.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using testing::TerrainCity;

double height_or_nan(const Relief& relief, double longitude, double latitude) {
  const auto height = height_m_at(relief, {longitude, latitude});
  EXPECT_TRUE(height.ok()) << height.error().text();
  return height.ok() && height->has_value() ? **height : std::nan("");
}

// Within about 700 m.
double highest_around(const Relief& relief, double longitude, double latitude) {
  double highest_m = -1e9;
  for (int row = -20; row <= 20; ++row) {
    for (int column = -20; column <= 20; ++column) {
      highest_m = std::max(highest_m, height_or_nan(relief, longitude + column * 4e-4, latitude + row * 3e-4));
    }
  }
  return highest_m;
}

std::string monaco_file() {
  return testing::shared_data("monaco/N43E007.hgt.zip");
}

TEST(TerrainOfMonaco, HasTheHeightsThatOtherProgramsRead) {
  if (!std::filesystem::exists(monaco_file())) GTEST_SKIP() << monaco_file() << " is absent";
  TerrainCity city;
  const auto report = import_file(monaco_file(), city.sink());
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->entities, (std::vector<std::pair<std::string, uint64_t>>{{"TerrainModel", 1}}));
  const auto relief = city.relief();
  // gdallocationinfo N43E007.hgt for the nodes, and for the geoid: echo LAT LON 0 | cs2cs EPSG:4326+5773 EPSG:4979
  struct Known {
    double longitude, latitude, height_m;
  };
  for (const Known& known : {Known{7.425, 43.775, 1101 + 48.988056}, Known{7.424166666666666, 43.7375, 35 + 48.720407},
                             Known{7.0, 44.0, 771 + 51.578209}, Known{8.0, 43.0, 0 + 45.738613},
                             Known{7.25, 43.916666666666664, 745 + 50.477562},
                             // Between nodes: bilinear, by a script of its own.
                             Known{7.4246, 43.7384, 109.836}, Known{7.4213, 43.7311, 106.555},
                             Known{7.4163, 43.7425, 243.17}, Known{7.7777, 43.9111, 849.334}}) {
    EXPECT_NEAR(height_or_nan(*relief, known.longitude, known.latitude), known.height_m, 0.02)
        << known.longitude << " " << known.latitude;
  }
  EXPECT_TRUE(std::isnan(height_or_nan(*relief, 6.99, 43.5))) << "west of the tile";
  EXPECT_TRUE(std::isnan(height_or_nan(*relief, 7.5, 44.001)));
  EXPECT_FALSE(std::isnan(height_or_nan(*relief, 7.0, 44.0))) << "corners are inside";
  EXPECT_FALSE(std::isnan(height_or_nan(*relief, 8.0, 43.0)));
  // Survey heights above the sea of summits, from maps; SRTM rounds summits off.
  const double geoid_m = 48.9;
  EXPECT_NEAR(highest_around(*relief, 7.4253, 43.7744) - geoid_m, 1148, 20) << "Mont Agel";
  EXPECT_NEAR(highest_around(*relief, 7.4008, 43.7308) - geoid_m, 550, 25) << "Tete de Chien";
  EXPECT_NEAR(height_or_nan(*relief, 7.45, 43.70) - geoid_m, 0, 3) << "the sea";
}

std::unique_ptr<TerrainCity> city_of(const std::string& name, int side, const std::function<int(int, int)>& height_m) {
  auto city = std::make_unique<TerrainCity>();
  const auto report = import_bytes(name, testing::hgt_bytes(side, height_m), city->sink());
  EXPECT_TRUE(report.ok()) << report.error().text();
  return city;
}

// Of the geoid, where the tests' tiles lie: cs2cs EPSG:4326+5773 EPSG:4979.
double geoid_m(double longitude, double latitude) {
  static const auto system = CoordinateSystem::open("EPSG:4326+5773");
  EXPECT_TRUE(system.ok());
  return system->to_wgs84({latitude, longitude, 0})->height_m;
}

TEST(Terrain, KnowsNothingWithoutModels) {
  TerrainCity city;
  const auto relief = city.relief();
  EXPECT_TRUE(relief->empty());
  EXPECT_EQ(relief->version(), 0u);
  EXPECT_TRUE(std::isnan(height_or_nan(*relief, 7.4, 43.7)));
}

TEST(Terrain, HasNoHeightInVoidsButDrawsThemFilled) {
  // A hole of 5 by 5 nodes in a plain of 100 m.
  const auto city = city_of("S31W052.hgt", 1201, [](int column, int row) {
    return column >= 500 && column < 505 && row >= 500 && row < 505 ? -32'768 : 100;
  });
  const auto relief = city->relief();
  const double longitude = -52 + 502 / 1200.0, latitude = -30 - 502 / 1200.0;
  EXPECT_TRUE(std::isnan(height_or_nan(*relief, longitude, latitude)));
  ReliefSampler sampler(*relief);
  const auto drawn = sampler.drawn_height_m(longitude, latitude, 1e-6);
  ASSERT_TRUE(drawn.ok());
  EXPECT_NEAR(*drawn, 100 + geoid_m(longitude, latitude), 0.1) << "no pit";
  EXPECT_NEAR(height_or_nan(*relief, longitude + 0.01, latitude), 100 + geoid_m(longitude + 0.01, latitude), 0.02);
}

TEST(Terrain, AsksTheFinestModelFirstAndFillsItsVoidsFromOthers) {
  TerrainCity city;
  const auto coarse = testing::hgt_bytes(11, [](int, int) { return 100; });
  const auto fine = testing::hgt_bytes(101, [](int column, int) { return column < 50 ? 200 : -32'768; });
  ImportOptions coarse_source, fine_source;
  coarse_source.source = "coarse";
  fine_source.source = "fine";
  // Two tiles of one name are one entity: the coarse one lies one degree further west, and overlaps by its edge only.
  ASSERT_TRUE(import_bytes("N10E020.hgt", fine, city.sink(), fine_source).ok());
  ASSERT_TRUE(import_bytes("N10E019.hgt", coarse, city.sink(), coarse_source).ok());
  const auto relief = city.relief();
  EXPECT_EQ(relief->areas().size(), 2u);
  EXPECT_NEAR(height_or_nan(*relief, 20.2, 10.5), 200 + geoid_m(20.2, 10.5), 0.02);
  EXPECT_NEAR(height_or_nan(*relief, 19.8, 10.5), 100 + geoid_m(19.8, 10.5), 0.02);
  EXPECT_NEAR(height_or_nan(*relief, 20.0, 10.5), 200 + geoid_m(20.0, 10.5), 0.02) << "on the common edge: the finer";
  EXPECT_TRUE(std::isnan(height_or_nan(*relief, 20.8, 10.5)));
}

TEST(Terrain, ChangesItsVersionWithItsModelsAndRemembersThePast) {
  auto city = city_of("N10E020.hgt", 21, [](int, int) { return 10; });
  const auto first = city->relief();
  const auto then = city->thread().head();
  int heard = 0;
  const auto token = city->terrain().on_change([&] { ++heard; });
  ASSERT_TRUE(import_bytes("N10E020.hgt", testing::hgt_bytes(21, [](int, int) { return 30; }), city->sink()).ok());
  const auto second = city->relief();
  EXPECT_NE(first->version(), second->version());
  EXPECT_EQ(heard, 1);
  EXPECT_NEAR(height_or_nan(*second, 20.5, 10.5) - height_or_nan(*first, 20.5, 10.5), 20, 0.02);
  const auto past = city->terrain().relief_at(then);
  ASSERT_TRUE(past.ok());
  EXPECT_EQ((*past)->version(), first->version());
  EXPECT_NEAR(height_or_nan(**past, 20.5, 10.5), height_or_nan(*first, 20.5, 10.5), 1e-9);
  const auto same = import_bytes("N10E020.hgt", testing::hgt_bytes(21, [](int, int) { return 30; }), city->sink());
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(same->imported, 0u) << "an equal import records nothing";
  EXPECT_EQ(same->unchanged, 1u);
}

TEST(Terrain, TellsSlopesAndWhereTheyFallTo) {
  // Falls to the east by 10 m a node of 0.01 degree: 1105.7 m at 6 degrees north.
  const auto east = city_of("N05E020.hgt", 101, [](int column, int) { return 2'000 - 10 * column; });
  const auto slope = slope_at(*east->relief(), {20.5, 5.5});
  ASSERT_TRUE(slope.ok() && slope->has_value());
  EXPECT_NEAR((*slope)->slope_deg, std::atan(10 / (0.01 * 111'320 * std::cos(5.5 * 3.14159265 / 180))) * 57.29578,
              0.01);
  ASSERT_TRUE((*slope)->aspect_deg.has_value());
  EXPECT_NEAR(*(*slope)->aspect_deg, 90, 1.5) << "the geoid's own slope turns it a little";
  const auto north = city_of("N05E020.hgt", 101, [](int, int row) { return 10 * row; });
  EXPECT_NEAR(*(**slope_at(*north->relief(), {20.5, 5.5})).aspect_deg, 0, 361) << "known";
  const double aspect = *(**slope_at(*north->relief(), {20.5, 5.5})).aspect_deg;
  EXPECT_LT(std::min(aspect, 360 - aspect), 1.5);
  EXPECT_FALSE(slope_at(*north->relief(), {25, 5.5})->has_value());
}

TEST(Terrain, MeasuresProfiles) {
  const auto city = city_of("N05E020.hgt", 101, [](int column, int) { return 10 * column; });
  const auto relief = city->relief();
  // One hundredth of a degree on the equator's side is 1107.55 m here; by a geodesic calculator (geod +ellps=WGS84).
  const std::vector<twin::Position> line = {{20.10, 5.5}, {20.20, 5.5}, {20.20, 5.6}};
  const auto profile = profile_along(*relief, line, 100);
  ASSERT_TRUE(profile.ok()) << profile.error().text();
  EXPECT_NEAR(profile->back().distance_m, 11'080.69 + 11'057.63, 8);
  EXPECT_EQ(profile->front().distance_m, 0);
  for (const ProfilePoint& point : *profile) {
    EXPECT_NEAR(point.place.height_m,
                (point.place.longitude_deg - 20) * 1'000 + geoid_m(point.place.longitude_deg, point.place.latitude_deg),
                0.05);
  }
  EXPECT_EQ(profile_along(*relief, {{20, 5}}, 10).error().code, Code::invalid);
  EXPECT_EQ(profile_along(*relief, line, 0).error().code, Code::invalid);
  EXPECT_EQ(profile_along(*relief, line, 0.001).error().code, Code::too_large);
  const auto outside = profile_along(*relief, {{19.9, 5.5}, {20.1, 5.5}}, 1'000);
  ASSERT_TRUE(outside.ok());
  EXPECT_FALSE(outside->front().place.has_height());
  EXPECT_TRUE(outside->back().place.has_height());
}

TEST(Terrain, SeesOverValleysNotThroughHills) {
  // A ridge of 500 m along the meridian 20.5, sea level elsewhere.
  const auto city = city_of("N05E020.hgt", 101, [](int column, int) { return column == 50 ? 500 : 0; });
  const auto relief = city->relief();
  const double sea_m = geoid_m(20.5, 5.5);
  const auto blocked = sight_between(*relief, {20.40, 5.5, sea_m + 100}, {20.60, 5.5, sea_m + 100});
  ASSERT_TRUE(blocked.ok()) << blocked.error().text();
  EXPECT_FALSE(blocked->is_clear);
  ASSERT_TRUE(blocked->obstacle.has_value());
  EXPECT_NEAR(blocked->obstacle->longitude_deg, 20.492, 0.003) << "where the ridge first rises over the line";
  EXPECT_LT(blocked->least_clearance_m, -380);
  const auto over = sight_between(*relief, {20.40, 5.5, sea_m + 700}, {20.60, 5.5, sea_m + 700});
  ASSERT_TRUE(over.ok());
  EXPECT_TRUE(over->is_clear);
  EXPECT_TRUE(over->is_complete);
  // The straight line sags below the curve of the earth: half of 22.15 km, squared, over twice its radius = 9.6 m.
  EXPECT_NEAR(over->least_clearance_m, 200 - 9.6, 1.5);
  EXPECT_EQ(sight_between(*relief, {20.4, 5.5}, {20.6, 5.5}).error().code, Code::invalid);
  EXPECT_FALSE(sight_between(*relief, {19.9, 5.5, 200}, {20.1, 5.5, 200})->is_complete);
}

TEST(Terrain, TakesNoHarmOfModelsThatAnybodyWrote) {
  TerrainCity city;
  twin::TermTable& terms = city.thread().terms();
  const auto term = [&](const char* name) {
    return *terms.intern(std::string("https://uri.etsi.org/ngsi-ld/default-context/") + name);
  };
  const char* const grids[] = {
      "[]",
      "{}",
      R"({"west":1})",
      R"({"west":1e999,"north":2,"stepEast":1,"stepSouth":1,"columns":3,"rows":3,"index":"x"})",
      R"({"west":0,"north":2,"stepEast":0.001,"stepSouth":0.001,"columns":1000000000,"rows":1000000000,"index":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"})",
      R"({"west":0,"north":2,"stepEast":0.001,"stepSouth":0.001,"columns":1000,"rows":1000,"index":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"})"};
  thread::ChangeSet set;
  for (const char* grid : grids) {
    thread::Change& change = set.changes.emplace_back();
    change.entity_id = "urn:ngsi-ld:TerrainModel:" + std::to_string(set.changes.size());
    change.types = {term("TerrainModel")};
    twin::Attribute& attribute = change.attributes.emplace_back();
    attribute.name = term("grid");
    attribute.kind = twin::AttributeKind::json_property;
    attribute.value = twin::Json{grid};
  }
  ASSERT_TRUE(city.thread().append(std::move(set)).ok());
  const auto relief = city.relief();
  EXPECT_TRUE(relief->empty());
  ASSERT_EQ(relief->problems().size(), 1u) << "the one that could be, but names an asset that is not there";
  EXPECT_THAT(relief->problems()[0], ::testing::HasSubstr("no such asset"));
}

}  // namespace
}  // namespace cityloom::space

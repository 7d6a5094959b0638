// GeoTIFF of a real city, rasters in metres and in feet made on the spot, relief of CityGML; and what is none of these.
#include "space/terrain/raster_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "space/coordinates.hpp"
#include "space/terrain/relief_import.hpp"
#include "space/testing/memory_sink.hpp"
#include "space/testing/shared_data.hpp"
#include "space/testing/terrain_city.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using ::testing::HasSubstr;
using testing::MemorySink;
using testing::TerrainCity;

double height_or_nan(const Relief& relief, double longitude, double latitude) {
  const auto height = height_m_at(relief, {longitude, latitude});
  EXPECT_TRUE(height.ok()) << height.error().text();
  return height.ok() && height->has_value() ? **height : std::nan("");
}

TEST(RasterImport, ReadsARealGeoTiffAsOtherProgramsDo) {
  const std::string path = testing::shared_data("transit/porto-alegre-elevation.tif");
  CITYLOOM_REQUIRE_SHARED(path);
  TerrainCity city;
  const auto report = import_file(path, city.sink());
  ASSERT_TRUE(report.ok()) << report.error().text();
  ASSERT_EQ(report->warnings.size(), 1u);
  EXPECT_THAT(report->warnings[0].reason, HasSubstr("names no vertical datum"));
  const auto relief = city.relief();
  // gdallocationinfo for the cells' middles; the geoid by cs2cs EPSG:4326+5773 EPSG:4979.
  struct Known {
    double longitude, latitude, height_m;
  };
  for (const Known& known : {Known{-51.254722222111376, -29.997777777889578, 5 + 4.7155},
                             Known{-51.19916666666337, -30.05333333372078, 16 + 4.7261},
                             Known{-51.1402777778885, -30.10944444511029, 88 + 4.7185},
                             Known{-51.22694444438738, -30.08111111163638, 38 + 4.8421}}) {
    EXPECT_NEAR(height_or_nan(*relief, known.longitude, known.latitude), known.height_m, 0.02);
  }
}

// A grid of the Arc/Info kind.
std::string ascii_grid(int side, double west, double south, double cell, const std::function<double(int, int)>& value) {
  std::string text = "ncols " + std::to_string(side) + "\nnrows " + std::to_string(side) + "\nxllcorner " +
                     std::to_string(west) + "\nyllcorner " + std::to_string(south) + "\ncellsize " +
                     std::to_string(cell) + "\nNODATA_value -9999\n";
  for (int row = 0; row < side; ++row) {
    for (int column = 0; column < side; ++column) text += std::to_string(value(column, row)) + " ";
    text += "\n";
  }
  return text;
}

TEST(RasterImport, BringsMetresOfAnotherSystemToTheirPlace) {
  // Korea 2000 / Central Belt 2010 around Jamsil: a plane that rises by 1 m in 10 m to the east.
  TerrainCity city;
  ImportOptions options;
  options.crs = "EPSG:5186";
  const auto report =
      import_bytes("jamsil.asc",
                   ascii_grid(200, 208'000, 545'000, 10,
                              [](int column, int row) { return column > 190 && row > 190 ? -9'999.0 : 20.0 + column; }),
                   city.sink(), options);
  ASSERT_TRUE(report.ok()) << report.error().text();
  const auto relief = city.relief();
  const auto system = CoordinateSystem::open("EPSG:5186");
  const auto geoid = CoordinateSystem::open("EPSG:4326+5773");
  for (const auto& [east, north] :
       {std::pair(208'505.0, 545'995.0), std::pair(209'000.0, 546'500.0), std::pair(208'050.0, 545'050.0)}) {
    const auto place = system->to_wgs84({north, east});  // this system names the north first
    ASSERT_TRUE(place.ok());
    const double geoid_m = geoid->to_wgs84({place->latitude_deg, place->longitude_deg, 0})->height_m;
    EXPECT_NEAR(height_or_nan(*relief, place->longitude_deg, place->latitude_deg), 20 + (east - 208'005) / 10 + geoid_m,
                0.1);
  }
  const auto hole = system->to_wgs84({545'020, 209'970});
  EXPECT_TRUE(std::isnan(height_or_nan(*relief, hole->longitude_deg, hole->latitude_deg))) << "no data is no height";
  const auto outside = system->to_wgs84({547'100, 209'000});
  EXPECT_TRUE(std::isnan(height_or_nan(*relief, outside->longitude_deg, outside->latitude_deg)));
}

TEST(RasterImport, HeightsAboveASeaLevelWithoutItsGridAreTold) {
  TerrainCity city;
  ImportOptions options;
  options.crs = "EPSG:5186+5193";
  const auto report = import_bytes("seoul.asc", ascii_grid(50, 208'000, 545'000, 10, [](int, int) { return 20.0; }),
                                   city.sink(), options);
  ASSERT_TRUE(report.ok()) << report.error().text();
  ASSERT_EQ(report->warnings_count, 1u);
  EXPECT_THAT(report->warnings[0].reason,
              HasSubstr("need the grid of its sea level, which is not installed: EGM96 was"));
  const auto place = CoordinateSystem::open("EPSG:5186")->to_wgs84({545'250, 208'250});
  const auto geoid = CoordinateSystem::open("EPSG:4326+5773")->to_wgs84({place->latitude_deg, place->longitude_deg, 0});
  EXPECT_NEAR(height_or_nan(*city.relief(), place->longitude_deg, place->latitude_deg), 20 + geoid->height_m, 0.1);
}

TEST(RasterImport, SaysWhatIsMissing) {
  MemorySink sink;
  const std::string grid = ascii_grid(10, 7, 43, 0.1, [](int, int) { return 5; });
  const auto nameless = import_bytes("grid.asc", grid, sink);
  ASSERT_FALSE(nameless.ok());
  EXPECT_EQ(nameless.error().code, Code::invalid);
  EXPECT_THAT(nameless.error().text(), HasSubstr("by the option crs, e.g. EPSG:5186"));
  ImportOptions options;
  options.crs = "EPSG:4326";
  EXPECT_TRUE(import_bytes("grid.asc", grid, sink, options).ok());
  EXPECT_EQ(
      import_bytes("grid.asc", "ncols 1000000000\nnrows 1000000000\nxllcorner 0\nyllcorner 0\ncellsize 1e-8\n1 2 3",
                   sink, options)
          .ok(),
      false);
  EXPECT_EQ(import_bytes("grid.asc", "no grid at all", sink, options).error().code, Code::corrupt);
  EXPECT_EQ(import_bytes("grid.tif", std::string("II*\0 nothing follows", 20), sink, options).error().code,
            Code::corrupt);
  options.crs = "EPSG:99999999";
  EXPECT_EQ(import_bytes("grid.asc", grid, sink, options).error().code, Code::invalid);
}

TEST(ReliefImport, ReadsRealTrianglesWhereTheyLie) {
  const std::string path = testing::shared_data("terrain/yokosuka-relief-citygml2.gml");
  CITYLOOM_REQUIRE_SHARED(path);
  TerrainCity city;
  const auto report = import_file(path, city.sink());
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->entities, (std::vector<std::pair<std::string, uint64_t>>{{"TerrainModel", 2}}))
      << "two relief features";
  EXPECT_THAT(report->warnings[0].reason, HasSubstr("EGM96 was taken instead"));
  const auto relief = city.relief();
  // Middles of large triangles of the file: the mean of their corners, and the geoid by cs2cs.
  EXPECT_NEAR(height_or_nan(*relief, 139.69166638467902, 35.20264090784752), 1.6757 + 35.6470, 0.03);
  EXPECT_NEAR(height_or_nan(*relief, 139.69583303944887, 35.20583820343857), 1.2282 + 35.6174, 0.03);
  EXPECT_NEAR(height_or_nan(*relief, 139.69402673322602, 35.206955526621016), 0.6639 + 35.6270, 0.03);
  EXPECT_TRUE(std::isnan(height_or_nan(*relief, 139.66, 35.2)));
}

std::string relief_file(const std::string& inside) {
  return R"(<?xml version="1.0"?><CityModel xmlns="http://www.opengis.net/citygml/3.0" xmlns:dem="http://www.opengis.net/citygml/relief/3.0" xmlns:gml="http://www.opengis.net/gml/3.2">
  <gml:boundedBy><gml:Envelope srsName="EPSG:4979" srsDimension="3"/></gml:boundedBy><cityObjectMember><dem:ReliefFeature gml:id="hill"><dem:lod>1</dem:lod><dem:reliefComponent>)" +
         inside + "</dem:reliefComponent></dem:ReliefFeature></cityObjectMember></CityModel>";
}

std::string triangle(const std::string& positions) {
  return "<gml:Triangle><gml:exterior><gml:LinearRing><gml:posList>" + positions +
         "</gml:posList></gml:LinearRing></gml:exterior></gml:Triangle>";
}

TEST(ReliefImport, TakesVersion3AndLeavesOutWhatIsNoTriangle) {
  TerrainCity city;
  const std::string good = triangle("50.0 10.0 100 50.0 10.01 200 50.01 10.0 300 50.0 10.0 100");
  const std::string odd = triangle("50.0 10.0 100 50.0 10.01") + triangle("50 10 1 50 10 1 50 10 1 50 10 1") +
                          triangle("1e9 10 1 50 11 2 51 10 3 1e9 10 1") + triangle("50 10 x");
  const auto report = import_bytes(
      "hill.gml", relief_file("<dem:TINRelief gml:id=\"t\"><dem:tin>" + good + odd + "</dem:tin></dem:TINRelief>"),
      city.sink());
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->warnings.size(), 2u) << "those without corners, and that without area";
  const auto relief = city.relief();
  EXPECT_NEAR(height_or_nan(*relief, 10.0025, 50.0025), 100 + 25 + 50, 0.02) << "heights of EPSG:4979 are ellipsoidal";
}

TEST(ReliefImport, RefusesHostileFiles) {
  MemorySink sink;
  const auto code_of = [&](const std::string& bytes) {
    const auto report = import_bytes("relief.gml", bytes, sink);
    return report.ok() ? Code::internal : report.error().code;
  };
  const std::string whole = relief_file(
      "<dem:TINRelief>" + triangle("50.0 10.0 100 50.0 10.01 200 50.01 10.0 300 50.0 10.0 100") + "</dem:TINRelief>");
  EXPECT_EQ(code_of(whole.substr(0, whole.size() - 40)), Code::corrupt);
  std::string bomb = whole;
  bomb.insert(bomb.find("?>") + 2, "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>");
  EXPECT_EQ(code_of(bomb), Code::corrupt);
  std::string deep = whole;
  for (int i = 0; i < 300; ++i) deep.insert(deep.find("<dem:ReliefFeature"), "<x>");
  EXPECT_EQ(code_of(deep), Code::corrupt);
  std::string nowhere = whole;
  nowhere.replace(nowhere.find("EPSG:4979"), 9, "EPSG:0");
  EXPECT_EQ(code_of(nowhere), Code::invalid);
  EXPECT_TRUE(sink.entities.empty());
}

}  // namespace
}  // namespace cityloom::space

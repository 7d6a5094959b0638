// Real files: counts and places computed by other means (Python's csv, json and xml modules; Krüger's series for UTM).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "space/earth.hpp"
#include "space/testing/memory_sink.hpp"
#include "space/testing/shared_data.hpp"

namespace cityloom::space {
namespace {

using testing::MemorySink;
using testing::shared_data;
using twin::Value;

ImportReport import(MemorySink& sink, const std::string& path, const ImportOptions& options = {}) {
  auto report = import_file(path, sink, options);
  EXPECT_TRUE(report.ok()) << (report ? "" : report.error().text());
  return report ? *report : ImportReport{};
}

double off_m(const MemorySink& sink, const std::string& id, double longitude, double latitude) {
  const auto* location = sink.attribute(id, "location");
  if (location == nullptr) return 1e9;
  return distance_m(std::get<twin::Geometry>(location->value).positions.front(), {longitude, latitude});
}

TEST(SharedFiles, TheMunicipalitiesOfKorea) {
  const std::string path = shared_data("korea/municipalities-2018.topojson");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  const auto report = import(sink, path);
  EXPECT_EQ(report.imported, 250u);
  EXPECT_EQ(report.warnings_count, 15u) << "15 municipalities have islands that quantising left without area";
  const std::string songpa = "urn:ngsi-ld:GeographicFeature:municipalities-2018-11240";
  EXPECT_EQ(sink.value(songpa, "name"), Value(twin::Json{R"({"@none":"송파구"})"}));
  EXPECT_EQ(sink.value(songpa, "name_eng"), Value(std::string("Songpa-gu")));
  const auto area = std::get<twin::Geometry>(sink.value(songpa, "location"));
  EXPECT_TRUE(area.check().ok());
  EXPECT_EQ(area.positions.size(), 209u);
  const twin::Box box = twin::bounds_of(area);
  EXPECT_NEAR(box.west_deg, 127.06748120086456, 1e-12);
  EXPECT_NEAR(box.south_deg, 37.466500578613235, 1e-12);
  EXPECT_NEAR(box.east_deg, 127.16144917244449, 1e-12);
  EXPECT_NEAR(box.north_deg, 37.5431902139236, 1e-12);
  for (const auto& [id, entity] : sink.entities) {
    const auto* location = entity.find(twin::terms::location);
    ASSERT_NE(location, nullptr) << id;
    EXPECT_TRUE(std::get<twin::Geometry>(location->value).check().ok()) << id;
  }
  EXPECT_EQ(import(sink, path).unchanged, 250u);
}

TEST(SharedFiles, PositionsInTables) {
  const std::string path = shared_data("korea/seoul-sdot-positions.csv");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  const auto report = import(sink, path);
  EXPECT_EQ(report.imported, 851u);
  EXPECT_EQ(report.warnings_count, 0u);
  EXPECT_LT(off_m(sink, "urn:ngsi-ld:GeographicFeature:seoul-sdot-positions-V02Q1940612", 126.8951928, 37.57807617),
            0.001);
  MemorySink angeles;
  EXPECT_EQ(import(angeles, shared_data("los-angeles/speed-sensor-positions.csv")).imported, 207u);
  EXPECT_LT(off_m(angeles, "urn:ngsi-ld:GeographicFeature:speed-sensor-positions-773869", -118.31829, 34.15497), 0.001);
  MemorySink air;
  const auto refused = import_file(shared_data("korea/seoul-air-hourly-2018.csv"), air);
  ASSERT_FALSE(refused.ok()) << "a table without positions";
  EXPECT_EQ(refused.error().code, base::Code::unsupported);
}

TEST(SharedFiles, AFolderOfTablesToldButNotFatal) {
  const std::string path = shared_data("korea/seoul-air-hourly-2018.csv");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  const auto report = import_city(path.substr(0, path.rfind('/')), sink);
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->ignored.size(), 1u);
  EXPECT_EQ(report->ignored[0].file, "seoul-air-hourly-2018.csv");
  EXPECT_EQ(report->ignored[0].error.what, "No column of the table says where things are");
  EXPECT_EQ(report->imported, 250u + 851u);
}

TEST(SharedFiles, TheWaterNetwork) {
  const std::string path = shared_data("network/ky10-water.inp");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  EXPECT_EQ(import_file(path, sink).error().code, base::Code::unsupported) << "it does not say where it lies";
  ImportOptions options;
  options.placement = Placement{-84.5, 38.0, 200, 0};
  const auto report = import(sink, path, options);
  EXPECT_EQ(sink.count("WaterNetworkNode"), 920u + 2 + 13);
  EXPECT_EQ(sink.count("Pipe"), 1'043u);
  EXPECT_EQ(sink.count("Pump"), 13u);
  EXPECT_EQ(sink.count("Valve"), 5u);
  EXPECT_EQ(report.warnings_count, 0u);
  const std::string pipe = "urn:ngsi-ld:Pipe:ky10-water-P-1";
  EXPECT_EQ(sink.value(pipe, "diameter"), Value(203.2)) << "8 inches";
  EXPECT_NEAR(twin::as_number(sink.value(pipe, "length")), 494.25 * 0.3048, 1e-6);
  const auto line = std::get<twin::Geometry>(sink.value(pipe, "location"));
  ASSERT_EQ(line.positions.size(), 7u) << "5 vertices between its nodes";
  const auto slope = [&](size_t i) {
    const twin::Position &a = line.positions[i], &b = line.positions[i + 1];
    return (b.height_m - a.height_m) / distance_m(a, b);
  };
  for (size_t i = 1; i < 6; ++i) EXPECT_NEAR(slope(i), slope(0), 1e-3) << "it rises evenly along its way";
  EXPECT_EQ(sink.value(pipe, "name"), Value(twin::Json{R"({"@none":"P-1"})"}));
  const std::string node = "urn:ngsi-ld:WaterNetworkNode:ky10-water-J-1";
  EXPECT_NEAR(twin::as_number(sink.value(node, "elevation")), 715.4852 * 0.3048, 1e-6);
  EXPECT_NEAR(line.positions.front().height_m, 200 + 715.4852 * 0.3048, 1e-6);
  // 5765080.5 - 5760111.035 and 3843715 - 3856777.5 feet from the middle.
  const LocalFrame frame({-84.5, 38.0, 200});
  const Vector local = frame.local_of({line.positions.front().longitude_deg, line.positions.front().latitude_deg, 200});
  EXPECT_NEAR(local.x, 4'969.465 * 0.3048, 0.5);
  EXPECT_NEAR(local.y, -13'062.5 * 0.3048, 0.5);
  EXPECT_EQ(import(sink, path, options).imported, 0u);
}

TEST(SharedFiles, TheRoadsOfBologna) {
  const std::string path = shared_data("traffic/bologna-acosta/acosta_buslanes.net.xml");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  const auto report = import(sink, path);
  EXPECT_EQ(report.warnings_count, 0u);
  EXPECT_EQ(sink.count("RoadSegment"), 178u);
  EXPECT_EQ(sink.count("Junction"), 112u);
  EXPECT_EQ(sink.count("TrafficSignal"), 7u);
  EXPECT_EQ(sink.count("TurnRestriction"), 99u);
  EXPECT_LT(off_m(sink, "urn:ngsi-ld:Junction:acosta-buslanes-78", 11.326665594750239, 44.49926442597169), 0.01);
  size_t lanes = 0, closed = 0;
  for (const auto& [id, entity] : sink.entities) {
    if (!id.starts_with("urn:ngsi-ld:RoadSegment:")) continue;
    lanes += static_cast<size_t>(twin::as_number(entity.find(sink.term("laneCount"))->value));
    closed += entity.find(sink.term("motorVehicle")) != nullptr ? 1u : 0u;
  }
  EXPECT_EQ(lanes, 266u);
  EXPECT_EQ(closed, 14u);
  const std::string road = "urn:ngsi-ld:RoadSegment:acosta-buslanes-1";
  EXPECT_NEAR(twin::as_number(sink.value(road, "maximumAllowedSpeed")), 50.0, 0.01) << "13.89 m/s";
  const auto programs =
      std::get<twin::Json>(sink.value("urn:ngsi-ld:TrafficSignal:acosta-buslanes-209", "signalPrograms"));
  EXPECT_TRUE(
      programs.text.starts_with(R"([{"id":"0","type":"static","offset":0,"phases":[{"duration":42,"state":"GrGGGGg"})"))
      << programs.text;
  MemorySink pasubio;
  import(pasubio, shared_data("traffic/bologna-pasubio/pasubio_buslanes.net.xml"));
  EXPECT_EQ(pasubio.count("RoadSegment"), 111u);
  EXPECT_EQ(pasubio.count("TrafficSignal"), 8u);
  EXPECT_EQ(pasubio.count("TurnRestriction"), 78u);
  EXPECT_LT(off_m(pasubio, "urn:ngsi-ld:Junction:pasubio-buslanes-0", 11.309491112088068, 44.4988341852785), 0.01);
}

}  // namespace
}  // namespace cityloom::space

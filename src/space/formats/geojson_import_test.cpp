// GeoJSON of all shapes, and what hostile ones come to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "space/coordinates.hpp"
#include "space/testing/memory_sink.hpp"

namespace cityloom::space {
namespace {

using ::testing::HasSubstr;
using testing::MemorySink;
using twin::Value;

ImportReport import(MemorySink& sink, const std::string& bytes, const std::string& name = "plan.geojson",
                    const ImportOptions& options = {}) {
  auto report = import_bytes(name, bytes, sink, options);
  EXPECT_TRUE(report.ok()) << (report ? "" : report.error().text());
  return report ? *report : ImportReport{};
}

std::string collection(const std::string& features, const std::string& more = "") {
  return R"({"type":"FeatureCollection",)" + more + R"("features":[)" + features + "]}";
}

std::string point(const std::string& id, const std::string& properties, const std::string& coordinates = "[127,37.5]") {
  return R"({"type":"Feature","id":)" + id + R"(,"properties":)" + properties +
         R"(,"geometry":{"type":"Point","coordinates":)" + coordinates + "}}";
}

TEST(GeoJson, PropertiesOfEveryTypeBecomeAttributes) {
  MemorySink sink;
  const auto report = import(sink, collection(point("7", R"({"name":"한강","관측소 수":3,"ratio":0.5,"open":true,
      "none":null,"tags":{"a":[1,{"b":"다"}]},"type":"x","2018":"y","text":""})")));
  EXPECT_EQ(report.imported, 1u);
  EXPECT_EQ(report.warnings_count, 0u);
  const std::string id = "urn:ngsi-ld:GeographicFeature:plan-7";
  EXPECT_EQ(sink.value(id, "name"), Value(twin::Json{R"({"@none":"한강"})"}));
  EXPECT_EQ(sink.value(id, "관측소_수"), Value(int64_t{3}));
  EXPECT_EQ(sink.value(id, "ratio"), Value(0.5));
  EXPECT_EQ(sink.value(id, "open"), Value(true));
  EXPECT_EQ(sink.value(id, "tags"), Value(twin::Json{R"({"a":[1,{"b":"다"}]})"}));
  EXPECT_EQ(sink.attribute(id, "tags")->kind, twin::AttributeKind::json_property);
  EXPECT_EQ(sink.value(id, "type_"), Value(std::string("x")));
  EXPECT_EQ(sink.value(id, "n2018"), Value(std::string("y")));
  EXPECT_EQ(sink.attribute(id, "none"), nullptr);
  EXPECT_EQ(sink.value(id, "location"), Value(twin::Geometry::point({127, 37.5})));
}

TEST(GeoJson, OldCrsMembersAreEastingFirst) {
  // The central origin of Korea 2000 / Central Belt 2010: 127 E, 38 N is 200000, 600000.
  MemorySink sink;
  import(sink, collection(point("\"a\"", "{}", "[200000,600000]"),
                          R"("crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::5186"}},)"));
  const auto location = std::get<twin::Geometry>(sink.value("urn:ngsi-ld:GeographicFeature:plan-a", "location"));
  EXPECT_NEAR(location.positions[0].longitude_deg, 127, 1e-7);
  EXPECT_NEAR(location.positions[0].latitude_deg, 38, 1e-7);
  ImportOptions options;
  options.crs = "EPSG:5186";
  MemorySink other;
  import(other, collection(point("\"a\"", "{}", "[200000,600000]")), "plan.geojson", options);
  EXPECT_EQ(other.value("urn:ngsi-ld:GeographicFeature:plan-a", "location"),
            sink.value("urn:ngsi-ld:GeographicFeature:plan-a", "location"));
}

TEST(GeoJson, LinesSequencesAndSingleOnesAreReadToo) {
  MemorySink sink;
  EXPECT_EQ(
      import(sink, point("1", "{}") + "\n" + point("2", "{}") + "\n\x1E" + point("3", "{}"), "a.geojsonl").imported,
      3u);
  EXPECT_EQ(import(sink, R"({"type":"LineString","coordinates":[[127,37],[127.1,37]]})", "b.json").imported, 1u);
  EXPECT_EQ(import(sink, "\xEF\xBB\xBF" + collection(""), "c.geojson").imported, 0u);
}

TEST(GeoJson, IdsAreStableFromContentWhereTheFileHasNone) {
  MemorySink sink;
  const std::string one =
      R"({"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordinates":[127,37]}})";
  const std::string two =
      R"({"type":"Feature","properties":{"a":2},"geometry":{"type":"Point","coordinates":[127,37]}})";
  EXPECT_EQ(import(sink, collection(one + "," + two)).imported, 2u);
  const auto again = import(sink, collection(two + "," + one));
  EXPECT_EQ(again.unchanged, 2u) << "their order does not matter";
  EXPECT_EQ(import(sink, collection(one)).removed, 1u);
  MemorySink twice;
  EXPECT_EQ(import(twice, collection(one + "," + one)).imported, 2u) << "equal ones are both kept";
  EXPECT_EQ(import(twice, collection(point("1", "{}") + "," + point("1", "{}"))).warnings_count, 1u);
}

TEST(GeoJson, OneBadFeatureIsNamedAndTheOthersAreImported) {
  MemorySink sink;
  const std::string deep(100'000, '[');
  const std::string undeep(100'000, ']');
  const auto report =
      import(sink, collection(point("1", "{}") + "," + point("2", "{}", "[NaN,1]") + "," + point("3", "{}", "[1e9,1]") +
                              "," + point("4", "{}", deep + undeep) + "," + point("5", "{}", "[1e999,1]") + "," +
                              point("6", "{}", "[\"127\",37]") + "," + "17" + "," +
                              point("8", "{\"a\":" + deep + undeep + "}") +
                              R"(,{"type":"Feature","id":9,"properties":null,"geometry":null},)" + point("10", "{}")));
  EXPECT_EQ(report.imported, 3u) << "1, 9 without a place, 10";
  EXPECT_EQ(report.warnings_count, 8u);
  std::string all;
  for (const auto& warning : report.warnings) all += warning.object + ": " + warning.reason + "\n";
  EXPECT_THAT(all, HasSubstr("feature 3: a longitude"));
  EXPECT_THAT(all, HasSubstr("option crs"));
  EXPECT_THAT(all, HasSubstr("feature 4: it is nested more than 500 deep"));
  EXPECT_THAT(all, HasSubstr("feature 6: a position holds something else than numbers (coordinates)"));
}

TEST(GeoJson, RingsArePutInOrderAndCollectionsSorted) {
  MemorySink sink;
  const auto report =
      import(sink, R"({"type":"Feature","id":"x","properties":{},"geometry":{"type":"GeometryCollection",
    "geometries":[{"type":"Point","coordinates":[127,37]},{"type":"GeometryCollection","geometries":[
      {"type":"Polygon","coordinates":[[[127,37],[127,38],[128,38],[128,37]],[[127.1,37.1],[127.2,37.1],[127.2,37.2],[127.1,37.1]]]}]}]}})");
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_EQ(report.warnings[0].reason, "an open ring was closed");
  const std::string id = "urn:ngsi-ld:GeographicFeature:plan-x";
  const auto area = std::get<twin::Geometry>(sink.value(id, "location"));
  EXPECT_TRUE(area.check().ok());
  EXPECT_EQ(area.kind, twin::GeometryKind::polygon);
  ASSERT_EQ(area.line_ends.size(), 2u);
  EXPECT_EQ(area.positions[1], (twin::Position{128, 37})) << "outside counter-clockwise";
  EXPECT_EQ(sink.value(id, "points"), Value(twin::Geometry::point({127, 37})));
}

TEST(GeoJson, PipesAreKnownByTheirColumnsInKorean) {
  MemorySink sink;
  import(sink,
         collection(
             R"j({"type":"Feature","properties":{"관리번호":"G-1","시설물종류":"도시가스","관경(mm)":300,"심도":"1.2",
    "최저깊이":1.1,"최고깊이":1.4,"재질":"PE","설치일자":"19980517","관리기관":"서울도시가스","탐사구분":"탐사"},
    "geometry":{"type":"LineString","coordinates":[[127,37.5],[127.001,37.5]]}})j"));
  const std::string id = "urn:ngsi-ld:Pipe:plan-G-1";
  ASSERT_EQ(sink.count("Pipe"), 1u);
  EXPECT_EQ(sink.value(id, "network"), Value(std::string("gas")));
  EXPECT_EQ(sink.value(id, "diameter"), Value(int64_t{300}));
  EXPECT_EQ(sink.terms().text(sink.attribute(id, "diameter")->unit), "MMT");
  EXPECT_EQ(sink.value(id, "depth"), Value(1.2));
  EXPECT_EQ(sink.value(id, "depthMin"), Value(1.1));
  EXPECT_EQ(sink.value(id, "depthMax"), Value(1.4));
  EXPECT_EQ(sink.value(id, "installedAt"), Value(std::string("1998-05-17")));
  EXPECT_EQ(sink.value(id, "owner"), Value(std::string("서울도시가스")));
  EXPECT_EQ(sink.value(id, "accuracyClass"), Value(std::string("KR:detected")));
}

TEST(GeoJson, WhatATwinExportedComesBackUnderItsOwnId) {
  MemorySink sink;
  import(sink, collection(point("\"urn:ngsi-ld:Building:osm-way-1\"", R"({"type":"Building","height":12})")),
         "out.geojson");
  EXPECT_EQ(sink.value("urn:ngsi-ld:Building:osm-way-1", "height"), Value(int64_t{12}));
}

TEST(GeoJson, DamagedFilesAreFoundBeforeAnythingIsWritten) {
  for (const std::string& bytes : {R"({"type":"FeatureCollection","features":[)" + point("1", "{}") + ",{\"type\":",
                                   collection(point("1", "{}")) + "]", std::string(R"({"type":"Feature")"),
                                   R"({"type":"FeatureCollection","features":[)" + point("1", "{}") + "}"}) {
    MemorySink sink;
    const auto report = import_bytes("a.geojson", bytes, sink, {});
    ASSERT_FALSE(report.ok()) << bytes;
    EXPECT_EQ(report.error().code, base::Code::corrupt);
    EXPECT_TRUE(sink.entities.empty());
  }
  MemorySink sink;
  const auto city = import_bytes("a.json", R"({"type":"CityJSON","vertices":[]})", sink, {});
  EXPECT_TRUE(!city.ok() || city->files.size() == 1) << "it is not GeoJSON's";
}

// Heights above a sea level without a grid: once as they were, off by 23 m, and nobody told.
TEST(GeoJson, HeightsAboveASeaLevelWithoutItsGridAreTakenByEgm96AndTold) {
  const auto geoid = CoordinateSystem::open("EPSG:4326+5773")->to_wgs84({37.55, 127, 0});
  ASSERT_NEAR(geoid->height_m, 23, 2);
  for (const auto& [name, bytes] :
       {std::pair("wells.csv", "id,x,y,z\n1,200000,550000,10\n"),
        std::pair("wells.geojson",
                  R"({"type":"Feature","id":"1","geometry":{"type":"Point","coordinates":[200000,550000,10]}})")}) {
    testing::MemorySink sink;
    ImportOptions options;
    options.crs = "EPSG:5186+5193";
    options.type = "Well";
    if (std::string(name).ends_with("csv")) options.columns = {{"lon", "x"}, {"lat", "y"}, {"height", "z"}};
    const auto report = import_bytes(name, bytes, sink, options);
    ASSERT_TRUE(report.ok()) << report.error().text();
    ASSERT_EQ(report->warnings_count, 1u) << name;
    EXPECT_THAT(report->warnings[0].reason, ::testing::HasSubstr("Incheon height need the grid of its sea level"));
    const auto* place = std::get_if<twin::Geometry>(&sink.attribute("urn:ngsi-ld:Well:wells-1", "location")->value);
    ASSERT_NE(place, nullptr);
    EXPECT_NEAR(place->positions[0].height_m, 10 + geoid->height_m, 0.1) << name;
  }
}

}  // namespace
}  // namespace cityloom::space

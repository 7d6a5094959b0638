// Real city models, against coordinates and counts computed apart. How: places by cs2cs of PROJ 9.1.1 from the file's
// own numbers; the geoid by bilinear interpolation in egm96_15.gtx, read with a script of its own; counts with grep.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "space/city/body.hpp"
#include "space/earth.hpp"
#include "space/space.hpp"
#include "space/testing/memory_sink.hpp"
#include "space/testing/shared_data.hpp"

namespace cityloom::space {
namespace {

using ::testing::HasSubstr;
using testing::MemorySink;
using twin::Value;

constexpr double centimetre_deg = 1e-7;

ImportReport import(MemorySink& sink, const std::string& path) {
  auto report = import_file(path, sink);
  EXPECT_TRUE(report.ok()) << (report ? "" : report.error().text());
  return report ? *report : ImportReport{};
}

Body body_in(MemorySink& sink, const std::string& id) {
  const twin::Attribute* attribute = sink.attribute(id, "body");
  if (attribute == nullptr) return {};
  auto body = body_of(*attribute, Vocabulary::find(sink.terms()));
  return body ? *body : Body{};
}

// Whether one of the body's corners is there, to a centimetre.
bool has_corner(const Body& body, double latitude_deg, double longitude_deg, double height_m) {
  return std::any_of(body.faces.positions.begin(), body.faces.positions.end(), [&](const twin::Position& p) {
    return std::abs(p.latitude_deg - latitude_deg) < centimetre_deg &&
           std::abs(p.longitude_deg - longitude_deg) < 2 * centimetre_deg && std::abs(p.height_m - height_m) < 0.02;
  });
}

std::string all_reasons(const ImportReport& report) {
  std::string text;
  for (const auto& warning : report.warnings) text += warning.object + ": " + warning.reason + "\n";
  return text;
}

double height_of(const MemorySink& sink, const std::string& id) {
  return twin::as_number(sink.value(id, "height"));
}

size_t type_count(const Body& body, SurfaceType type) {
  return static_cast<size_t>(std::count(body.types.begin(), body.types.end(), type));
}

TEST(CityShared, BerlinCityGml1) {
  const std::string path = testing::shared_data("buildings/berlin-lod2-citygml1.gml");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  const auto report = import(sink, path);
  EXPECT_EQ(sink.count("Building"), 61u);
  size_t walls = 0, roofs = 0, grounds = 0;
  for (const auto& [id, entity] : sink.entities) {
    const Body body = body_in(sink, id);
    walls += type_count(body, SurfaceType::wall);
    roofs += type_count(body, SurfaceType::roof);
    grounds += type_count(body, SurfaceType::ground);
  }
  EXPECT_EQ(std::tuple(walls, roofs, grounds), std::tuple(793u, 249u, 83u));
  const std::string id = "urn:ngsi-ld:Building:BLDG_0003000e002837e8";
  // 390515.519595831 5819426.2771978, 31.9799995 m, geoid 39.5615 m.
  EXPECT_TRUE(has_corner(body_in(sink, id), 52.513943303, 13.386595163, 31.98 + 39.5615));
  EXPECT_NEAR(height_of(sink, id), 56.5 - 31.98, 0.006);
  EXPECT_EQ(sink.value(id, "roofShape"), Value(std::string("many")));
  EXPECT_THAT(all_reasons(report), HasSubstr("ETRS89 / UTM zone 33N has no heights of its own"));
}

TEST(CityShared, TestHousesCityGml3) {
  const std::string path = testing::shared_data("buildings/lod2-citygml3.gml");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  import(sink, path);
  EXPECT_EQ(sink.count("Building"), 100u);
  const std::string id = "urn:ngsi-ld:Building:FZK_GUID_1F3E679D-E226-4535-926C-7390977FB25A";
  const Body body = body_in(sink, id);
  EXPECT_EQ(body.types.size(), 7u) << "the solid links to the faces of its surfaces";
  // 6 m north, 8 m east of the corner of Soldner Berlin, 0 m, geoid 40.5786 m.
  EXPECT_TRUE(has_corner(body, 52.325978059, 13.038840864, 40.579));
  EXPECT_EQ(height_of(sink, id), 11.0);
  EXPECT_EQ(sink.attribute(id, "height")->members[0].value, Value(std::string("measured")));
  EXPECT_EQ(sink.value(id, "levels"), Value(int64_t{5}));
  EXPECT_EQ(sink.value(id, "yearOfConstruction"), Value(int64_t{1929}));
  EXPECT_EQ(sink.value(id, "roofShape"), Value(std::string("gabled")));
  EXPECT_EQ(sink.value(id, "name"), Value(std::string("Testcase-0-0_LoD2")));
}

TEST(CityShared, YokosukaCityGml2WithTextures) {
  const std::string path = testing::shared_data("buildings/yokosuka-lod2-citygml2-plateau.gml");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  const auto report = import(sink, path);
  EXPECT_EQ(sink.count("Building"), 13u);
  EXPECT_EQ(sink.count("BuildingPart"), 2u);
  EXPECT_EQ(sink.assets.size(), 3u);
  const std::string id = "urn:ngsi-ld:Building:bldg_787d830e-2534-410a-8a2a-a531efeb2533";
  EXPECT_EQ(height_of(sink, id), 6.0);
  EXPECT_EQ(sink.value(id, "name"), Value(std::string("横須賀美術館")));
  // Latitude first, 10.50085 m above the sea, geoid 35.3165 m (EGM96 instead of the Japanese grid).
  EXPECT_TRUE(has_corner(body_in(sink, id), 35.259629544, 139.738922680, 10.50085 + 35.3165));
  EXPECT_THAT(all_reasons(report), HasSubstr("EGM96 was taken instead"));
  size_t textured = 0, buildings = 0;
  for (const auto& [entity_id, entity] : sink.entities) {
    const Body body = body_in(sink, entity_id);
    for (int32_t texture : body.textures) textured += texture >= 0 ? 1u : 0u;
    if (!body.texture_list.empty()) ++buildings;
    for (const CityTexture& texture : body.texture_list) {
      EXPECT_TRUE(sink.assets.contains(texture.asset));
      EXPECT_EQ(texture.media_type, "image/jpeg");
    }
  }
  EXPECT_EQ(textured, 335u) << "as many as the file has lists of texture coordinates";
  EXPECT_EQ(buildings, 3u);
  const auto again = import(sink, path);
  EXPECT_EQ(again.imported, 0u);
}

TEST(CityShared, DelftCityJson) {
  const std::string path = testing::shared_data("buildings/delft-lod1.city.json");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  import(sink, path);
  EXPECT_EQ(sink.count("Building"), 160u);
  EXPECT_EQ(sink.count("Road"), 143u);
  EXPECT_EQ(sink.count("PlantCover"), 126u);
  EXPECT_EQ(sink.count("LandUse"), 81u);
  EXPECT_EQ(sink.count("GenericCityObject"), 54u);
  EXPECT_EQ(sink.count("Bridge"), 3u);
  EXPECT_EQ(sink.count("WaterBody"), 3u);
  const std::string id = "urn:ngsi-ld:Building:b1105d28c-00ba-11e6-b420-2bdcc4ab5d7f";
  EXPECT_EQ(height_of(sink, id), 6.0);
  const Value location = sink.value(id, "location");
  const auto* outline = std::get_if<twin::Geometry>(&location);
  ASSERT_NE(outline, nullptr);
  // The corner of its smallest x and y, 84983.297 447463.655; north of the Dutch grid is 0.8 degrees off here.
  const twin::Box box = twin::bounds_of(*outline);
  EXPECT_NEAR(box.south_deg, 52.011113850, 2e-5);
  EXPECT_NEAR(box.west_deg, 4.367345385, 3e-5);
}

TEST(CityShared, RotterdamCityJson) {
  const std::string path = testing::shared_data("buildings/rotterdam-delfshaven-lod2.city.json");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  const auto report = import(sink, path);
  EXPECT_EQ(sink.count("Building"), 853u);
  EXPECT_THAT(all_reasons(report), HasSubstr("appearances/0320_0_13.jpg: There is no such picture"));
  const std::string id = "urn:ngsi-ld:Building:10A31B7E-8FC2-45EE-836A-1DB9FEF06E04";
  EXPECT_NEAR(height_of(sink, id), 18.417, 0.006);
  EXPECT_EQ(sink.attribute(id, "height")->members[0].value, Value(std::string("model")));
  EXPECT_EQ(import(sink, path).unchanged, 853u);
}

TEST(CityShared, ReliefIsLeftToTheTerrain) {
  const std::string path = testing::shared_data("terrain/yokosuka-relief-citygml2.gml");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  import(sink, path);
  EXPECT_EQ(sink.count("Building"), 0u);
}

}  // namespace
}  // namespace cityloom::space

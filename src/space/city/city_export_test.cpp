// Out and in again: what was exported and imported into an empty record says the same.
#include "space/city/city_export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "space/city/body.hpp"
#include "space/city/city_attributes.hpp"
#include "space/space.hpp"
#include "space/testing/shared_data.hpp"
#include "space/testing/zip_writer.hpp"
#include "store/store.hpp"

namespace cityloom::space {
namespace {

class CityExport : public ::testing::Test {
 protected:
  std::unique_ptr<thread::Thread> open() {
    auto opened = thread::Thread::open(store::make_memory_store(), clock_);
    EXPECT_TRUE(opened.ok()) << opened.error().text();
    return std::move(*opened);
  }
  static void import(thread::Thread& thread, const std::string& name, const std::string& bytes) {
    ThreadSink sink(thread);
    const auto report = import_bytes(name, bytes, sink);
    ASSERT_TRUE(report.ok()) << report.error().text();
  }
  static std::string written(const thread::Thread& thread, const ExportRequest& request) {
    std::string text;
    const auto report = export_city(thread.snapshot(), thread.terms(), request, [&](std::string_view piece) {
      text += piece;
      return base::Status();
    });
    EXPECT_TRUE(report.ok()) << report.error().text();
    return text;
  }
  static std::map<std::string, twin::Entity> all(const thread::Thread& thread) {
    std::map<std::string, twin::Entity> entities;
    const auto status = thread.snapshot().each({}, [&](const twin::EntityRecord& record) {
      entities[std::string(record.id())] = record.unpack();
      return true;
    });
    EXPECT_TRUE(status.ok());
    return entities;
  }

  base::SystemClock clock_;
};

std::string short_name(std::string_view iri) {
  return std::string(iri.substr(iri.find_last_of('/') + 1));
}

// Of all rings, holes counting less, in square degrees times 1e9.
double area_of(const twin::Geometry& geometry) {
  double doubled = 0;
  uint32_t start = 0;
  for (uint32_t end : geometry.line_ends) {
    const twin::Position& origin = geometry.positions[start];
    for (uint32_t i = start + 1; i < end; ++i) {
      const twin::Position &one = geometry.positions[i - 1], &next = geometry.positions[i];
      doubled += (one.longitude_deg - origin.longitude_deg) * (next.latitude_deg - origin.latitude_deg) -
                 (next.longitude_deg - origin.longitude_deg) * (one.latitude_deg - origin.latitude_deg);
    }
    start = end;
  }
  return doubled / 2 * 1e9;
}

// An outline of many faces is joined anew, on a grid of a millimetre: a corner on a straight side may come or go.
void expect_same_outline(const twin::Geometry& a, const twin::Geometry& b, const std::string& what) {
  EXPECT_NEAR(area_of(a), area_of(b), 1e-4 * area_of(a)) << what;
  const twin::Box one = twin::bounds_of(a), other = twin::bounds_of(b);
  EXPECT_NEAR(one.west_deg, other.west_deg, 2e-8) << what;
  EXPECT_NEAR(one.east_deg, other.east_deg, 2e-8) << what;
  EXPECT_NEAR(one.south_deg, other.south_deg, 2e-8) << what;
  EXPECT_NEAR(one.north_deg, other.north_deg, 2e-8) << what;
}

void expect_near(const twin::Geometry& a, const twin::Geometry& b, const std::string& what) {
  if (what.ends_with("location") && a.positions.size() != b.positions.size()) return expect_same_outline(a, b, what);
  ASSERT_EQ(a.positions.size(), b.positions.size()) << what;
  EXPECT_EQ(a.line_ends, b.line_ends) << what;
  EXPECT_EQ(a.polygon_ends, b.polygon_ends) << what;
  for (size_t i = 0; i < a.positions.size(); ++i) {
    ASSERT_NEAR(a.positions[i].longitude_deg, b.positions[i].longitude_deg, 2e-9) << what;
    ASSERT_NEAR(a.positions[i].latitude_deg, b.positions[i].latitude_deg, 2e-9) << what;
    if (a.positions[i].has_height()) {
      ASSERT_NEAR(a.positions[i].height_m, b.positions[i].height_m, 2e-3) << what;
    }
  }
}

// Every attribute but where it came from.
void expect_same(const twin::Entity& a, const twin::TermTable& a_terms, const twin::Entity& b,
                 const twin::TermTable& b_terms) {
  std::map<std::pair<std::string, std::string>, const twin::Attribute*> theirs;
  for (const twin::Attribute& attribute : b.attributes) {
    theirs[{short_name(b_terms.text(attribute.name)), std::string(b_terms.text(attribute.dataset))}] = &attribute;
  }
  EXPECT_EQ(a.attributes.size(), b.attributes.size()) << a.id;
  for (const twin::Attribute& attribute : a.attributes) {
    const std::string name = short_name(a_terms.text(attribute.name));
    const auto found = theirs.find({name, std::string(a_terms.text(attribute.dataset))});
    ASSERT_NE(found, theirs.end()) << a.id << " " << name;
    if (name == "source") continue;
    const auto* mine = std::get_if<twin::Geometry>(&attribute.value);
    const auto* other = std::get_if<twin::Geometry>(&found->second->value);
    if (mine != nullptr && other != nullptr) {
      expect_near(*mine, *other, a.id + " " + name);
    } else {
      EXPECT_EQ(attribute.value, found->second->value) << a.id << " " << name;
    }
    if (name != "body") continue;
    const auto one = body_of(attribute, Vocabulary::find(a_terms));
    const auto two = body_of(*found->second, Vocabulary::find(b_terms));
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->types, two->types);
    EXPECT_EQ(one->materials, two->materials);
    EXPECT_EQ(one->material_list, two->material_list);
    EXPECT_EQ(one->textures, two->textures);
    EXPECT_EQ(one->texture_list, two->texture_list);
    ASSERT_EQ(one->texture_positions.size(), two->texture_positions.size());
    for (size_t i = 0; i < one->texture_positions.size(); ++i) {
      ASSERT_NEAR(one->texture_positions[i], two->texture_positions[i], 1e-4F);
    }
  }
}

const std::string small_city =
    R"({"type":"CityJSON","version":"1.1","transform":{"scale":[0.001,0.001,0.001],"translate":[390000,5819000,30]},
"metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/25833"},
"appearance":{"materials":[{"name":"red","diffuseColor":[0.9,0.1,0.1],"transparency":0.25}]},
"CityObjects":{"a-building-of-boxes":{"type":"Building","children":["the-part-of-the-box"],"attributes":{"measuredHeight":5.5,"roofType":"1000","function":"office","storeysAboveGround":2,"colour":"red","rank":7},
"address":[{"Country":"DE","Locality":"Berlin","ThoroughfareName":"Am Ring 5"}],
"geometry":[{"type":"Solid","lod":"2.2","boundaries":[[[[0,3,2,1]],[[4,5,6,7]],[[0,1,5,4]],[[1,2,6,5]],[[2,3,7,6]],[[3,0,4,7]]]],
"semantics":{"surfaces":[{"type":"GroundSurface"},{"type":"RoofSurface"},{"type":"WallSurface"}],"values":[[0,1,2,2,2,2]]},"material":{"m":{"values":[[null,0,null,null,null,null]]}}},
{"type":"MultiSurface","lod":"1","boundaries":[[[0,3,2,1]],[[4,5,6,7]]]}]},
"the-part-of-the-box":{"type":"BuildingPart","parents":["a-building-of-boxes"],"geometry":[{"type":"MultiSurface","lod":"1","boundaries":[[[0,3,2,1]]]}]}},
"vertices":[[0,0,0],[10000,0,0],[10000,20000,0],[0,20000,0],[0,0,5000],[10000,0,5000],[10000,20000,5000],[0,20000,5000]]})";

TEST_F(CityExport, CityJsonOutAndInAgainIsEqual) {
  const auto first = open(), second = open();
  import(*first, "small.city.json", small_city);
  const std::string text = written(*first, {});
  ASSERT_FALSE(nlohmann::json::parse(text, nullptr, false).is_discarded()) << text;
  import(*second, "again.city.json", text);
  const auto before = all(*first), after = all(*second);
  ASSERT_EQ(before.size(), 2u);
  ASSERT_EQ(after.size(), 2u);
  for (const auto& [id, entity] : before) {
    ASSERT_TRUE(after.contains(id)) << id;
    expect_same(entity, first->terms(), after.at(id), second->terms());
  }
  EXPECT_EQ(written(*second, {}), text) << "and the same file comes of it";
}

TEST_F(CityExport, RealCitiesOutAndInAgain) {
  for (const char* name :
       {"buildings/lod2-citygml3.gml", "buildings/berlin-lod2-citygml1.gml", "buildings/delft-lod1.city.json",
        "buildings/rotterdam-delfshaven-lod2.city.json", "buildings/yokosuka-lod2-citygml2-plateau.gml"}) {
    SCOPED_TRACE(name);
    const std::string path = testing::shared_data(name);
    CITYLOOM_REQUIRE_SHARED(path);
    const auto first = open(), second = open();
    ThreadSink sink(*first);
    ASSERT_TRUE(import_file(path, sink).ok());
    // With the pictures, under the names that the file gives them.
    std::map<std::string, std::string> files{{"again.city.json", written(*first, {})}};
    for (const auto& [id, entity] : all(*first)) {
      for (const twin::Attribute& attribute : entity.attributes) {
        const auto body = body_of(attribute, Vocabulary::find(first->terms()));
        for (const CityTexture& texture : body ? body->texture_list : std::vector<CityTexture>()) {
          const auto picture = first->asset(texture.asset);
          ASSERT_TRUE(picture.ok()) << texture.image;
          files[texture.image] = **picture;
        }
      }
    }
    EXPECT_EQ(files.size(), std::string(name).find("yokosuka") != std::string::npos ? 4u : 1u);
    import(*second, "again.zip", testing::zip_of(files));
    const auto before = all(*first), after = all(*second);
    ASSERT_EQ(before.size(), after.size());
    for (const auto& [id, entity] : before) {
      ASSERT_TRUE(after.contains(id)) << id;
      expect_same(entity, first->terms(), after.at(id), second->terms());
    }
  }
}

// A tree of which only the place is known is of two types, the one for drawing known before the other.
TEST_F(CityExport, RoomsAndTreesAreOfTheTypesThatCityJsonHas) {
  const auto first = open(), second = open();
  import(
      *first, "trees.geojson",
      R"({"type":"Feature","id":"urn:ngsi-ld:Tree:1","geometry":{"type":"Point","coordinates":[13.4,52.5]},"properties":{}})");
  import(
      *first, "small.city.json",
      R"({"type":"CityJSON","version":"2.0","transform":{"scale":[0.001,0.001,0.001],"translate":[390000,5819000,30]},
"metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/25833"},"CityObjects":{
"a-tree-at-a-point":{"type":"SolitaryVegetationObject","geometry":[{"type":"MultiPoint","lod":"1","boundaries":[0]}]},
"house-with-a-room":{"type":"Building","children":["room-of-the-house"]},
"room-of-the-house":{"type":"BuildingRoom","parents":["house-with-a-room"],"geometry":[{"type":"MultiSurface","lod":"3","boundaries":[[[0,1,2]]]}]}},
"vertices":[[0,0,0],[10000,0,0],[10000,20000,0]]})");
  import(*second, "again.city.json", written(*first, {}));
  const auto before = all(*first), after = all(*second);
  ASSERT_EQ(before.at("urn:ngsi-ld:SolitaryVegetationObject:a-tree-at-a-point").types.size(), 2u);
  ASSERT_EQ(after.size(), 3u);
  for (const auto& [id, entity] : after) {
    ASSERT_TRUE(before.contains(id)) << id;
    expect_same(before.at(id), first->terms(), entity, second->terms());
    EXPECT_EQ(entity.types.size(), before.at(id).types.size()) << id;
  }
}

// What GeoJSON holds of an entity: all but where it came from, bodies, and instances beside the default one.
std::vector<std::string> plain_of(const twin::Entity& entity, const twin::TermTable& terms) {
  std::vector<std::string> all;
  for (const twin::Attribute& attribute : entity.attributes) {
    const std::string name = short_name(terms.text(attribute.name));
    const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
    if (attribute.dataset.exists() || name == "source" || (geometry != nullptr && name != "location")) continue;
    // GeoJSON has one word for both.
    const bool is_json = attribute.kind == twin::AttributeKind::json_property;
    const auto kind = is_json ? twin::AttributeKind::property : attribute.kind;
    std::string text =
        name + " " + std::to_string(static_cast<int>(kind)) + " " + std::string(terms.text(attribute.unit)) + " ";
    if (geometry == nullptr) text += json_of(attribute.value);
    for (const auto& position : geometry == nullptr ? std::vector<twin::Position>() : geometry->positions) {
      text += number_text(position.longitude_deg) + " " + number_text(position.latitude_deg) + " " +
              number_text(position.has_height() ? position.height_m : -1) + ",";
    }
    all.push_back(text);
  }
  std::sort(all.begin(), all.end());
  return all;
}

const std::string all_kinds_of_features =
    R"({"type":"FeatureCollection","features":[
{"type":"Feature","id":"main-1","geometry":{"type":"LineString","coordinates":[[127.1,37.5,31.5],[127.2,37.6,30.25]]},"properties":{"network":"water","diameter":300,"depth":1.2,"material":"DCIP"}},
{"type":"Feature","id":"house-1","geometry":{"type":"MultiPolygon","coordinates":[[[[127,37],[127.01,37],[127.01,37.01],[127,37]],[[127.005,37.001],[127.007,37.003],[127.007,37.001],[127.005,37.001]]]]},"properties":{"building":"yes","height":12.5,"name":"집","name:en":"House","is open":true,"floors":[1,2,{"a":null}]}},
{"type":"Feature","id":"points-1","geometry":{"type":"MultiPoint","coordinates":[[127,37],[127.5,37.5]]},"properties":{"text":"a \"quoted\" text","owner":"urn:other:7"}},
{"type":"Feature","id":"lines-1","geometry":{"type":"MultiLineString","coordinates":[[[127,37],[127.5,37.5]],[[1,2],[3,4]]]},"properties":{}}]})";

TEST_F(CityExport, GeoJsonOutAndInAgainIsEqual) {
  const auto first = open(), second = open();
  import(*first, "features.geojson", all_kinds_of_features);
  import(*first, "small.city.json", small_city);
  ExportRequest request;
  request.format = ExportFormat::geo_json;
  const std::string text = written(*first, request);
  import(*second, "again.geojson", text);
  const auto before = all(*first), after = all(*second);
  ASSERT_EQ(before.size(), 6u);
  ASSERT_EQ(after.size(), 6u) << text;
  for (const auto& [id, entity] : before) {
    ASSERT_TRUE(after.contains(id)) << id;
    EXPECT_EQ(plain_of(entity, first->terms()), plain_of(after.at(id), second->terms())) << id;
  }
}

TEST_F(CityExport, GeoJsonOfARealCityOutAndInAgain) {
  for (const char* name : {"seoul-jamsil/seoul-jamsil.osm", "buildings/berlin-lod2-citygml1.gml"}) {
    SCOPED_TRACE(name);
    const std::string path = testing::shared_data(name);
    CITYLOOM_REQUIRE_SHARED(path);
    const auto first = open(), second = open();
    ThreadSink sink(*first);
    ASSERT_TRUE(import_file(path, sink).ok());
    ExportRequest request;
    request.format = ExportFormat::geo_json;
    import(*second, "again.geojson", written(*first, request));
    const auto before = all(*first), after = all(*second);
    size_t compared = 0;
    for (const auto& [id, entity] : before) {
      if (entity.find(twin::terms::location) == nullptr) continue;
      ASSERT_TRUE(after.contains(id)) << id;
      ASSERT_EQ(plain_of(entity, first->terms()), plain_of(after.at(id), second->terms())) << id;
      ++compared;
    }
    EXPECT_EQ(compared, after.size());
    EXPECT_GT(compared, 60u);
  }
}

TEST_F(CityExport, GeoJsonOfABoxAndATypeOnly) {
  const auto thread = open();
  import(*thread, "small.city.json", small_city);
  ExportRequest request;
  request.format = ExportFormat::geo_json;
  request.types = {"BuildingPart"};
  auto json = nlohmann::json::parse(written(*thread, request));
  ASSERT_EQ(json["features"].size(), 1u);
  EXPECT_EQ(json["features"][0]["id"], "urn:ngsi-ld:BuildingPart:the-part-of-the-box");
  EXPECT_EQ(json["features"][0]["properties"]["partOf"], "urn:ngsi-ld:Building:a-building-of-boxes");
  request.types.clear();
  request.box = twin::Box{13.37, 52.50, 13.39, 52.52};
  EXPECT_EQ(nlohmann::json::parse(written(*thread, request))["features"].size(), 2u);
  request.box = twin::Box{14, 52, 15, 53};
  EXPECT_EQ(nlohmann::json::parse(written(*thread, request))["features"].size(), 0u);
}

}  // namespace
}  // namespace cityloom::space

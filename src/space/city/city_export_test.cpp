// Out and in again: what was exported and imported into an empty record says the same.
#include "space/city/city_export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "space/city/body.hpp"
#include "space/space.hpp"
#include "space/testing/shared_data.hpp"
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

void expect_near(const twin::Geometry& a, const twin::Geometry& b, const std::string& what) {
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
  for (const char* name : {"buildings/lod2-citygml3.gml", "buildings/berlin-lod2-citygml1.gml"}) {
    const std::string path = testing::shared_data(name);
    CITYLOOM_REQUIRE_SHARED(path);
    const auto first = open(), second = open();
    ThreadSink sink(*first);
    ASSERT_TRUE(import_file(path, sink).ok());
    import(*second, "again.city.json", written(*first, {}));
    const auto before = all(*first), after = all(*second);
    ASSERT_EQ(before.size(), after.size());
    for (const auto& [id, entity] : before) {
      ASSERT_TRUE(after.contains(id)) << id;
      expect_same(entity, first->terms(), after.at(id), second->terms());
    }
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

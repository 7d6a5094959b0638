// The tiles of a record: every building once, within its tile's volume, and only what changed is made again.
#include "space/tiles/tiles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "space/earth.hpp"
#include "space/space.hpp"
#include "space/testing/shared_data.hpp"
#include "store/store.hpp"

namespace cityloom::space {
namespace {

class Tiles : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = thread::Thread::open(store::make_memory_store(), clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    thread_ = std::move(*opened);
  }

  // A square building of `side_m` metres whose lower left corner lies east of a fixed place.
  static std::string square(int id, double east_m, double side_m, const std::string& tags) {
    const LocalFrame frame({127.1, 37.51, 0});
    std::string nodes, refs;
    const double corners[4][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
    for (int i = 0; i < 4; ++i) {
      const auto position = frame.position_of_local({east_m + corners[i][0] * side_m, corners[i][1] * side_m, 0});
      char text[200];
      std::snprintf(text, sizeof text, "<node id='%d' lat='%.9f' lon='%.9f'/>", id * 10 + i, position.latitude_deg,
                    position.longitude_deg);
      nodes += text;
      refs += "<nd ref='" + std::to_string(id * 10 + i) + "'/>";
    }
    return nodes + "<way id='" + std::to_string(id) + "'>" + refs + "<nd ref='" + std::to_string(id * 10) + "'/>" +
           tags + "</way>";
  }
  static std::string tag(const std::string& key, const std::string& value) {
    return "<tag k='" + key + "' v='" + value + "'/>";
  }

  void import(const std::string& body) {
    ThreadSink sink(*thread_);
    const std::string bytes = "<osm version='0.6'>" + body + "</osm>";
    const auto report = import_bytes("test.osm", bytes, sink);
    ASSERT_TRUE(report.ok()) << report.error().text();
  }

  std::unique_ptr<BuildingTiles> follow(TileOptions options = {}) {
    auto tiles = BuildingTiles::follow(*thread_, options);
    EXPECT_TRUE(tiles->wait_for(thread_->head(), 60'000).ok());
    return tiles;
  }

  base::SystemClock clock_;
  std::unique_ptr<thread::Thread> thread_;
};

struct Content {
  nlohmann::json json;
  std::string binary;
  std::vector<float> floats(int accessor) const {
    const auto& view = json["bufferViews"][json["accessors"][accessor]["bufferView"].get<uint32_t>()];
    std::vector<float> values(view["byteLength"].get<uint32_t>() / 4);
    std::memcpy(values.data(), binary.data() + view["byteOffset"].get<uint32_t>(), values.size() * 4);
    return values;
  }
  std::vector<uint32_t> indices() const {
    const auto& accessor = json["accessors"][3];
    const auto& view = json["bufferViews"][accessor["bufferView"].get<uint32_t>()];
    const char* bytes = binary.data() + view["byteOffset"].get<uint32_t>();
    std::vector<uint32_t> values(accessor["count"].get<uint32_t>());
    for (size_t i = 0; i < values.size(); ++i) {
      uint16_t small = 0;
      if (accessor["componentType"].get<int>() == 5123) {
        std::memcpy(&small, bytes + 2 * i, 2);
        values[i] = small;
      } else {
        std::memcpy(&values[i], bytes + 4 * i, 4);
      }
    }
    return values;
  }
  std::vector<std::string> texts(const char* property) const {
    const auto& table = json["extensions"]["EXT_structural_metadata"]["propertyTables"][0];
    const auto& column = table["properties"][property];
    const auto& views = json["bufferViews"];
    std::vector<uint32_t> offsets(table["count"].get<uint32_t>() + 1);
    std::memcpy(offsets.data(),
                binary.data() + views[column["stringOffsets"].get<uint32_t>()]["byteOffset"].get<uint32_t>(),
                offsets.size() * 4);
    const char* start = binary.data() + views[column["values"].get<uint32_t>()]["byteOffset"].get<uint32_t>();
    std::vector<std::string> texts;
    for (size_t i = 0; i + 1 < offsets.size(); ++i) texts.emplace_back(start + offsets[i], offsets[i + 1] - offsets[i]);
    return texts;
  }
  // Where a vertex is on the earth, as a 3D Tiles client works it out.
  twin::Position position_of_vertex(const std::vector<float>& positions, size_t vertex) const {
    const auto& matrix = json["nodes"][0]["matrix"];
    double world[3];
    for (size_t row = 0; row < 3; ++row) {
      world[row] = matrix[12 + row].get<double>();
      for (size_t column = 0; column < 3; ++column) {
        world[row] += matrix[column * 4 + row].get<double>() * static_cast<double>(positions[vertex * 3 + column]);
      }
    }
    return position_of({world[0], -world[2], world[1]});
  }
};

Content parse(const TileContent& content) {
  Content parsed;
  const std::string& bytes = content.bytes;
  uint32_t json_size = 0;
  std::memcpy(&json_size, bytes.data() + 12, 4);
  parsed.json = nlohmann::json::parse(bytes.data() + 20, bytes.data() + 20 + json_size, nullptr, false);
  EXPECT_FALSE(parsed.json.is_discarded());
  parsed.binary = bytes.substr(20 + json_size + 8);
  return parsed;
}

// What lies between each feature's upward faces and the ellipsoid, less what lies under its floors.
std::map<size_t, double> volumes_of(const Content& content) {
  const auto positions = content.floats(0), features = content.floats(2);
  const auto indices = content.indices();
  std::map<size_t, double> volumes;
  for (size_t i = 0; i < indices.size(); i += 3) {
    double x[3], up[3], z[3];
    for (size_t corner = 0; corner < 3; ++corner) {
      const size_t vertex = indices[i + corner];
      x[corner] = static_cast<double>(positions[vertex * 3]);
      z[corner] = -static_cast<double>(positions[vertex * 3 + 2]);
      // The ellipsoid falls away from the frame's plane.
      up[corner] = static_cast<double>(positions[vertex * 3 + 1]) +
                   (x[corner] * x[corner] + z[corner] * z[corner]) / (2 * earth_semi_major_m);
    }
    const double area = ((x[1] - x[0]) * (z[2] - z[0]) - (x[2] - x[0]) * (z[1] - z[0])) / 2;
    volumes[static_cast<size_t>(features[indices[i]])] += area * (up[0] + up[1] + up[2]) / 3;
  }
  return volumes;
}

// Everything the tileset rules say of a tile, its children and its content.
class Walker {
 public:
  explicit Walker(BuildingTiles& tiles, std::optional<thread::Offset> as_of = {}) : tiles_(tiles), as_of_(as_of) {}
  void walk() {
    const auto tileset = tiles_.find("tileset.json", as_of_);
    ASSERT_TRUE(tileset.ok());
    const nlohmann::json json = nlohmann::json::parse((*tileset)->bytes);
    EXPECT_EQ(json["asset"]["version"], "1.1");
    version = json["asset"]["tilesetVersion"].get<std::string>();
    walk(json["root"], json["geometricError"].get<double>(), nullptr);
  }
  std::map<std::string, std::string> tile_of_feature;
  std::map<std::string, double> volume_of_feature;
  size_t contents = 0;
  std::string version;
  std::set<std::string> ids() const {
    std::set<std::string> all;
    for (const auto& [id, uri] : tile_of_feature) all.insert(id.substr(id.rfind('-') + 1));
    return all;
  }

 private:
  void walk(const nlohmann::json& tile, double error_above, const nlohmann::json* region_above) {
    const auto& region = tile["boundingVolume"]["region"];
    EXPECT_LE(tile["geometricError"].get<double>(), error_above);
    if (region_above != nullptr) expect_within(region, *region_above);
    if (tile.contains("content")) see_content(tile["content"]["uri"].get<std::string>(), region);
    if (!tile.contains("children")) {
      EXPECT_EQ(tile["geometricError"].get<double>(), 0);
      return;
    }
    for (const auto& child : tile["children"]) walk(child, tile["geometricError"].get<double>(), &region);
  }
  static void expect_within(const nlohmann::json& inner, const nlohmann::json& outer) {
    for (size_t low : {size_t{0}, size_t{1}, size_t{4}})
      EXPECT_GE(inner[low].get<double>(), outer[low].get<double>() - 1e-12);
    for (size_t high : {size_t{2}, size_t{3}, size_t{5}})
      EXPECT_LE(inner[high].get<double>(), outer[high].get<double>() + 1e-12);
  }
  void see_content(std::string uri, const nlohmann::json& region) {
    ++contents;
    // The tileset says itself as of when its contents are.
    const size_t moment = uri.find("&asOf=");
    EXPECT_EQ(moment != std::string::npos, as_of_.has_value()) << uri;
    if (as_of_) as_of_->number = std::stoull(uri.substr(moment + 6));
    uri.resize(uri.find('?'));
    const auto found = tiles_.find(uri, as_of_);
    ASSERT_TRUE(found.ok()) << uri;
    EXPECT_EQ((*found)->content_type, "model/gltf-binary");
    const Content content = parse(**found);
    const auto positions = content.floats(0);
    size_t outside = 0;
    // Of large contents some are enough.
    const size_t step = positions.size() > 30'000 ? 7 : 1;
    for (size_t vertex = 0; vertex < positions.size() / 3; vertex += step) {
      const auto position = content.position_of_vertex(positions, vertex);
      const double longitude = position.longitude_deg * radians_per_degree,
                   latitude = position.latitude_deg * radians_per_degree;
      const bool is_within = longitude >= region[0].get<double>() && latitude >= region[1].get<double>() &&
                             longitude <= region[2].get<double>() && latitude <= region[3].get<double>() &&
                             position.height_m >= region[4].get<double>() &&
                             position.height_m <= region[5].get<double>();
      outside += is_within ? 0 : 1;
    }
    EXPECT_EQ(outside, 0u) << uri;
    const auto volumes = volumes_of(content);
    const auto ids = content.texts("id");
    for (size_t i = 0; i < ids.size(); ++i) {
      EXPECT_TRUE(tile_of_feature.emplace(ids[i], uri).second) << ids[i] << " is in two tiles";
      const auto volume = volumes.find(i);
      volume_of_feature[ids[i]] = volume == volumes.end() ? 0 : volume->second;
    }
  }
  BuildingTiles& tiles_;
  std::optional<thread::Offset> as_of_;
};

TEST_F(Tiles, ABuildingIsItsFootprintTimesItsHeightFacingOutwards) {
  import(square(1, 0, 20,
                tag("building", "hotel") + tag("height", "30") + tag("name", "호텔") + tag("building:levels", "9")) +
         square(2, 50, 10, tag("building", "yes") + tag("height", "12") + tag("min_height", "2")));
  auto tiles = follow();
  Walker walker(*tiles);
  walker.walk();
  EXPECT_NEAR(walker.volume_of_feature["urn:ngsi-ld:Building:osm-way-1"], 20 * 20 * 30, 20 * 20 * 30 * 2e-4);
  EXPECT_NEAR(walker.volume_of_feature["urn:ngsi-ld:Building:osm-way-2"], 10 * 10 * 10, 10 * 10 * 10 * 2e-4);

  std::string path = walker.tile_of_feature.begin()->second;
  const Content content = parse(**tiles->find(path));
  EXPECT_EQ(content.texts("name")[0], "호텔");
  EXPECT_EQ(content.texts("heightSource")[0], "measured");
  EXPECT_EQ(content.texts("category")[0], "hotel");
  const auto positions = content.floats(0), normals = content.floats(1), features = content.floats(2);
  // Walls face away from the middle of their building.
  double middle[2][3] = {};
  double count[2] = {};
  for (size_t i = 0; i < features.size(); ++i) {
    const auto feature = static_cast<size_t>(features[i]);
    for (size_t axis = 0; axis < 3; ++axis) middle[feature][axis] += static_cast<double>(positions[i * 3 + axis]);
    ++count[feature];
  }
  for (size_t i = 0; i < features.size(); ++i) {
    const auto feature = static_cast<size_t>(features[i]);
    double outwards = 0, length = 0;
    for (size_t axis = 0; axis < 3; ++axis) {
      const double normal = static_cast<double>(normals[i * 3 + axis]);
      outwards += normal * (static_cast<double>(positions[i * 3 + axis]) - middle[feature][axis] / count[feature]);
      length += normal * normal;
    }
    EXPECT_GT(outwards, 0);
    EXPECT_NEAR(length, 1, 1e-5);
  }
}

TEST_F(Tiles, PartsStandForTheirBuildingUnderItsId) {
  import(square(1, 0, 40, tag("building", "yes") + tag("height", "50")) +
         square(2, 5, 10, tag("building:part", "yes") + tag("height", "50")) +
         square(3, 20, 10, tag("building:part", "yes") + tag("height", "20") + tag("min_height", "10")) +
         square(4, 100, 10, tag("building:part", "yes") + tag("height", "10")));
  auto tiles = follow();
  Walker walker(*tiles);
  walker.walk();
  EXPECT_EQ(walker.tile_of_feature.size(), 2u) << "the building, and the part that has none";
  EXPECT_NEAR(walker.volume_of_feature["urn:ngsi-ld:Building:osm-way-1"], 100 * 50 + 100 * 10, 2);
  EXPECT_NEAR(walker.volume_of_feature["urn:ngsi-ld:BuildingPart:osm-way-4"], 1000, 1);
}

TEST_F(Tiles, SlopedRoofsHoldWhatTheyShould) {
  import(
      square(1, 0, 20,
             tag("building", "yes") + tag("height", "30") + tag("roof:shape", "skillion") + tag("roof:height", "10") +
                 tag("roof:direction", "90")) +
      square(2, 50, 10,
             tag("building", "yes") + tag("height", "12") + tag("roof:shape", "pyramidal") + tag("roof:height", "6")));
  auto tiles = follow();
  Walker walker(*tiles);
  walker.walk();
  EXPECT_NEAR(walker.volume_of_feature["urn:ngsi-ld:Building:osm-way-1"], 20 * 20 * 25, 5);
  EXPECT_NEAR(walker.volume_of_feature["urn:ngsi-ld:Building:osm-way-2"], 10 * 10 * 6 + 10 * 10 * 6 / 3.0, 1);
}

TEST_F(Tiles, OnlyTheTileOfAChangedBuildingIsMadeAgain) {
  std::string body;
  for (int i = 0; i < 60; ++i)
    body += square(100 + i, i * 30.0, 10 + i % 7, tag("building", "yes") + tag("height", "9"));
  import(body);
  auto tiles = follow({.buildings_per_tile_max = 8});
  Walker before(*tiles);
  before.walk();
  EXPECT_EQ(before.tile_of_feature.size(), 60u);
  EXPECT_GT(before.contents, 7u);
  const uint64_t made = tiles->counts().contents_made;
  EXPECT_EQ(made, before.contents);
  std::map<std::string, std::string> etags;
  for (const auto& [id, uri] : before.tile_of_feature) etags[uri] = (*tiles->find(uri))->etag;

  const std::string id = "urn:ngsi-ld:Building:osm-way-130";
  thread::Change change;
  change.kind = thread::Change::Kind::append;
  change.entity_id = id;
  change.attributes.emplace_back().name = thread_->terms().find("https://uri.etsi.org/ngsi-ld/default-context/height");
  change.attributes[0].value = int64_t{10};
  ASSERT_TRUE(thread_->append({.branch = {}, .author = "test", .changes = {change}}).ok());
  ASSERT_TRUE(tiles->wait_for(thread_->head(), 60'000).ok());
  Walker after(*tiles);
  after.walk();
  EXPECT_EQ(tiles->counts().contents_made - made, 1u);
  size_t changed = 0;
  for (const auto& [uri, etag] : etags) changed += (*tiles->find(uri))->etag != etag ? 1 : 0;
  EXPECT_EQ(changed, 1u);
  EXPECT_NEAR(after.volume_of_feature[id] / before.volume_of_feature[id], 10.0 / 9, 1e-3);
}

TEST_F(Tiles, WhatHasNothingToDoWithThePictureChangesNoTile) {
  import(square(1, 0, 20, tag("building", "yes")));
  auto tiles = follow();
  const auto tileset = *tiles->find("tileset.json");
  thread::Change change;
  change.kind = thread::Change::Kind::append;
  change.entity_id = "urn:ngsi-ld:Building:osm-way-1";
  change.attributes.emplace_back().name = thread_->terms().intern("https://example.org/occupancy").value();
  change.attributes[0].value = int64_t{10};
  ASSERT_TRUE(thread_->append({.branch = {}, .author = "test", .changes = {change}}).ok());
  ASSERT_TRUE(tiles->wait_for(thread_->head(), 60'000).ok());
  EXPECT_EQ(tileset.get(), tiles->find("tileset.json")->get());
}

TEST_F(Tiles, WithoutBuildingsTheTilesetIsEmptyAndBuildingsMayComeAndGo) {
  auto tiles = follow();
  EXPECT_THAT((*tiles->find("tileset.json"))->bytes, ::testing::Not(::testing::HasSubstr("content")));
  EXPECT_EQ(tiles->find("1/2/3.glb").error().code, base::Code::not_found);
  EXPECT_EQ(tiles->find("../etc/passwd").error().code, base::Code::not_found);
  import(square(1, 0, 20, tag("building", "yes")));
  ASSERT_TRUE(tiles->wait_for(thread_->head(), 60'000).ok());
  EXPECT_EQ(tiles->counts().features, 1u);
  import("");
  ASSERT_TRUE(tiles->wait_for(thread_->head(), 60'000).ok());
  EXPECT_EQ(tiles->counts().features, 0u);
}

TEST_F(Tiles, ThePastHasTheBuildingsOfThen) {
  const auto building = [](int id, const std::string& height) {
    return square(id, id * 50.0, 20, tag("building", "yes") + tag("height", height));
  };
  const thread::Offset nothing = thread_->head();
  import(building(1, "9") + building(2, "10"));
  const thread::Offset two = thread_->head();
  auto tiles = follow();
  import(building(1, "30") + building(3, "12"));  // the second is gone, the third new, the first higher
  const thread::Offset other_two = thread_->head();
  import("");
  const thread::Offset none = thread_->head();
  ASSERT_TRUE(tiles->wait_for(none, 60'000).ok());
  auto fresh = follow();  // one that followed nothing of it answers the same
  std::set<std::string> versions;
  for (auto* one : {tiles.get(), fresh.get(), tiles.get()}) {
    Walker before(*one, nothing), first(*one, two), second(*one, other_two), last(*one, none), now(*one);
    for (Walker* walker : {&before, &first, &second, &last, &now}) walker->walk();
    EXPECT_THAT(before.ids(), ::testing::IsEmpty());
    EXPECT_THAT(first.ids(), ::testing::UnorderedElementsAre("1", "2"));
    EXPECT_THAT(second.ids(), ::testing::UnorderedElementsAre("1", "3"));
    EXPECT_THAT(last.ids(), ::testing::IsEmpty());
    EXPECT_NEAR(second.volume_of_feature["urn:ngsi-ld:Building:osm-way-1"] /
                    first.volume_of_feature["urn:ngsi-ld:Building:osm-way-1"],
                30.0 / 9, 1e-2);
    EXPECT_EQ(last.version, now.version);
    EXPECT_EQ(before.version, now.version);
    for (const Walker* walker : {&first, &second, &last}) versions.insert(walker->version);
  }
  EXPECT_EQ(versions.size(), 3u);
}

TEST_F(Tiles, AMomentWithTheBuildingsOfNowCostsNoNewContents) {
  import(square(1, 0, 20, tag("building", "yes")));
  const thread::Offset then = thread_->head();
  thread::Change change;
  change.kind = thread::Change::Kind::append;
  change.entity_id = "urn:ngsi-ld:Building:osm-way-1";
  change.attributes.emplace_back().name = thread_->terms().intern("https://example.org/occupancy").value();
  change.attributes[0].value = int64_t{10};
  ASSERT_TRUE(thread_->append({.branch = {}, .author = "test", .changes = {change}}).ok());
  auto tiles = follow();
  Walker now(*tiles), past(*tiles, then);
  now.walk();
  past.walk();
  EXPECT_EQ(now.version, past.version);
  EXPECT_EQ(tiles->counts().contents_made, 1u);
}

TEST_F(Tiles, TheSameBuildingsGiveTheSameBytes) {
  import(square(1, 0, 20, tag("building", "yes")) + square(2, 50, 10, tag("building", "yes")));
  auto first = follow(), second = follow();
  Walker walker(*first);
  walker.walk();
  const std::string path = walker.tile_of_feature.begin()->second;
  EXPECT_EQ((*first->find(path))->bytes, (*second->find(path))->bytes);
  EXPECT_EQ((*first->find("tileset.json"))->etag, (*second->find("tileset.json"))->etag);
}

void write_all(BuildingTiles& tiles, const Walker& walker, const std::filesystem::path& folder) {
  std::set<std::string> paths{"tileset.json"};
  for (const auto& [id, uri] : walker.tile_of_feature) paths.insert(uri);
  for (const std::string& path : paths) {
    std::filesystem::create_directories((folder / path).parent_path());
    std::ofstream(folder / path, std::ios::binary) << (*tiles.find(path))->bytes;
  }
}

TEST_F(Tiles, RealCities) {
  const std::string jamsil = testing::shared_data("seoul-jamsil");
  CITYLOOM_REQUIRE_SHARED(jamsil);
  const std::string monaco = testing::shared_data("monaco");
  for (const std::string& city : {jamsil, monaco}) {
    SetUp();
    ThreadSink sink(*thread_);
    const auto report = import_city(city, sink);
    ASSERT_TRUE(report.ok()) << report.error().text();
    auto tiles = follow();
    Walker walker(*tiles);
    walker.walk();
    size_t drawn = 0, flat = 0;
    for (const auto& [id, uri] : walker.tile_of_feature) drawn += id.find(":Building:") != std::string::npos ? 1 : 0;
    for (const auto& [id, volume] : walker.volume_of_feature) flat += volume <= 0 ? 1 : 0;
    for (const auto& [type, count] : report->entities) {
      if (type == "Building") {
        EXPECT_EQ(drawn, count);
      }
    }
    EXPECT_EQ(flat, 0u) << "buildings without volume";
    // tests/tiles_valid.mjs has them written and gives them to the validator.
    if (const char* folder = std::getenv("CITYLOOM_TILES_FOLDER")) {
      write_all(*tiles, walker, std::filesystem::path(folder) / std::filesystem::path(city).filename());
    }
  }
}

}  // namespace
}  // namespace cityloom::space

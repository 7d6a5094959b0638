// The tiles of a record: every building once, within its tile's volume, and only what changed is made again.
#include "space/tiles/tiles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "space/earth.hpp"
#include "space/space.hpp"
#include "space/testing/shared_data.hpp"
#include "space/tiles/glb_reader_test.hpp"
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

// What lies between each feature's upward faces and the ellipsoid, less what lies under its floors.
std::map<size_t, double> volumes_of(const std::vector<GlbReader::Triangle>& triangles) {
  std::map<size_t, double> volumes;
  for (const GlbReader::Triangle& triangle : triangles) {
    double height_sum = 0;
    for (const GlbReader::Corner& corner : triangle.corners) height_sum += position_of(corner.ecef).height_m;
    volumes[triangle.corners[0].feature] += triangle.double_area_seen_from_above() / 2 * height_sum / 3;
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
  static bool is_within(const twin::Position& position, const nlohmann::json& region) {
    const double longitude = position.longitude_deg * radians_per_degree,
                 latitude = position.latitude_deg * radians_per_degree;
    return longitude >= region[0].get<double>() && latitude >= region[1].get<double>() &&
           longitude <= region[2].get<double>() && latitude <= region[3].get<double>() &&
           position.height_m >= region[4].get<double>() && position.height_m <= region[5].get<double>();
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
    const GlbReader content((*found)->bytes);
    const auto triangles = content.triangles();
    size_t outside = 0;
    // Of large contents some are enough.
    const size_t step = triangles.size() > 10'000 ? 7 : 1;
    for (size_t i = 0; i < triangles.size(); i += step) {
      for (const auto& corner : triangles[i].corners) outside += is_within(position_of(corner.ecef), region) ? 0 : 1;
    }
    EXPECT_EQ(outside, 0u) << uri;
    const auto volumes = volumes_of(triangles);
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
  const GlbReader content((*tiles->find(path))->bytes);
  EXPECT_EQ(content.texts("name")[0], "호텔");
  EXPECT_EQ(content.texts("heightSource")[0], "measured");
  EXPECT_EQ(content.texts("category")[0], "hotel");
  // Walls face away from the middle of their building.
  const auto triangles = content.triangles();
  Vector middle[2] = {};
  double count[2] = {};
  for (const auto& triangle : triangles) {
    for (const auto& corner : triangle.corners) {
      middle[corner.feature] = middle[corner.feature] + corner.local;
      ++count[corner.feature];
    }
  }
  for (const auto& triangle : triangles) {
    for (const auto& corner : triangle.corners) {
      EXPECT_GT(dot(corner.normal, corner.local - middle[corner.feature] * (1 / count[corner.feature])), 0);
      EXPECT_NEAR(length_of(corner.normal), 1, 0.01);
    }
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

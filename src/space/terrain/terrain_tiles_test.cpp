// Tiles of terrain, read back by a reader of their own: they lie where the heights are, meet at their edges, and are
// what buildings stand on.
#include "space/terrain/terrain_tiles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "space/terrain/quantized_mesh.hpp"
#include "space/terrain/terrain_ground.hpp"
#include "space/testing/shared_data.hpp"
#include "space/testing/terrain_city.hpp"
#include "space/tiles/tiles.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using testing::TerrainCity;

/// What a client makes of a tile.
struct DecodedTile {
  Vector centre, occlusion;
  float lowest_m = 0, highest_m = 0;
  double radius_m = 0;
  std::vector<double> u, v, height_m;  // u and v from 0 to 1
  std::vector<uint32_t> indices;
  std::vector<uint32_t> edges[4];  // west, south, east, north
  std::vector<std::pair<double, double>> normals;
  std::string water;
  bool is_whole = false;  // all bytes used
};

class TileReader {
 public:
  explicit TileReader(std::string_view bytes) : bytes_(bytes) {}

  DecodedTile read() {
    DecodedTile tile;
    tile.centre = vector();
    tile.lowest_m = take<float>();
    tile.highest_m = take<float>();
    vector();
    tile.radius_m = take<double>();
    tile.occlusion = vector();
    const auto count = take<uint32_t>();
    tile.u = list(count);
    tile.v = list(count);
    tile.height_m = list(count);
    for (double& height : tile.height_m) {
      height = static_cast<double>(tile.lowest_m) +
               height * (static_cast<double>(tile.highest_m) - static_cast<double>(tile.lowest_m));
    }
    const auto triangles = take<uint32_t>();
    uint32_t highest = 0;
    for (uint32_t i = 0; i < triangles * 3; ++i) {
      const uint32_t code = take<uint16_t>();
      tile.indices.push_back(highest - code);
      if (code == 0) ++highest;
    }
    for (auto& edge : tile.edges) {
      const auto size = take<uint32_t>();
      for (uint32_t i = 0; i < size; ++i) edge.push_back(take<uint16_t>());
    }
    while (!bytes_.empty() && !failed_) {
      const auto id = take<uint8_t>();
      const auto size = take<uint32_t>();
      const std::string_view data = bytes_.substr(0, size);
      bytes_.remove_prefix(std::min<size_t>(size, bytes_.size()));
      if (id == 2) tile.water = data;
      for (size_t i = 0; id == 1 && i + 1 < data.size(); i += 2) {
        tile.normals.emplace_back(static_cast<uint8_t>(data[i]) / 255.0 * 2 - 1,
                                  static_cast<uint8_t>(data[i + 1]) / 255.0 * 2 - 1);
      }
    }
    tile.is_whole = !failed_;
    return tile;
  }

 private:
  template <class Number>
  Number take() {
    Number number{};
    if (bytes_.size() < sizeof number) {
      failed_ = true;
      return number;
    }
    std::memcpy(&number, bytes_.data(), sizeof number);
    bytes_.remove_prefix(sizeof number);
    return number;
  }
  Vector vector() {
    const double x = take<double>(), y = take<double>(), z = take<double>();
    return {x, y, z};
  }
  std::vector<double> list(uint32_t count) {
    std::vector<double> values;
    int value = 0;
    for (uint32_t i = 0; i < count; ++i) {
      const int code = take<uint16_t>();
      value += (code >> 1) ^ -(code & 1);
      values.push_back(value / 32'767.0);
    }
    return values;
  }

  std::string_view bytes_;
  bool failed_ = false;
};

DecodedTile decoded(TerrainTiles& tiles, const TerrainTileKey& key) {
  const std::string path =
      std::to_string(key.level) + "/" + std::to_string(key.x) + "/" + std::to_string(key.y) + ".terrain";
  const auto tile = tiles.find(path, {true, true});
  EXPECT_TRUE(tile.ok()) << path << ": " << tile.error().text();
  return tile ? TileReader((*tile)->bytes).read() : DecodedTile();
}

TerrainTileKey key_at(uint32_t level, double longitude, double latitude) {
  const double side = 180.0 / (1u << level);
  return {level, static_cast<uint32_t>((longitude + 180) / side), static_cast<uint32_t>((latitude + 90) / side)};
}

// The height of a decoded tile at a place, by the triangle that holds it.
double height_in(const DecodedTile& tile, const TerrainTileKey& key, double longitude, double latitude) {
  const twin::Box box = key.box();
  const double x = (longitude - box.west_deg) / (box.east_deg - box.west_deg);
  const double y = (latitude - box.south_deg) / (box.north_deg - box.south_deg);
  for (size_t i = 0; i + 2 < tile.indices.size(); i += 3) {
    const uint32_t a = tile.indices[i], b = tile.indices[i + 1], c = tile.indices[i + 2];
    const double doubled =
        (tile.u[b] - tile.u[a]) * (tile.v[c] - tile.v[a]) - (tile.u[c] - tile.u[a]) * (tile.v[b] - tile.v[a]);
    const double second =
        ((x - tile.u[a]) * (tile.v[c] - tile.v[a]) - (y - tile.v[a]) * (tile.u[c] - tile.u[a])) / doubled;
    const double third =
        ((y - tile.v[a]) * (tile.u[b] - tile.u[a]) - (x - tile.u[a]) * (tile.v[b] - tile.v[a])) / doubled;
    if (second < -1e-6 || third < -1e-6 || second + third > 1 + 1e-6) continue;
    return tile.height_m[a] + second * (tile.height_m[b] - tile.height_m[a]) +
           third * (tile.height_m[c] - tile.height_m[a]);
  }
  return std::nan("");
}

class MonacoTiles : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = testing::shared_data("monaco/N43E007.hgt.zip");
    CITYLOOM_REQUIRE_SHARED(path);
    ASSERT_TRUE(import_file(path, city_.sink()).ok());
    relief_ = city_.relief();
    tiles_ = std::make_unique<TerrainTiles>(city_.terrain());
  }
  TerrainCity city_;
  std::shared_ptr<const Relief> relief_;
  std::unique_ptr<TerrainTiles> tiles_;
};

TEST_F(MonacoTiles, AreWholeAndLieAroundTheirMiddle) {
  for (const uint32_t level : {0u, 1u, 3u, 6u, 9u, 12u, 15u, 17u}) {
    const TerrainTileKey key = key_at(level, 7.4246, 43.7384);
    const DecodedTile tile = decoded(*tiles_, key);
    ASSERT_TRUE(tile.is_whole) << level;
    EXPECT_EQ(tile.u.size(), 65u * 65u);
    EXPECT_EQ(tile.indices.size(), 64u * 64u * 6u);
    EXPECT_EQ(tile.normals.size(), tile.u.size());
    EXPECT_EQ(tile.water, std::string(1, '\0')) << "no water is known";
    const twin::Box box = key.box();
    for (size_t i = 0; i < tile.u.size(); ++i) {
      const Vector at = ecef_of({box.west_deg + tile.u[i] * (box.east_deg - box.west_deg),
                                 box.south_deg + tile.v[i] * (box.north_deg - box.south_deg), tile.height_m[i]});
      ASSERT_LE(length_of(at - tile.centre), tile.radius_m * 1.0001 + 0.1);
    }
    for (const uint32_t index : tile.indices) ASSERT_LT(index, tile.u.size());
    // Counter-clockwise seen from above.
    for (size_t i = 0; i < tile.indices.size(); i += 3) {
      const uint32_t a = tile.indices[i], b = tile.indices[i + 1], c = tile.indices[i + 2];
      ASSERT_GT((tile.u[b] - tile.u[a]) * (tile.v[c] - tile.v[a]) - (tile.u[c] - tile.u[a]) * (tile.v[b] - tile.v[a]),
                0);
    }
    for (const uint32_t index : tile.edges[0]) EXPECT_EQ(tile.u[index], 0);
    for (const uint32_t index : tile.edges[1]) EXPECT_EQ(tile.v[index], 0);
    for (const uint32_t index : tile.edges[2]) EXPECT_EQ(tile.u[index], 1);
    for (const uint32_t index : tile.edges[3]) EXPECT_EQ(tile.v[index], 1);
    for (const auto& edge : tile.edges) EXPECT_EQ(edge.size(), 65u);
  }
}

TEST_F(MonacoTiles, MeetAtTheirEdges) {
  for (const uint32_t level : {9u, 13u, 17u}) {
    const TerrainTileKey key = key_at(level, 7.4246, 43.7384);
    const DecodedTile tile = decoded(*tiles_, key);
    const DecodedTile east = decoded(*tiles_, {level, key.x + 1, key.y}),
                      north = decoded(*tiles_, {level, key.x, key.y + 1});
    const double quantum_m =
        static_cast<double>(std::max(
            {tile.highest_m - tile.lowest_m, east.highest_m - east.lowest_m, north.highest_m - north.lowest_m})) /
        32'767;
    for (size_t i = 0; i <= 64; ++i) {
      EXPECT_NEAR(tile.height_m[tile.edges[2][i]], east.height_m[east.edges[0][i]], quantum_m) << level;
      EXPECT_NEAR(tile.height_m[tile.edges[3][i]], north.height_m[north.edges[1][i]], quantum_m) << level;
    }
  }
}

TEST_F(MonacoTiles, FollowTheTerrainTheDeeperTheCloser) {
  const uint32_t deepest = deepest_level(1 / 1'200.0);
  EXPECT_EQ(deepest, 17u);
  double worst_m = 0, worst_coarse_m = 0;
  for (int i = 0; i < 40; ++i) {
    const double longitude = 7.40 + 0.0011 * i, latitude = 43.725 + 0.0007 * ((i * 7) % 40);
    const double true_m = **height_m_at(*relief_, {longitude, latitude});
    const auto key = key_at(deepest, longitude, latitude), coarse = key_at(12, longitude, latitude);
    worst_m = std::max(worst_m, std::abs(height_in(decoded(*tiles_, key), key, longitude, latitude) - true_m));
    worst_coarse_m =
        std::max(worst_coarse_m, std::abs(height_in(decoded(*tiles_, coarse), coarse, longitude, latitude) - true_m));
  }
  RecordProperty("worst_m", std::to_string(worst_m));
  EXPECT_LT(worst_m, 0.5);
  EXPECT_LT(worst_coarse_m, 30);
}

TEST_F(MonacoTiles, AreWhatBuildingsStandOn) {
  const uint32_t deepest = deepest_level(1 / 1'200.0);
  for (int i = 0; i < 25; ++i) {
    // A house of 15 by 20 m, somewhere on Monaco's slopes; each fifth is about as large as a cell of the model.
    const double west = 7.41 + 0.0007 * i, south = 43.728 + 0.0005 * ((i * 11) % 25);
    const double wide = 0.000186 * (i % 5 == 0 ? 4 : 1), high = 0.00018 * (i % 5 == 0 ? 4 : 1);
    const int looks = i % 5 == 0 ? 60 : 20;
    twin::Geometry outline;
    outline.kind = twin::GeometryKind::polygon;
    outline.positions = {
        {west, south}, {west + wide, south}, {west + wide, south + high}, {west, south + high}, {west, south}};
    outline.line_ends = {5};
    const auto under = ground_under(*relief_, outline);
    ASSERT_TRUE(under.ok());
    double lowest_m = 1e9, highest_m = -1e9;
    std::map<TerrainTileKey, DecodedTile> seen;
    for (int row = 0; row <= looks; ++row) {
      for (int column = 0; column <= looks; ++column) {
        const double longitude = west + wide * column / looks, latitude = south + high * row / looks;
        const auto key = key_at(deepest, longitude, latitude);
        if (!seen.contains(key)) seen[key] = decoded(*tiles_, key);
        const double height_m = height_in(seen[key], key, longitude, latitude);
        lowest_m = std::min(lowest_m, height_m);
        highest_m = std::max(highest_m, height_m);
      }
    }
    // The foot of its walls is the lowest ground of the served mesh under it: nothing floats, nothing sinks.
    EXPECT_NEAR(under->lowest_m, lowest_m, 0.05) << i;
    EXPECT_NEAR(under->highest_m, highest_m, 0.05) << i;
  }
}

TEST_F(MonacoTiles, CarryTheBuildingsOfTheCity) {
  TerrainGround ground(city_.terrain());
  TileOptions options;
  options.ground = &ground;
  const auto buildings = CityTiles::follow(city_.thread(), options);
  thread::ChangeSet set;
  thread::Change& change = set.changes.emplace_back();
  change.entity_id = "urn:ngsi-ld:Building:on-the-slope";
  const auto term = [&](const char* name) {
    return *city_.thread().terms().intern(std::string("https://uri.etsi.org/ngsi-ld/default-context/") + name);
  };
  change.types = {term("Building")};
  twin::Geometry outline;
  outline.kind = twin::GeometryKind::polygon;
  outline.positions = {{7.4163, 43.7425}, {7.4166, 43.7425}, {7.4166, 43.7427}, {7.4163, 43.7427}, {7.4163, 43.7425}};
  outline.line_ends = {5};
  twin::Attribute& location = change.attributes.emplace_back();
  location.name = twin::terms::location;
  location.kind = twin::AttributeKind::geo_property;
  location.value = outline;
  twin::Attribute& height = change.attributes.emplace_back();
  height.name = term("height");
  height.value = int64_t{60};
  ASSERT_TRUE(city_.thread().append(std::move(set)).ok());
  ASSERT_TRUE(buildings->wait_for(city_.thread().head(), 20'000).ok());
  const auto under = ground_under(*relief_, outline);
  ASSERT_TRUE(under.ok());
  EXPECT_GT(under->highest_m - under->lowest_m, 1) << "a slope";
  const auto tileset = buildings->find({"buildings", "tileset.json"});
  ASSERT_TRUE(tileset.ok());
  const auto region = nlohmann::json::parse((*tileset)->bytes)["root"]["boundingVolume"]["region"];
  EXPECT_NEAR(region[4].get<double>(), under->lowest_m, 1) << "its foot";
  EXPECT_NEAR(region[5].get<double>(), under->lowest_m + 60, 1) << "its top: 60 m above the lowest ground";
}

TEST_F(MonacoTiles, AreFlatWhereNoTerrainIs) {
  const DecodedTile tile = decoded(*tiles_, key_at(10, 127, 37.5));
  ASSERT_TRUE(tile.is_whole);
  EXPECT_EQ(tile.u.size(), 17u * 17u);
  for (const double height_m : tile.height_m) EXPECT_NEAR(height_m, 0, 1e-3);
}

TEST_F(MonacoTiles, TellWhichLevelsAreWorthAskingFor) {
  const auto layer = nlohmann::json::parse((*tiles_->find("layer.json", {}))->bytes);
  EXPECT_EQ(layer["format"], "quantized-mesh-1.0");
  EXPECT_EQ(layer["maxzoom"], 17);
  ASSERT_EQ(layer["available"].size(), 18u);
  for (uint32_t level = 0; level <= 10; ++level) {
    EXPECT_EQ(layer["available"][level][0]["endX"], (2u << level) - 1) << "the whole earth";
  }
  const auto& deep = layer["available"][17];
  ASSERT_EQ(deep.size(), 1u);
  const auto key = key_at(17, 7.4246, 43.7384);
  EXPECT_LE(deep[0]["startX"], key.x);
  EXPECT_GE(deep[0]["endX"], key.x);
  EXPECT_LE(deep[0]["startY"], key.y);
  EXPECT_GE(deep[0]["endY"], key.y);
}

TEST(TerrainTiles, RefusePathsThatAreNone) {
  TerrainCity city;
  TerrainTiles tiles(city.terrain());
  for (const char* path :
       {"", "0/0/0", "0/2/0.terrain", "0/0/1.terrain", "21/0/0.terrain", "-1/0/0.terrain", "0/0.terrain",
        "0/0/0/0.terrain", "99999999999/0/0.terrain", "../layer.json", "0/ 0/0.terrain"}) {
    EXPECT_EQ(tiles.find(path, {}).error().code, Code::not_found) << path;
  }
  const auto root = tiles.find("0/1/0.terrain", {});
  ASSERT_TRUE(root.ok());
  EXPECT_TRUE(TileReader((*root)->bytes).read().is_whole);
  EXPECT_TRUE(TileReader((*root)->bytes).read().normals.empty()) << "only who asks gets them";
  EXPECT_EQ(*tiles.find("0/1/0.terrain", {}), *root) << "made once";
  EXPECT_EQ(tiles.tiles_made(), 1u);
}

TEST(TerrainTiles, KnowWaterAndChangeWithTheRecord) {
  TerrainCity city;
  TerrainTiles tiles(city.terrain());
  const auto before = nlohmann::json::parse((*tiles.find("layer.json", {}))->bytes);
  EXPECT_FALSE(before["hasTerrain"]);
  ASSERT_TRUE(import_bytes("N05E020.hgt", testing::hgt_bytes(21, [](int, int) { return 100; }), city.sink()).ok());
  city.relief();
  const auto with_terrain = nlohmann::json::parse((*tiles.find("layer.json", {}))->bytes);
  EXPECT_TRUE(with_terrain["hasTerrain"]);
  EXPECT_NE(with_terrain["version"], before["version"]);

  // A lake over the western half of a tile, with an island in its middle.
  const TerrainTileKey key = key_at(12, 20.5, 5.5);
  const twin::Box box = key.box();
  const double side = box.east_deg - box.west_deg;
  const auto ring = [&](double west, double south, double size_x, double size_y) {
    return std::vector<twin::Position>{
        {west, south}, {west + size_x, south}, {west + size_x, south + size_y}, {west, south + size_y}, {west, south}};
  };
  twin::Geometry lake;
  lake.kind = twin::GeometryKind::polygon;
  for (const auto& one : {ring(box.west_deg - side, box.south_deg - side, 1.5 * side, 3 * side),
                          ring(box.west_deg + side / 8, box.south_deg + side / 4, side / 4, side / 2)}) {
    lake.positions.insert(lake.positions.end(), one.begin(), one.end());
    lake.line_ends.push_back(static_cast<uint32_t>(lake.positions.size()));
  }
  thread::ChangeSet set;
  thread::Change& change = set.changes.emplace_back();
  change.entity_id = "urn:ngsi-ld:Water:lake";
  change.types = {*city.thread().terms().intern("https://uri.etsi.org/ngsi-ld/default-context/Water")};
  twin::Attribute& location = change.attributes.emplace_back();
  location.name = twin::terms::location;
  location.kind = twin::AttributeKind::geo_property;
  location.value = lake;
  ASSERT_TRUE(city.thread().append(std::move(set)).ok());
  city.relief();
  const auto with_water = nlohmann::json::parse((*tiles.find("layer.json", {}))->bytes);
  EXPECT_NE(with_water["version"], with_terrain["version"]);
  const DecodedTile tile = decoded(tiles, key);
  ASSERT_EQ(tile.water.size(), 256u * 256u);
  for (int row = 0; row < 256; ++row) {
    for (int column = 0; column < 256; ++column) {
      const double x = (column + 0.5) / 256, y = 1 - (row + 0.5) / 256;
      const bool is_island = x > 0.125 && x < 0.375 && y > 0.25 && y < 0.75;
      ASSERT_EQ(static_cast<uint8_t>(tile.water[static_cast<size_t>(row * 256 + column)]),
                x < 0.5 && !is_island ? 255 : 0)
          << row << " " << column;
    }
  }
  EXPECT_EQ(decoded(tiles, {12, key.x + 2, key.y}).water, std::string(1, '\0'));
  EXPECT_EQ(decoded(tiles, {14, (key.x - 1) * 4, key.y * 4}).water, std::string(1, '\xFF'));
}

}  // namespace
}  // namespace cityloom::space

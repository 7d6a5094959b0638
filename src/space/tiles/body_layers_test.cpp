// Everything that has a body stands in the tiles of its layer, under the id of its entity.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "space/space.hpp"
#include "space/testing/shared_data.hpp"
#include "space/tiles/layer.hpp"
#include "space/tiles/tiles.hpp"
#include "space/tiles/tileset_walker_test.hpp"
#include "store/store.hpp"

namespace cityloom::space {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// A tetrahedron of 10 m by 10 m by 6 m at whole metres of EPSG:25833.
std::string object(const std::string& id, const std::string& type, int place, const std::string& more = "") {
  const auto corner = [&](int number) { return std::to_string(place * 4 + number); };
  const std::string base = corner(0) + "," + corner(2) + "," + corner(1);
  std::string faces = "[[" + base + "]]";
  for (const auto& [a, b] : {std::pair(0, 1), std::pair(1, 2), std::pair(2, 0)}) {
    faces += ",[[" + corner(a) + "," + corner(b) + "," + corner(3) + "]]";
  }
  return "\"" + id + R"(":{"type":")" + type + "\"," + more +
         R"("geometry":[{"type":"MultiSurface","lod":"2","boundaries":[)" + faces + "]}]}";
}

std::string model_of(const std::vector<std::string>& objects) {
  std::string all, vertices;
  for (size_t i = 0; i < objects.size(); ++i) {
    const int east = static_cast<int>(i) * 20;
    all += (i == 0 ? "" : ",") + objects[i];
    for (const auto& [x, y, z] :
         {std::tuple(0, 0, 0), std::tuple(10, 0, 0), std::tuple(0, 10, 0), std::tuple(0, 0, 6)}) {
      vertices += (vertices.empty() ? "[" : ",[") + std::to_string(east + x) + "," + std::to_string(y) + "," +
                  std::to_string(z) + "]";
    }
  }
  return R"({"type":"CityJSON","version":"2.0","transform":{"scale":[1,1,1],"translate":[390000,5819000,30]},)"
         R"("metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/25833"},"CityObjects":{)" +
         all + R"(},"vertices":[)" + vertices + "]}";
}

class BodyLayers : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = thread::Thread::open(store::make_memory_store(), clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    thread_ = std::move(*opened);
  }
  void import_model(const std::vector<std::string>& objects) {
    ThreadSink sink(*thread_);
    const auto report = import_bytes("model.city.json", model_of(objects), sink);
    ASSERT_TRUE(report.ok()) << report.error().text();
    ASSERT_EQ(report->warnings_count, 1u) << "of the heights only: " << report->warnings.back().reason;
  }
  std::unique_ptr<CityTiles> follow() {
    auto tiles = CityTiles::follow(*thread_, {});
    EXPECT_TRUE(tiles->wait_for(thread_->head(), 60'000).ok());
    return tiles;
  }
  // Walks a layer; every feature must lead back to an entity.
  TilesetWalker walk(CityTiles& tiles, const std::string& layer) {
    TilesetWalker walker(tiles, {}, layer);
    walker.walk();
    for (const auto& [id, path] : walker.tile_of_feature) {
      const auto record = thread_->snapshot().find(id);
      EXPECT_TRUE(record.ok() && record->exists()) << id;
    }
    return walker;
  }
  static GlbReader content(CityTiles& tiles, const std::string& layer, const std::string& path) {
    TileRequest request;
    request.layer = layer;
    request.path = path;
    return GlbReader((*tiles.find(request))->bytes);
  }

  base::SystemClock clock_;
  std::unique_ptr<thread::Thread> thread_;
};

TEST_F(BodyLayers, EachTypeIsDrawnInItsLayerOnly) {
  std::vector<std::string> objects;
  std::map<std::string, std::set<std::string>> wanted;
  for (const Layer& layer : all_layers()) {
    for (const std::string& type : layer.types) {
      const int place = static_cast<int>(objects.size());
      objects.push_back(object("an-object-with-a-body-" + std::to_string(place), type, place));
      wanted[layer.name].insert("urn:ngsi-ld:" + type + ":an-object-with-a-body-" + std::to_string(place));
    }
  }
  import_model(objects);
  auto tiles = follow();
  for (const auto& [layer, ids] : wanted) {
    const TilesetWalker walker = walk(*tiles, layer);
    std::set<std::string> drawn;
    for (const auto& [id, path] : walker.tile_of_feature) drawn.insert(id);
    EXPECT_EQ(drawn, ids) << layer;
    for (const auto& [id, volume] : walker.volume_of_feature) EXPECT_NEAR(volume, 100, 1) << id;
  }
}

TEST_F(BodyLayers, PartsStandUnderTheIdOfTheirWholeAndWhatIsFixedToItUnderItsOwn) {
  import_model({object("the-bridge-of-parts", "Bridge", 0, R"("children":["a-part-of-a-bridge","the-railing-of-it"],)"),
                object("a-part-of-a-bridge", "BridgePart", 1, R"("parents":["the-bridge-of-parts"],)"),
                object("the-railing-of-it", "BridgeInstallation", 2, R"("parents":["the-bridge-of-parts"],)")});
  auto tiles = follow();
  const TilesetWalker walker = walk(*tiles, "bridges");
  std::vector<std::string> ids;
  for (const auto& [id, path] : walker.tile_of_feature) ids.push_back(id);
  EXPECT_THAT(
      ids, ElementsAre("urn:ngsi-ld:Bridge:the-bridge-of-parts", "urn:ngsi-ld:BridgeInstallation:the-railing-of-it"));
  const GlbReader glb = content(*tiles, "bridges", *walker.paths.begin());
  EXPECT_THAT(glb.texts("category"), ElementsAre("Bridge", "BridgeInstallation"));
}

TEST_F(BodyLayers, AChangedBodyIsDrawnAnewAndAGoneOneNoMore) {
  import_model({object("a-tree-in-the-square", "SolitaryVegetationObject", 0),
                object("a-tree-in-the-street", "SolitaryVegetationObject", 1)});
  auto tiles = follow();
  const std::string before = walk(*tiles, "vegetation").version;
  import_model({object("a-tree-in-the-square", "SolitaryVegetationObject", 0)});
  ASSERT_TRUE(tiles->wait_for(thread_->head(), 60'000).ok());
  const TilesetWalker after = walk(*tiles, "vegetation");
  EXPECT_NE(after.version, before);
  EXPECT_EQ(after.tile_of_feature.size(), 1u);
  EXPECT_EQ(tiles->counts("furniture").features, 0u);
}

TEST_F(BodyLayers, WithoutABodyNothingIsDrawn) {
  ThreadSink sink(*thread_);
  const std::string json =
      R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"w","properties":{},"geometry":{"type":"Polygon",)"
      R"("coordinates":[[[127,37],[127.001,37],[127.001,37.001],[127,37]]]}}]})";
  ImportOptions options;
  options.type = "WaterBody";
  ASSERT_TRUE(import_bytes("water.geojson", json, sink, options).ok());
  auto tiles = follow();
  EXPECT_EQ(tiles->counts("water").features, 0u);
}

TEST_F(BodyLayers, DelftAsItsFileHasIt) {
  const std::string path = testing::shared_data("buildings/delft-lod1.city.json");
  CITYLOOM_REQUIRE_SHARED(path);
  ThreadSink sink(*thread_);
  ASSERT_TRUE(import_file(path, sink).ok());
  auto tiles = follow();
  // Counted in the file: jq '[.CityObjects[].type] | group_by(.) | map({(.[0]): length})'.
  const std::map<std::string, std::pair<std::string, size_t>> wanted{
      {"bridges", {"Bridge", 3}},  {"landuse", {"LandUse", 81}},      {"vegetation", {"PlantCover", 126}},
      {"water", {"WaterBody", 3}}, {"transportation", {"Road", 143}}, {"generic", {"GenericCityObject", 54}}};
  for (const auto& [layer, kind] : wanted) {
    const TilesetWalker walker = walk(*tiles, layer);
    EXPECT_EQ(walker.tile_of_feature.size(), kind.second) << layer;
    std::set<std::string> categories;
    size_t triangles = 0;
    for (const std::string& one : walker.paths) {
      const GlbReader glb = content(*tiles, layer, one);
      triangles += glb.triangles().size();
      for (const std::string& category : glb.texts("category")) categories.insert(category);
    }
    EXPECT_THAT(categories, UnorderedElementsAre(kind.first));
    EXPECT_GE(triangles, kind.second) << layer;
  }
}

TEST_F(BodyLayers, TexturesOfYokosukaStandInTheTiles) {
  const std::string path = testing::shared_data("buildings/yokosuka-lod2-citygml2-plateau.gml");
  CITYLOOM_REQUIRE_SHARED(path);
  ThreadSink sink(*thread_);
  ASSERT_TRUE(import_file(path, sink).ok());
  auto tiles = follow();
  const TilesetWalker walker = walk(*tiles, "buildings");
  std::set<std::string> textured;
  size_t pictures = 0, textured_triangles = 0;
  for (const std::string& one : walker.paths) {
    const GlbReader glb = content(*tiles, "buildings", one);
    const auto ids = glb.texts("id"), looks = glb.texts("appearance");
    for (size_t i = 0; i < ids.size(); ++i) {
      if (looks[i] == "textures") textured.insert(ids[i]);
    }
    pictures += glb.json["images"].size();
    for (const GlbReader::Triangle& triangle : glb.triangles()) {
      const auto& material = glb.json["materials"][triangle.material];
      if (!material["pbrMetallicRoughness"].contains("baseColorTexture")) continue;
      ++textured_triangles;
      EXPECT_TRUE(textured.contains(ids[triangle.corners[0].feature]));
    }
  }
  EXPECT_EQ(walker.tile_of_feature.size(), 13u);
  EXPECT_EQ(pictures, 3u) << "each of the model's pictures once";
  EXPECT_GE(textured_triangles, 335u) << "as many textured faces as the file has";
}

}  // namespace
}  // namespace cityloom::space

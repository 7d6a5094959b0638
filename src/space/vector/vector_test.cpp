// Vector tiles: geometry is clipped, turned and rounded as the specification asks, and tiles follow the record.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <protozero/pbf_reader.hpp>
#include <random>

#include "space/space.hpp"
#include "space/testing/shared_data.hpp"
#include "space/vector/vector_tiles.hpp"
#include "store/store.hpp"

namespace cityloom::space {
namespace {

using ::testing::ElementsAre;

TEST(TileGrid, KnownTilesAndBack) {
  // By the formulas that everybody uses: Jamsil at zoom 14.
  const WorldPoint point = world_point(127.1025, 37.5126);
  EXPECT_EQ(static_cast<int>(point.x * 16384), 13976);
  EXPECT_EQ(static_cast<int>(point.y * 16384), 6347);
  const twin::Position back = position_of(point);
  EXPECT_NEAR(back.longitude_deg, 127.1025, 1e-9);
  EXPECT_NEAR(back.latitude_deg, 37.5126, 1e-9);
  const twin::Box world = box_of({0, 0, 0});
  EXPECT_NEAR(world.north_deg, mercator_latitude_max_deg, 1e-6);
  EXPECT_NEAR(world.west_deg, -180, 1e-9);
  EXPECT_NEAR(tile_width_m({0, 0, 0}), 40'075'016.7, 1);
}

TEST(TileGrid, AddressesThatDoNotExistAreRefused) {
  EXPECT_TRUE(TileAddress::parse("14", "13981", "6351").ok());
  for (const auto& [z, x, y] :
       {std::array{"14", "16384", "0"}, std::array{"25", "0", "0"}, std::array{"-1", "0", "0"},
        std::array{"1", "x", "0"}, std::array{"1", "0", ""}, std::array{"99999999999999999999", "0", "0"}}) {
    EXPECT_FALSE(TileAddress::parse(z, x, y).ok()) << z << x << y;
  }
}

// A geometry by units of the tile 14/13981/6351.
constexpr TileAddress here{14, 13981, 6351};
twin::Position at(double x, double y) {
  return position_of(WorldPoint{(here.x + x / tile_extent) / 16384, (here.y + y / tile_extent) / 16384});
}
twin::Geometry polygon(const std::vector<std::vector<std::pair<double, double>>>& rings) {
  twin::Geometry geometry;
  geometry.kind = twin::GeometryKind::polygon;
  for (const auto& ring : rings) {
    for (const auto& [x, y] : ring) geometry.positions.push_back(at(x, y));
    geometry.positions.push_back(at(ring[0].first, ring[0].second));
    geometry.line_ends.push_back(static_cast<uint32_t>(geometry.positions.size()));
  }
  return geometry;
}
int64_t double_area(const TileLine& ring) {
  int64_t sum = 0;
  for (size_t i = 0; i < ring.size(); ++i) {
    const TilePoint &a = ring[i], &b = ring[(i + 1) % ring.size()];
    sum += int64_t{a.x} * b.y - int64_t{b.x} * a.y;
  }
  return sum;
}

TEST(TileGeometries, RingsTurnAsTheSpecificationAsks) {
  // Outside and hole given both ways round.
  for (const bool is_reversed : {false, true}) {
    std::vector<std::vector<std::pair<double, double>>> rings{{{100, 100}, {900, 100}, {900, 900}, {100, 900}},
                                                              {{300, 300}, {600, 300}, {600, 600}, {300, 600}}};
    if (is_reversed) {
      for (auto& ring : rings) std::reverse(ring.begin(), ring.end());
    }
    const TileGeometry made = tile_geometry(polygon(rings), here, {1, 0});
    ASSERT_EQ(made.kind, TileGeometry::Kind::polygons);
    ASSERT_EQ(made.lines.size(), 2u);
    EXPECT_EQ(double_area(made.lines[0]), 2 * 800 * 800);
    EXPECT_EQ(double_area(made.lines[1]), -2 * 300 * 300);
  }
}

TEST(TileGeometries, WhatStandsOutIsCutAtTheBuffer) {
  const TileGeometry area =
      tile_geometry(polygon({{{-9000, -9000}, {9000, -9000}, {9000, 9000}, {-9000, 9000}}}), here, {1, 0});
  ASSERT_EQ(area.lines.size(), 1u);
  EXPECT_EQ(double_area(area.lines[0]), 2 * int64_t{tile_extent + 2 * tile_buffer} * (tile_extent + 2 * tile_buffer));
  twin::Geometry line;
  line.kind = twin::GeometryKind::line_string;
  // Through the tile, out, and back in.
  line.positions = {at(-5000, 2000), at(9000, 2000), at(9000, 3000), at(-5000, 3000)};
  line.line_ends = {4};
  const TileGeometry cut = tile_geometry(line, here, {1, 0});
  ASSERT_EQ(cut.lines.size(), 2u);
  EXPECT_THAT(cut.lines[0], ElementsAre(TilePoint{-tile_buffer, 2000}, TilePoint{tile_extent + tile_buffer, 2000}));
  EXPECT_EQ(tile_geometry(polygon({{{9000, 0}, {9100, 0}, {9100, 100}}}), here, {1, 0}).kind, TileGeometry::Kind::none);
}

TEST(TileGeometries, SimplifiedLinesStayWithinTheTolerance) {
  twin::Geometry line;
  line.kind = twin::GeometryKind::line_string;
  for (int i = 0; i <= 400; ++i) line.positions.push_back(at(i * 10, 2000 + 300 * std::sin(i * 0.05)));
  line.line_ends = {401};
  const TileGeometry made = tile_geometry(line, here, {4, 0});
  ASSERT_EQ(made.lines.size(), 1u);
  EXPECT_LT(made.lines[0].size(), 120u);
  for (int i = 0; i <= 400; ++i) {
    double nearest = 1e9;
    const double x = i * 10, y = 2000 + 300 * std::sin(i * 0.05);
    for (size_t k = 0; k + 1 < made.lines[0].size(); ++k) {
      const TilePoint &a = made.lines[0][k], &b = made.lines[0][k + 1];
      const double dx = b.x - a.x, dy = b.y - a.y;
      const double t = std::clamp(((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy), 0.0, 1.0);
      nearest = std::min(nearest, std::hypot(x - a.x - t * dx, y - a.y - t * dy));
    }
    EXPECT_LE(nearest, 5);
  }
}

TEST(TileGeometries, AnyPolygonGivesRingsWithinTheBufferWithArea) {
  std::mt19937 chance(3);
  std::uniform_real_distribution<double> place(-6000, 10'000), radius(1, 5000);
  for (int i = 0; i < 300; ++i) {
    const double x = place(chance), y = place(chance), r = radius(chance);
    std::vector<std::pair<double, double>> ring;
    for (int k = 0; k < 12; ++k) {
      const double wobble = r * std::uniform_real_distribution<double>(0.3, 1)(chance);
      ring.emplace_back(x + wobble * std::cos(k * 0.5236), y + wobble * std::sin(k * 0.5236));
    }
    const TileGeometry made = tile_geometry(polygon({ring}), here, {2, 4});
    for (const TileLine& line : made.lines) {
      EXPECT_GE(line.size(), 3u);
      EXPECT_GT(double_area(line), 0);
      for (const TilePoint& p : line) {
        EXPECT_TRUE(p.x >= -tile_buffer && p.x <= tile_extent + tile_buffer) << p.x;
        EXPECT_TRUE(p.y >= -tile_buffer && p.y <= tile_extent + tile_buffer) << p.y;
      }
    }
  }
}

// Names of layers, and how many features each has.
std::map<std::string, int> layers_of(const std::string& bytes) {
  std::map<std::string, int> layers;
  protozero::pbf_reader tile(bytes);
  while (tile.next(3)) {
    protozero::pbf_reader layer = tile.get_message();
    std::string name;
    int features = 0;
    while (layer.next()) {
      if (layer.tag() == 1) {
        name = layer.get_string();
      } else {
        features += layer.tag() == 2 ? 1 : 0;
        layer.skip();
      }
    }
    layers[name] = features;
  }
  return layers;
}

class Vectors : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = thread::Thread::open(store::make_memory_store(), clock_);
    ASSERT_TRUE(opened.ok());
    thread_ = std::move(*opened);
    tiles_ = VectorTiles::of(*thread_, {});
  }
  void import_text(const std::string& body) {
    ThreadSink sink(*thread_);
    const auto report = import_bytes("test.osm", "<osm version='0.6'>" + body + "</osm>", sink);
    ASSERT_TRUE(report.ok()) << report.error().text();
  }
  static std::string node(int id, const twin::Position& p, const std::string& tags = "") {
    char text[200];
    std::snprintf(text, sizeof text, "<node id='%d' lat='%.9f' lon='%.9f'>", id, p.latitude_deg, p.longitude_deg);
    return text + tags + "</node>";
  }
  // A square building, by units of the tile.
  static std::string building(int id, double x, double y, double side, const std::string& tags = "") {
    std::string nodes, refs;
    const double corners[4][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
    for (int i = 0; i < 4; ++i) {
      nodes += node(id * 10 + i, at(x + corners[i][0] * side, y + corners[i][1] * side));
      refs += "<nd ref='" + std::to_string(id * 10 + i) + "'/>";
    }
    return nodes + "<way id='" + std::to_string(id) + "'>" + refs + "<nd ref='" + std::to_string(id * 10) +
           "'/><tag k='building' v='yes'/>" + tags + "</way>";
  }
  std::shared_ptr<const VectorTile> tile(TileAddress address, std::optional<thread::Offset> as_of = {}) {
    const auto found = tiles_->find(address, as_of);
    EXPECT_TRUE(found.ok()) << found.error().text();
    return found.ok() ? *found : nullptr;
  }

  base::SystemClock clock_;
  std::unique_ptr<thread::Thread> thread_;
  std::unique_ptr<VectorTiles> tiles_;
};

TEST_F(Vectors, TilesFollowTheRecordAndOnlyWhereItChanged) {
  import_text(building(1, 1000, 1000, 200));
  const auto first = tile(here);
  EXPECT_EQ(layers_of(first->bytes)["buildings"], 1);
  EXPECT_EQ(tile(here).get(), first.get()) << "made again though nothing changed";
  const thread::Offset before = thread_->head();
  // Something far away does not matter.
  ThreadSink sink(*thread_);
  ASSERT_TRUE(import_bytes("other.osm",
                           "<osm version='0.6'>" + node(900, {2.35, 48.85}, "<tag k='amenity' v='cafe'/>") + "</osm>",
                           sink)
                  .ok());
  EXPECT_EQ(tile(here).get(), first.get()) << "made again though nothing changed here";
  import_text(building(1, 1000, 1000, 200) + building(2, 2000, 2000, 100, "<tag k='name' v='새 집'/>"));
  EXPECT_EQ(layers_of(tile(here)->bytes)["buildings"], 2);
  EXPECT_EQ(layers_of(tile(here, before)->bytes)["buildings"], 1) << "the past has changed";
  import_text("");
  EXPECT_EQ(tile(here)->features, 0u);
  EXPECT_TRUE(tile(here)->bytes.empty());
}

TEST_F(Vectors, FarTilesShowOnlyWhatIsLarge) {
  std::string body = building(1, 1000, 1000, 200);
  body += node(5001, at(0, 0)) + node(5002, at(4000, 4000));
  body += "<way id='51'><nd ref='5001'/><nd ref='5002'/><tag k='highway' v='motorway'/></way>";
  body += "<way id='52'><nd ref='5002'/><nd ref='5001'/><tag k='highway' v='residential'/></way>";
  import_text(body);
  const TileAddress far{10, here.x >> 4, here.y >> 4};
  const auto layers = layers_of(tile(far)->bytes);
  EXPECT_EQ(layers.count("buildings"), 0u);
  EXPECT_EQ(layers.at("roads"), 1);
  EXPECT_EQ(layers_of(tile(here)->bytes)["roads"], 2);
  EXPECT_FALSE(tiles_->find({17, here.x << 3, here.y << 3}).ok());
  const auto bounds = tiles_->bounds();
  ASSERT_TRUE(bounds.ok() && *bounds);
  EXPECT_NEAR((*bounds)->west_deg, at(0, 0).longitude_deg, 1e-6);
}

TEST_F(Vectors, ALargeTileDropsTheSmallestAndSaysHowMany) {
  std::string body;
  for (int i = 0; i < 60; ++i) body += building(i + 1, 60.0 * i, 60.0 * i, 20 + i * 0.5);
  import_text(body);
  VectorOptions options;
  options.features_max = 50;
  tiles_ = VectorTiles::of(*thread_, options);
  const auto made = tile(here);
  EXPECT_EQ(made->features, 50u);
  EXPECT_EQ(made->dropped, 10u);
  EXPECT_NE(made->bytes.find("osm-way-60"), std::string::npos) << "the largest";
  EXPECT_NE(made->bytes.find("osm-way-11"), std::string::npos);
  EXPECT_EQ(made->bytes.find("osm-way-9"), std::string::npos) << "one of the smallest";
}

// p95 of tiles that nobody has asked for yet, over all zooms.
void measure(const std::string& file, thread::Thread& thread) {
  const std::string path = testing::shared_data(file);
  if (path.empty()) GTEST_SKIP() << file << " is absent";
  ThreadSink sink(thread);
  ASSERT_TRUE(import_file(path, sink).ok());
  const auto tiles = VectorTiles::of(thread, {});
  const auto bounds = tiles->bounds();
  ASSERT_TRUE(bounds.ok() && *bounds);
  std::vector<double> times_ms;
  size_t largest = 0;
  for (uint32_t z = 8; z <= 16; ++z) {
    const double count = std::ldexp(1, static_cast<int>(z));
    const WorldPoint low = world_point((*bounds)->west_deg, (*bounds)->south_deg);
    const WorldPoint high = world_point((*bounds)->east_deg, (*bounds)->north_deg);
    for (auto x = static_cast<uint32_t>(low.x * count); x <= static_cast<uint32_t>(high.x * count); ++x) {
      for (auto y = static_cast<uint32_t>(high.y * count); y <= static_cast<uint32_t>(low.y * count); ++y) {
        const auto begin = std::chrono::steady_clock::now();
        const auto made = tiles->find({z, x, y});
        ASSERT_TRUE(made.ok());
        times_ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
        largest = std::max(largest, (*made)->bytes.size());
      }
    }
  }
  std::sort(times_ms.begin(), times_ms.end());
  std::printf("%s: %zu tiles, p50 %.1f ms, p95 %.1f ms, longest %.1f ms, largest %zu bytes\n", file.c_str(),
              times_ms.size(), times_ms[times_ms.size() / 2], times_ms[times_ms.size() * 95 / 100], times_ms.back(),
              largest);
  EXPECT_LE(largest, 900'000u);
}

TEST_F(Vectors, JamsilAsTiles) {
  measure("seoul-jamsil/seoul-jamsil.osm", *thread_);
}
TEST_F(Vectors, MonacoAsTiles) {
  measure("monaco/monaco.osm.pbf", *thread_);
}

}  // namespace
}  // namespace cityloom::space

// Point clouds: the packing against what laspy reads from the same file, places against Lambert's formulas.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "space/formats/plane_crs.hpp"
#include "space/points/las_file.hpp"
#include "space/points/point_tiles.hpp"
#include "space/testing/memory_sink.hpp"
#include "space/testing/shared_data.hpp"

namespace cityloom::space {
namespace {

using testing::MemorySink;
using testing::shared_data;
using twin::Value;

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

template <class Number>
void set(std::string& bytes, size_t at, Number number) {
  std::memcpy(bytes.data() + at, &number, sizeof number);
}

// An unpacked LAS 1.2 file of points of format 0 in a plane of metres.
std::string las(size_t count) {
  std::string bytes(227 + 20 * count, '\0');
  bytes.replace(0, 4, "LASF");
  bytes[24] = 1;
  bytes[25] = 2;
  set<uint16_t>(bytes, 94, 227);
  set<uint32_t>(bytes, 96, 227);
  set<uint16_t>(bytes, 105, 20);
  set<uint32_t>(bytes, 107, static_cast<uint32_t>(count));
  for (size_t axis = 0; axis < 3; ++axis) {
    set<double>(bytes, 131 + 8 * axis, 0.01);
    set<double>(bytes, 155 + 8 * axis, axis == 0 ? 200'000 : axis == 1 ? 600'000 : 0);
    set<double>(bytes, 179 + 16 * axis, axis == 0 ? 200'100 : axis == 1 ? 600'100 : 10);
    set<double>(bytes, 187 + 16 * axis, axis == 0 ? 200'000 : axis == 1 ? 600'000 : 0);
  }
  for (size_t i = 0; i < count; ++i) {
    const size_t at = 227 + 20 * i;
    set<int32_t>(bytes, at, static_cast<int32_t>(i * 7'919 % 10'000));
    set<int32_t>(bytes, at + 4, static_cast<int32_t>(i * 104'729 % 10'000));
    set<int32_t>(bytes, at + 8, static_cast<int32_t>(i * 31 % 1'000));
    bytes[at + 14] = 9;
    bytes[at + 15] = i % 2 == 0 ? 2 : 6;
  }
  return bytes;
}

TEST(Las, EveryPointOfAutzenAsLaspyReadsIt) {
  const std::string path = shared_data("points/autzen-trim.laz");
  CITYLOOM_REQUIRE_SHARED(path);
  const std::string bytes = bytes_of(path);
  const auto head = read_las_head(bytes);
  ASSERT_TRUE(head.ok()) << head.error().text();
  EXPECT_EQ(head->point_count, 110'000u);
  EXPECT_EQ(head->point_format, 3);
  EXPECT_NEAR(head->metres_per_unit, 0.3048, 1e-12);
  uint64_t number = 0, red = 0, ground = 0;
  int64_t x = 0, z = 0;
  uint64_t returns[8] = {};
  const auto status = each_las_point(bytes, *head, [&](const LasPoint& point) {
    if (number == 0) {
      EXPECT_NEAR(point.x, 637177.98, 1e-6);
      EXPECT_EQ(point.intensity, 4);
    }
    if (number == 50'000) {  // the first of the second chunk
      EXPECT_NEAR(point.x, 636601.86, 1e-6);
      EXPECT_NEAR(point.y, 849018.59, 1e-6);
      EXPECT_EQ(point.blue, 104);
    }
    if (number == 109'999) {
      EXPECT_NEAR(point.x, 636037.88, 1e-6);
      EXPECT_NEAR(point.z, 423.2, 1e-6);
      EXPECT_EQ(point.intensity, 100);
      EXPECT_EQ(point.green, 74);
    }
    x += std::llround(point.x * 100);
    z += std::llround(point.z * 100);
    red += point.red;
    ground += point.classification == 2 ? 1 : 0;
    ++returns[point.return_number & 7];
    ++number;
    return true;
  });
  ASSERT_TRUE(status.ok()) << status.error().text();
  EXPECT_EQ(number, 110'000u);
  EXPECT_EQ(x, 7'002'010'454'461);
  EXPECT_EQ(z, 4'733'712'773);
  EXPECT_EQ(red, 12'255'922u);
  EXPECT_EQ(ground, 26'107u);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(returns[i + 1], head->returns[i]);
}

// Walks a tileset: every content is there, holds its points within its box, and errors shrink.
size_t walk(const nlohmann::json& tile, double error, const std::map<std::string, std::string>& assets) {
  EXPECT_LE(tile["geometricError"].get<double>(), error);
  const std::string uri = tile["content"]["uri"];
  const std::string& glb = assets.at(uri.substr(0, uri.size() - 4));
  uint32_t json_bytes = 0;
  std::memcpy(&json_bytes, glb.data() + 12, 4);
  const auto gltf = nlohmann::json::parse(glb.substr(20, json_bytes));
  size_t count = gltf["accessors"][0]["count"];
  EXPECT_LE(count, tile_points_max + 1);
  const auto box = tile["boundingVolume"]["box"];
  const auto low = gltf["accessors"][0]["min"], high = gltf["accessors"][0]["max"];
  // glTF has y up: its y is our z, its z our -y.
  EXPECT_GE(low[0].get<double>(), box[0].get<double>() - box[3].get<double>() - 0.01);
  EXPECT_LE(high[1].get<double>(), box[2].get<double>() + box[11].get<double>() + 0.01);
  EXPECT_GE(-high[2].get<double>(), box[1].get<double>() - box[7].get<double>() - 0.01);
  if (!tile.contains("children")) return count;
  for (const auto& child : tile["children"]) count += walk(child, tile["geometricError"], assets);
  return count;
}

TEST(Las, AutzenAsAnEntityWithTiles) {
  const std::string path = shared_data("points/autzen-trim.laz");
  CITYLOOM_REQUIRE_SHARED(path);
  MemorySink sink;
  const auto report = import_file(path, sink);
  ASSERT_TRUE(report.ok()) << report.error().text();
  const std::string id = "urn:ngsi-ld:PointCloud:autzen-trim";
  EXPECT_EQ(sink.value(id, "pointCount"), Value(int64_t{110'000}));
  EXPECT_EQ(sink.value(id, "pointCountsByClass"), Value(twin::Json{R"({"1":83893,"2":26107})"}));
  EXPECT_NEAR(twin::as_number(sink.value(id, "heightMin")), 406.26 * 0.3048, 1);
  const auto area = std::get<twin::Geometry>(sink.value(id, "location"));
  const twin::Box box = twin::bounds_of(area);
  EXPECT_NEAR(box.west_deg, -123.0734, 1.5e-4);
  EXPECT_NEAR(box.north_deg, 44.05155, 1.5e-4);
  // The first point by Lambert's formulas, in NAD 83, which lies a metre and more from WGS 84.
  const auto crs = PlaneCrs::open(read_las_head(bytes_of(path))->crs);
  ASSERT_TRUE(crs.ok());
  const auto first = crs->position(637177.98, 849393.95);
  EXPECT_LT(distance_m(*first, {-123.06896309385257, 44.051259913302836}), 2);
  const auto tileset = nlohmann::json::parse(sink.assets.at(std::get<std::string>(sink.value(id, "tileset"))));
  EXPECT_EQ(walk(tileset["root"], tileset["geometricError"], sink.assets), 110'000u);
  EXPECT_EQ(tileset["root"]["transform"].size(), 16u);
  EXPECT_EQ(import_file(path, sink)->unchanged, 1u) << "the same points make the same tiles";
}

TEST(Las, ColoursOfTilesAreLinearAsGltfWantsThem) {
  const CloudPoint points[] = {{0, 0, 0, 255, 188, 0, 2}, {1, 1, 1, 10, 11, 255, 2}};
  const std::string glb = point_glb(points, 2);
  uint32_t json_bytes = 0;
  std::memcpy(&json_bytes, glb.data() + 12, 4);
  const auto gltf = nlohmann::json::parse(glb.substr(20, json_bytes));
  EXPECT_EQ(gltf["accessors"][1]["componentType"], 5123);
  std::array<uint16_t, 8> colours{};
  const size_t binary = 20 + json_bytes + 8;
  ASSERT_EQ(glb.size(), binary + 24 + sizeof colours);
  std::memcpy(colours.data(), glb.data() + binary + gltf["bufferViews"][1]["byteOffset"].get<size_t>(), sizeof colours);
  EXPECT_EQ(colours[0], 65'535);
  EXPECT_NEAR(colours[1], 65'535 / 2, 500) << "half of the light is 188 of 255 in sRGB";
  EXPECT_EQ(colours[2], 0);
  EXPECT_LT(colours[4], colours[5]) << "dark colours stay apart";
  EXPECT_EQ(colours[7], 65'535);
}

TEST(Las, UnpackedWithACoordinateSystemByOption) {
  MemorySink sink;
  const std::string bytes = las(50'000);
  EXPECT_EQ(import_bytes("a.las", bytes, sink).error().code, base::Code::unsupported);
  ImportOptions options;
  options.crs = "EPSG:5186";
  const auto report = import_bytes("a.las", bytes, sink, options);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(sink.value("urn:ngsi-ld:PointCloud:a", "pointCountsByClass"),
            Value(twin::Json{R"({"2":25000,"6":25000})"}));
  const auto area = std::get<twin::Geometry>(sink.value("urn:ngsi-ld:PointCloud:a", "location"));
  EXPECT_NEAR(area.positions[0].longitude_deg, 127, 1e-6);
  EXPECT_NEAR(area.positions[0].latitude_deg, 38, 1e-6);
  const auto tileset =
      nlohmann::json::parse(sink.assets.at(std::get<std::string>(sink.value("urn:ngsi-ld:PointCloud:a", "tileset"))));
  EXPECT_TRUE(tileset["root"].contains("children"));
  EXPECT_EQ(walk(tileset["root"], tileset["geometricError"], sink.assets), 50'000u);
}

TEST(Las, Hostile) {
  MemorySink sink;
  ImportOptions options;
  options.crs = "EPSG:5186";
  const std::string good = las(100);
  for (const size_t cut : {10u, 100u, 300u, 2'000u}) {
    EXPECT_EQ(import_bytes("a.las", good.substr(0, cut), sink, options).error().code, base::Code::corrupt) << cut;
  }
  std::string many = good;
  set<uint32_t>(many, 107, 4'000'000'000u);
  EXPECT_EQ(import_bytes("a.las", many, sink, options).error().code, base::Code::corrupt);
  std::string lost = good;
  set<double>(lost, 131, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(import_bytes("a.las", lost, sink, options).error().code, base::Code::corrupt);
  std::string far = good;
  set<double>(far, 155, 1e9);
  const auto report = import_bytes("a.las", far, sink, options);
  EXPECT_FALSE(report.ok());
  EXPECT_TRUE(sink.entities.empty());
  const std::string path = shared_data("points/autzen-trim.laz");
  if (path.empty()) return;
  std::string damaged = bytes_of(path).substr(0, 300'000);
  EXPECT_EQ(import_bytes("a.laz", damaged, sink).error().code, base::Code::corrupt);
}

}  // namespace
}  // namespace cityloom::space

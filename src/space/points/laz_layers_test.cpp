// LAZ files that other programs packed (golden/make.py says how), point by point against the formulas of their points.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "space/points/las_file.hpp"
#include "space/testing/memory_sink.hpp"

namespace cityloom::space {
namespace {

std::string golden(const std::string& name) {
  std::ifstream file(std::string(CITYLOOM_SOURCE_DIR) + "/src/space/points/golden/" + name, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Raw {
  int64_t x, y, z;
  int intensity, classification, return_number, red, green, blue;
  bool operator==(const Raw&) const = default;
};

void PrintTo(const Raw& p, std::ostream* out) {
  *out << p.x << ' ' << p.y << ' ' << p.z << ", intensity " << p.intensity << ", class " << p.classification
       << ", return " << p.return_number << ", colour " << p.red << ' ' << p.green << ' ' << p.blue;
}

std::vector<Raw> points_of(const std::string& bytes, base::Status& status) {
  std::vector<Raw> points;
  const auto head = read_las_head(bytes);
  if (!head) {
    status = head.error();
    return points;
  }
  const auto whole = [&](double value, size_t axis) {
    return std::llround((value - head->offset[axis]) / head->scale[axis]);
  };
  status = each_las_point(bytes, *head, [&](const LasPoint& p) {
    points.push_back({whole(p.x, 0), whole(p.y, 1), whole(p.z, 2), p.intensity, p.classification, p.return_number,
                      p.red, p.green, p.blue});
    return true;
  });
  return points;
}

Raw cloud_point(int64_t i, int returns_most, int fourth_class, bool has_colour) {
  constexpr int kinds[] = {2, 6, 5};
  const auto kind = static_cast<size_t>(i / 7 % 4);
  const int64_t count = 1 + i / 3 * 7 % returns_most;
  Raw p{
      25 * i + i * 7'919 % 40, i * i % 3'001, i * 31 % 997 - 400, static_cast<int>(i * i * 37 % 65'536), 0, 0, 0, 0, 0};
  p.classification = kind < 3 ? kinds[kind] : fourth_class;
  p.return_number = static_cast<int>(1 + i % count);
  if (has_colour) {
    p.red = static_cast<int>(i * 300 % 65'536);
    p.green = static_cast<int>(i * 301 % 65'536);
    p.blue = static_cast<int>(i % 5 == 0 ? i * 300 % 65'536 : i / 2);
  }
  return p;
}

struct Packed {
  const char* name;
  int64_t count;
  int returns_most, fourth_class;
  bool has_colour;
};

class LazFiles : public ::testing::TestWithParam<Packed> {};

TEST_P(LazFiles, EveryPointIsAsItWasPacked) {
  const Packed& packed = GetParam();
  base::Status status;
  const auto points = points_of(golden(packed.name), status);
  ASSERT_TRUE(status.ok()) << status.error().text();
  ASSERT_EQ(points.size(), static_cast<size_t>(packed.count));
  for (int64_t i = 0; i < packed.count; ++i) {
    ASSERT_EQ(points[static_cast<size_t>(i)],
              cloud_point(i, packed.returns_most, packed.fourth_class, packed.has_colour))
        << "point " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, LazFiles,
                         ::testing::Values(Packed{"format-6-lazrs.laz", 400, 15, 200, false},
                                           Packed{"format-7-extra-laszip.laz", 400, 15, 200, true},
                                           Packed{"format-8-chunks-lazrs.laz", 400, 15, 200, true},
                                           Packed{"format-10-laszip.laz", 250, 15, 200, true},
                                           Packed{"format-3-chunks-lazrs.laz", 400, 5, 20, true}));

TEST(LazLayers, GoesOnFromChunkToChunk) {
  base::Status status;
  const auto points = points_of(golden("format-6-line-laszip.laz"), status);
  ASSERT_TRUE(status.ok()) << status.error().text();
  ASSERT_EQ(points.size(), 50'100u);
  for (int64_t i = 0; i < 50'100; ++i) {
    ASSERT_EQ(points[static_cast<size_t>(i)], (Raw{50 * i, 20 * i, i / 100, 0, 2, 1, 0, 0, 0})) << "point " << i;
  }
}

TEST(LazLayers, IsImported) {
  testing::MemorySink sink;
  ImportOptions options;
  options.crs = "EPSG:5186";
  const auto report = import_bytes("a.laz", golden("format-8-chunks-lazrs.laz"), sink, options);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(sink.value("urn:ngsi-ld:PointCloud:a", "pointCount"), twin::Value(int64_t{400}));
  EXPECT_EQ(sink.value("urn:ngsi-ld:PointCloud:a", "pointFormat"), twin::Value(int64_t{8}));
}

// The record of the packing: its compressor, its items' versions, its number of points a chunk.
std::string changed(const std::string& name, size_t at_in_record, uint32_t value, size_t size) {
  std::string bytes = golden(name);
  const size_t record = bytes.find("laszip encoded") - 2 + 54;
  std::memcpy(bytes.data() + record + at_in_record, &value, size);
  return bytes;
}

TEST(LazLayers, RefusesWhatItCannotReadAndSaysWhy) {
  base::Status status;
  points_of(changed("format-6-lazrs.laz", 0, 1, 2), status);
  EXPECT_EQ(status.error().code, base::Code::unsupported);
  EXPECT_EQ(status.error().what, "LAZ with compressor 1 cannot be read here");
  points_of(changed("format-6-lazrs.laz", 38, 5, 2), status);
  EXPECT_EQ(status.error().what, "LAZ with parts of type 10 in version 5 cannot be read here");
  points_of(changed("format-6-lazrs.laz", 12, 0, 4), status);
  EXPECT_EQ(status.error().code, base::Code::corrupt);
  points_of(changed("format-7-extra-laszip.laz", 34 + 14, 4, 2), status);
  EXPECT_EQ(status.error().what, "The parts of the point cloud's packing do not make up its points");
  std::string many = golden("format-6-lazrs.laz");
  const uint64_t count = 4'000'000'000;
  std::memcpy(many.data() + 247, &count, sizeof count);
  points_of(many, status);
  EXPECT_EQ(status.error().what, "The point cloud names more points than its bytes can hold");
}

TEST(LazLayers, EndsWithAnErrorWhereverTheFileEnds) {
  for (const char* name : {"format-7-extra-laszip.laz", "format-8-chunks-lazrs.laz", "format-3-chunks-lazrs.laz"}) {
    const std::string whole = golden(name);
    ASSERT_GT(whole.size(), 1'000u) << name;
    // The last layers are of values that are passed over, then comes the table of chunks.
    for (size_t size = 0; size + 700 < whole.size(); size += 97) {
      base::Status status;
      const auto points = points_of(whole.substr(0, size), status);
      EXPECT_EQ(status.ok() ? base::Code::internal : status.error().code, base::Code::corrupt) << name << ' ' << size;
      EXPECT_LT(points.size(), 400u);
    }
  }
}

}  // namespace
}  // namespace cityloom::space

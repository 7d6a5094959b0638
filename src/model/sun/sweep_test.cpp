// Sweeps against rays through the same triangles by Embree, and against what is known of a wall.
#include "model/sun/sweep.hpp"

#include <embree3/rtcore.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace cityloom::model::sun {
namespace {

using Height = std::function<double(size_t column, size_t row)>;
constexpr double degree = M_PI / 180;

Field field_of(size_t rows, size_t columns, const Height& height) {
  Field field(rows, columns);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) field.row(r)[c] = static_cast<float>(height(c, r));
  }
  return field;
}

// Shadow marks as the field lies.
std::vector<int8_t> shadow(const Field& field, double azimuth_deg, double elevation_deg, double dx, double dy) {
  const Course course = course_of(azimuth_deg, dx, dy);
  const size_t rows = field.rows(), columns = field.columns();
  std::vector<int8_t> marks(rows * columns), swept(rows * columns);
  mark_shadow(course.is_turned ? field.turned() : field, course, std::tan(elevation_deg * degree), swept.data());
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c)
      marks[r * columns + c] = course.is_turned ? swept[c * rows + r] : swept[r * columns + c];
  }
  return marks;
}

// The same ground for Embree.
class Triangles {
 public:
  Triangles(const Field& field, double dx, double dy) : field_(field), dx_(dx), dy_(dy) {
    device_ = rtcNewDevice("threads=1");
    scene_ = rtcNewScene(device_);
    rtcSetSceneFlags(scene_, RTC_SCENE_FLAG_ROBUST);
    const RTCGeometry geometry = rtcNewGeometry(device_, RTC_GEOMETRY_TYPE_TRIANGLE);
    const size_t rows = field.rows(), columns = field.columns();
    auto* corner = static_cast<float*>(rtcSetNewGeometryBuffer(geometry, RTC_BUFFER_TYPE_VERTEX, 0, RTC_FORMAT_FLOAT3,
                                                               3 * sizeof(float), rows * columns));
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < columns; ++c) {
        *corner++ = static_cast<float>(static_cast<double>(c) * dx);
        *corner++ = static_cast<float>(static_cast<double>(r) * dy);
        *corner++ = field.row(r)[c];
      }
    }
    auto* index = static_cast<unsigned*>(rtcSetNewGeometryBuffer(geometry, RTC_BUFFER_TYPE_INDEX, 0, RTC_FORMAT_UINT3,
                                                                 3 * sizeof(unsigned), 2 * (rows - 1) * (columns - 1)));
    for (size_t r = 0; r + 1 < rows; ++r) {
      for (size_t c = 0; c + 1 < columns; ++c) {
        const auto south_west = static_cast<unsigned>(r * columns + c), wide = static_cast<unsigned>(columns);
        for (const unsigned at : {0u, 1u, wide + 1, 0u, wide + 1, wide}) *index++ = south_west + at;
      }
    }
    rtcCommitGeometry(geometry);
    rtcAttachGeometry(scene_, geometry);
    rtcReleaseGeometry(geometry);
    rtcCommitScene(scene_);
  }
  Triangles(const Triangles&) = delete;
  Triangles& operator=(const Triangles&) = delete;
  ~Triangles() {
    rtcReleaseScene(scene_);
    rtcReleaseDevice(device_);
  }

  bool is_shaded(size_t column, size_t row, double azimuth_deg, double elevation_deg) const {
    const double level = std::cos(elevation_deg * degree);
    RTCRay ray{};
    ray.org_x = static_cast<float>(static_cast<double>(column) * dx_);
    ray.org_y = static_cast<float>(static_cast<double>(row) * dy_);
    ray.org_z = field_.row(row)[column] + 1e-3f;
    ray.dir_x = static_cast<float>(std::sin(azimuth_deg * degree) * level);
    ray.dir_y = static_cast<float>(std::cos(azimuth_deg * degree) * level);
    ray.dir_z = static_cast<float>(std::sin(elevation_deg * degree));
    ray.tfar = 1e9f;
    ray.mask = ~0u;
    RTCIntersectContext context;
    rtcInitIntersectContext(&context);
    rtcOccluded1(scene_, &context, &ray);
    return ray.tfar < 0;
  }

 private:
  const Field& field_;
  double dx_, dy_;
  RTCDevice device_;
  RTCScene scene_;
};

// The share of cells on which both agree, among those whose neighbours are all alike in Embree's answer.
double agreement(const Field& field, double azimuth_deg, double elevation_deg, double dx, double dy) {
  const Triangles triangles(field, dx, dy);
  const auto ours = shadow(field, azimuth_deg, elevation_deg, dx, dy);
  const size_t rows = field.rows(), columns = field.columns();
  std::vector<int8_t> theirs(rows * columns);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c)
      theirs[r * columns + c] = triangles.is_shaded(c, r, azimuth_deg, elevation_deg) ? -1 : 0;
  }
  size_t same = 0, count = 0;
  for (size_t r = 1; r + 1 < rows; ++r) {
    for (size_t c = 1; c + 1 < columns; ++c) {
      const size_t at = r * columns + c;
      bool is_edge = false;
      for (const size_t near : {at - 1, at + 1, at - columns, at + columns, at - columns - 1, at - columns + 1,
                                at + columns - 1, at + columns + 1})
        is_edge |= theirs[near] != theirs[at];
      if (is_edge) continue;
      ++count;
      same += ours[at] == theirs[at] ? 1 : 0;
    }
  }
  EXPECT_GT(count, rows * columns / 2);
  return static_cast<double>(same) / static_cast<double>(count);
}

double hills(size_t column, size_t row) {
  const auto x = static_cast<double>(column), y = static_cast<double>(row);
  return 40 * std::sin(x / 30) * std::cos(y / 22) + 15 * std::sin((x + 2 * y) / 12) + 100;
}

TEST(Sweep, AgreesWithEmbreeOnHills) {
  const Field field = field_of(170, 230, hills);
  for (double azimuth = 7; azimuth < 360; azimuth += 53) {
    for (const double elevation : {4.0, 17.0, 50.0})
      EXPECT_GE(agreement(field, azimuth, elevation, 1, 1), 0.995) << azimuth << " " << elevation;
  }
}

TEST(Sweep, AgreesWithEmbreeOnCellsThatAreNotSquare) {
  const Field field = field_of(120, 140, hills);
  for (const double azimuth : {10.0, 130.0, 215.0, 290.0})
    EXPECT_GE(agreement(field, azimuth, 25, 3, 1.7), 0.995) << azimuth;
}

Field city() {
  std::mt19937 random(5);
  std::vector<double> heights(200 * 200, 0);
  for (int building = 0; building < 25; ++building) {
    const size_t west = random() % 180, south = random() % 180, wide = 5 + random() % 20, deep = 5 + random() % 20;
    const double height = 5 + static_cast<double>(random() % 50);
    for (size_t r = south; r < std::min<size_t>(200, south + deep); ++r) {
      for (size_t c = west; c < std::min<size_t>(200, west + wide); ++c) heights[r * 200 + c] = height;
    }
  }
  return field_of(200, 200, [&](size_t c, size_t r) { return heights[r * 200 + c]; });
}

TEST(Sweep, AgreesWithEmbreeInACity) {
  const Field field = city();
  for (double azimuth = 3; azimuth < 350; azimuth += 71) {
    for (const double elevation : {8.0, 52.0})
      EXPECT_GE(agreement(field, azimuth, elevation, 1, 1), 0.995) << azimuth << " " << elevation;
  }
  EXPECT_GE(agreement(field, 358, 8, 1, 1), 0.995);
}

// Asked is 0.995 and missed (decision 0275): at the foot of walls that nearly point to the sun one of the two rays that
// are mixed runs within the wall's slope. Once that is mended this case belongs to the test above.
TEST(Sweep, MissesCellsAtWallsThatNearlyPointToTheSun) {
  const double share = agreement(city(), 358, 52, 1, 1);
  EXPECT_GE(share, 0.993);
  EXPECT_LT(share, 0.995) << "it is mended: move it to the test above";
}

// A wall that runs east to west, the sun in the south: its shadow ends at height / tangent.
TEST(Sweep, ShadowOfAWallIsAsLongAsItsHeightOverTheTangent) {
  const Field field = field_of(120, 200, [](size_t, size_t row) { return row == 10 ? 20.0 : 0.0; });
  for (const double elevation : {15.0, 30.0, 45.0, 60.0}) {
    const double length = 20 / std::tan(elevation * degree);
    for (const double azimuth : {180.0, 160.0, 215.0}) {
      // What falls aside makes the shadow's depth shorter by the cosine.
      const double depth = length * std::cos((azimuth - 180) * degree);
      const auto marks = shadow(field, azimuth, elevation, 1, 1);
      for (size_t row = 0; row < 120; ++row) {
        const double behind = static_cast<double>(row) - 10;
        if (std::abs(behind - depth) < 1e-3) continue;
        EXPECT_EQ(marks[row * 200 + 100] != 0, behind > 0 && behind < depth)
            << elevation << " " << azimuth << " " << row;
      }
    }
  }
}

TEST(Sweep, HorizonOfAWallIsItsAngle) {
  const Field field = field_of(400, 30, [](size_t, size_t row) { return row == 5 ? 30.0 : 0.0; });
  std::vector<float> tangent(400 * 30);
  find_horizon(field, course_of(180, 1, 1), tangent.data());
  for (size_t row = 8; row < 400; ++row)
    EXPECT_NEAR(static_cast<double>(tangent[row * 30 + 15]), 30.0 / (static_cast<double>(row) - 5), 1e-4) << row;
  find_horizon(field, course_of(0, 1, 1), tangent.data());
  EXPECT_EQ(tangent[100 * 30 + 15], 0);
}

TEST(Sweep, HolesShadeNothingAndOneCellIsEnough) {
  const Field hole = field_of(60, 60, [](size_t c, size_t r) {
    return c > 20 && c < 30 ? static_cast<double>(no_ground) : r == 30 ? 10.0 : 0.0;
  });
  const auto marks = shadow(hole, 180, 45, 1, 1);
  EXPECT_NE(marks[35 * 60 + 10], 0);
  EXPECT_EQ(marks[35 * 60 + 25], 0);
  for (const auto& [rows, columns] : {std::pair<size_t, size_t>{1, 1}, {1, 40}, {40, 1}, {2, 3}}) {
    const Field small = field_of(rows, columns, [](size_t, size_t) { return 3.0; });
    for (double azimuth = 0; azimuth < 360; azimuth += 45) {
      for (const int8_t mark : shadow(small, azimuth, 1, 1, 1)) EXPECT_EQ(mark, 0);
    }
  }
}

}  // namespace
}  // namespace cityloom::model::sun

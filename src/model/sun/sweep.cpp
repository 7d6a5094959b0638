// Chooses the sweeps for the processor at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/sun/sweep.cpp"
#include <hwy/foreach_target.h>  // must come before the next

#include "model/sun/sweep-inl.hpp"

#if HWY_ONCE
#include <algorithm>

namespace cityloom::model::sun {

HWY_EXPORT(mark);
HWY_EXPORT(heights);
HWY_EXPORT(horizon);
HWY_EXPORT(slopes);
HWY_EXPORT(light);
HWY_EXPORT(sky);

Field Field::turned() const {
  Field other(columns_, rows_);
  constexpr size_t block = 32;
  for (size_t row = 0; row < rows_; row += block) {
    for (size_t column = 0; column < columns_; column += block) {
      for (size_t c = column; c < std::min(column + block, columns_); ++c) {
        float* const to = other.row(c);
        for (size_t r = row; r < std::min(row + block, rows_); ++r) to[r] = this->row(r)[c];
      }
    }
  }
  return other;
}

Course course_of(double azimuth_deg, double cell_x_m, double cell_y_m) {
  const double azimuth = azimuth_deg * M_PI / 180;
  const double east = std::sin(azimuth) / cell_x_m, north = std::cos(azimuth) / cell_y_m;
  Course course;
  course.is_turned = std::abs(east) > std::abs(north);
  const double along = course.is_turned ? east : north, aside = course.is_turned ? north : east;
  course.from_last = along > 0;
  course.drift = -aside / std::abs(along);
  course.row_distance_m = 1 / std::abs(along);
  return course;
}

void mark_shadow(const Field& field, const Course& course, double tangent, int8_t* shaded) {
  HWY_DYNAMIC_DISPATCH(mark)(field, course, tangent, shaded);
}

void find_shadow_heights(const Field& field, const Course& course, double tangent, float* height_m) {
  HWY_DYNAMIC_DISPATCH(heights)(field, course, tangent, height_m);
}

void find_horizon(const Field& field, const Course& course, float* tangent) {
  HWY_DYNAMIC_DISPATCH(horizon)(field, course, tangent);
}

void find_slopes(const Field& field, size_t row, float per_column, float per_row, const RowSlopes& to) {
  HWY_DYNAMIC_DISPATCH(slopes)(field, row, per_column, per_row, to);
}

void add_light(size_t columns, const RowSlopes& slope, const Beam* beams, size_t count, size_t first_cell,
               const RowSums& sums) {
  HWY_DYNAMIC_DISPATCH(light)(columns, slope, beams, count, first_cell, sums);
}

void add_sky(size_t columns, const float* tangent, float to_column, float to_row, const SkySums& sums) {
  HWY_DYNAMIC_DISPATCH(sky)(columns, tangent, to_column, to_row, sums);
}

}  // namespace cityloom::model::sun
#endif

// Light and shadow swept over a grid of heights, row by row away from the sun (room-internal).
//
// The ground is a surface of triangles: its corners are the middles of the cells, each square of four is cut from its
// south-western to its north-eastern corner. Rays go through a corner of each cell of the row; as all of them cross the
// edges between two rows alike, a row is done for many rays at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace cityloom::model::sun {

/// Where there is no ground: so low that it shades nothing.
inline constexpr float no_ground = -1e30f;
/// Elements of no ground before and after each row, for neighbours and for vectors that reach beyond.
inline constexpr size_t row_margin = 32;

/// Heights in rows with margins, either as they lie or turned over: rows become columns.
class Field {
 public:
  Field(size_t rows, size_t columns)
      : rows_(rows),
        columns_(columns),
        stride_((columns + 2 * row_margin + 15) / 16 * 16),
        heights_(rows * stride_, no_ground) {}

  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }
  float* row(size_t at) { return heights_.data() + at * stride_ + row_margin; }
  const float* row(size_t at) const { return heights_.data() + at * stride_ + row_margin; }

  /// The same ground with rows as columns.
  Field turned() const;

 private:
  size_t rows_, columns_, stride_;
  std::vector<float> heights_;
};

/// How rays go over a grid: from row to row of a field, turned over if need be so that the steeper of both ways is the
/// one from row to row.
struct Course {
  bool is_turned = false;     ///< over the turned field
  bool from_last = false;     ///< the sun is beyond its last row
  double drift = 0;           ///< columns that a ray goes aside from a row to the next away from the sun, -1 to 1
  double row_distance_m = 1;  ///< along the ray, level
};

/// Of light from an azimuth, turned from the grid's north over its east.
Course course_of(double azimuth_deg, double cell_x_m, double cell_y_m);

/// Marks what lies in shadow: -1, else 0, a byte a cell (rows x columns of the field). `tangent` of the sun's height.
void mark_shadow(const Field& field, const Course& course, double tangent, int8_t* shaded);

/// How high the shadow reaches above each cell's middle, in metres of the field's heights; no_ground where nothing is
/// on the way to the sun.
void find_shadow_heights(const Field& field, const Course& course, double tangent, float* height_m);

/// The tangent of the horizon's height in the direction of a course, 0 where it is level or lower, rows x columns.
void find_horizon(const Field& field, const Course& course, float* tangent);

/// One position of the sun, as what falls on a row needs it.
struct Beam {
  float column, row, up;     ///< unit vector to the sun, in the field's axes
  float beam_wh, around_wh;  ///< of a plane that faces it: beam, and sky around the sun
  float hours;               ///< how long it stands there
  const int8_t* shaded;      ///< of the whole field
};

/// Sums of a row, to which light is added.
struct RowSums {
  float *beam_wh, *around_wh, *hours;
};

/// Slopes of the ground in a row (metres a metre), by central differences; at holes and edges one-sided.
struct RowSlopes {
  float *column, *row;
};

void find_slopes(const Field& field, size_t row, float per_column, float per_row, const RowSlopes& slopes);
void add_light(size_t columns, const RowSlopes& slopes, const Beam* beams, size_t count, size_t first_cell,
               const RowSums& sums);

/// Adds a direction's share of the sky to three sums: of the sky itself, and of its slant to column and row.
struct SkySums {
  float *level, *column, *row;
};
void add_sky(size_t columns, const float* tangent, float to_column, float to_row, const SkySums& sums);

}  // namespace cityloom::model::sun

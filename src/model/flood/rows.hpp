// What a step of the shallow water equations reads and writes, row by row (room-internal).
#pragma once

#include <cstddef>

namespace cityloom::model::flood {

/// Columns of a strip: what is known of a few rows of it stays in the second-level cache.
inline constexpr size_t strip_columns = 256;
inline constexpr size_t strip_room = strip_columns + 32;  // with surroundings, and vectors that reach beyond

template <class Real>
struct Constants {
  Real gravity;
  Real step_over_dx, step_over_dy;  // s/m
  Real step_s;
  Real dry_m;  // below it, water stands still
};

/// Rows of cells, in memory. All have two cells of surroundings at each side.
template <class Real>
struct ConstRows {
  const Real *depth, *depth_rest, *flow_x, *flow_y, *bed, *friction;
};
template <class Real>
struct Rows {
  Real *depth, *depth_rest, *flow_x, *flow_y;
};

// What one row of cells gives its faces.
template <class Real>
struct Faces {
  alignas(64) Real east_h[strip_room], east_u[strip_room], east_v[strip_room];
  alignas(64) Real west_h[strip_room], west_u[strip_room], west_v[strip_room];
  alignas(64) Real north_h[strip_room], north_u[strip_room], north_v[strip_room];
  alignas(64) Real south_h[strip_room], south_u[strip_room], south_v[strip_room];
  alignas(64) Real bed_slope_x[strip_room], bed_slope_y[strip_room];  // over half a cell
  alignas(64) Real push_x[strip_room], push_y[strip_room];            // g h times the surface's slope over a cell
};

template <class Real>
struct Fluxes {
  alignas(64) Real mass[strip_room];
  alignas(64) Real normal_low[strip_room];   // without the pressure of the lower (west, south) side
  alignas(64) Real normal_high[strip_room];  // without that of the higher side
  alignas(64) Real across[strip_room];
};

template <class Real>
struct Velocities {
  alignas(64) Real u[strip_room], v[strip_room];
};

template <class Real>
struct Scratch {
  Faces<Real> faces[2];
  Fluxes<Real> x, y[2];
  Velocities<Real> velocities[3];
};

}  // namespace cityloom::model::flood

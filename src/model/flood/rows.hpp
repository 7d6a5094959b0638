// What a step of the shallow water equations reads and writes, row by row (room-internal).
#pragma once

#include <cstddef>

namespace cityloom::model::flood {

/// Columns of a strip: what is known of a few rows of it stays in the second-level cache.
inline constexpr size_t strip_columns = 256;
/// Cells around a block that its step depends on: a cell's share of what it gives decides a face, its fluxes the share,
/// its neighbours' slopes the fluxes.
inline constexpr size_t halo = 3;
inline constexpr size_t strip_room = strip_columns + 2 * halo + 26;  // and vectors that reach beyond

/// What is the same for all cells in a step.
template <class Real>
struct Constants {
  Real gravity;
  Real step_over_dx, step_over_dy;  // s/m
  Real step_s;
  Real dry_m;  // below it, water stands still
};

/// Rows of cells, in memory. All have `halo` cells of surroundings at each side.
template <class Real>
struct ConstRows {
  const Real *depth, *depth_rest, *flow_x, *flow_y, *bed, *friction;
};
/// Likewise, to be written.
template <class Real>
struct Rows {
  Real *depth, *depth_rest, *flow_x, *flow_y;
};

/// What one row of cells gives its faces: depth and velocity beside each, half a step on.
template <class Real>
struct alignas(64) Faces {
  Real east_h[strip_room], east_u[strip_room], east_v[strip_room];
  Real west_h[strip_room], west_u[strip_room], west_v[strip_room];
  Real north_h[strip_room], north_u[strip_room], north_v[strip_room];
  Real south_h[strip_room], south_u[strip_room], south_v[strip_room];
  Real bed_slope_x[strip_room], bed_slope_y[strip_room];  // over half a cell
  Real push_x[strip_room], push_y[strip_room];            // g h times the surface's slope over a cell
};

/// What passes the faces of a row.
template <class Real>
struct alignas(64) Fluxes {
  Real mass[strip_room];
  Real normal_low[strip_room];   // without the pressure of the lower (west, south) side
  Real normal_high[strip_room];  // without that of the higher side
  Real across[strip_room];
};

/// Of a row, m/s.
template <class Real>
struct alignas(64) Velocities {
  Real u[strip_room], v[strip_room];
};

/// What part of its outflow each cell of a row can give.
template <class Real>
struct alignas(64) Shares {
  Real left[strip_room];
  bool any = false;  // below 1
};

/// What a worker needs to take a step.
template <class Real>
struct alignas(64) Scratch {
  Velocities<Real> velocities[3];
  Faces<Real> faces[3];
  Fluxes<Real> x[2], y[3];
  Shares<Real> shares[2];
  Real fastest[strip_room];
};

/// What flows over the outer faces of a block in a step, in metres of depth times cells: west, east, south, north; into
/// the block is positive. Only those sides that are asked for.
struct Edges {
  bool west = false, east = false, south = false, north = false;
  double west_m = 0, east_m = 0, south_m = 0, north_m = 0;
};

/// One step of a block of `rows` x `columns` (at most strip_columns) cells. `from` and `to` stand at the block's
/// south-western surrounding cell, `halo` cells out; rows lie `stride` apart, and vectors may read and write 16 cells
/// beyond a row's end. Returns the fastest wave, m/s; 0 if the block is dry. Chosen for the processor at run time.
float step_block(const Constants<float>& constants, const ConstRows<float>& from, const Rows<float>& to, size_t stride,
                 size_t rows, size_t columns, Scratch<float>& scratch, Edges& edges);
double step_block(const Constants<double>& constants, const ConstRows<double>& from, const Rows<double>& to,
                  size_t stride, size_t rows, size_t columns, Scratch<double>& scratch, Edges& edges);

}  // namespace cityloom::model::flood

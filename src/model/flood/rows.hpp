// What a step of the shallow water equations reads and writes, row by row (room-internal).
#pragma once

#include <cstddef>
#include <cstdint>

namespace cityloom::model::flood {

/// Columns of a strip: what is known of a few rows of it stays in the second-level cache.
inline constexpr size_t strip_columns = 256;
/// Cells around a block that its step depends on: a cell's share of what it gives decides a face, its fluxes the share,
/// its neighbours' slopes the fluxes.
inline constexpr size_t halo = 3;
inline constexpr size_t strip_room = strip_columns + 2 * halo + 26;  // and vectors that reach beyond

/// Which equations are solved.
enum class Scheme : uint8_t {
  full,           ///< the shallow water equations, second order
  local_inertia,  ///< without the advection of momentum (de Almeida et al. 2012): for slow floods on gentle slopes
};

/// What is the same for all cells in a step.
template <class Real>
struct Constants {
  Real gravity;
  Real step_over_dx, step_over_dy;  // s/m
  Real step_s;
  Real dry_m;  // below it, water stands still
  Scheme scheme = Scheme::full;
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

/// What falls and what the ground takes in a step: alike everywhere, or each cell's own.
template <class Real>
struct Sources {
  Real rain_m = 0, soak_m = 0;         // to each cell, and from it at most
  const Real* rain_share = nullptr;    // times rain_m; none: 1 everywhere
  const Real* capacity_m_s = nullptr;  // instead of soak_m; none: soak_m everywhere
  Real* soaked_m = nullptr;            // beside capacity_m_s: what each cell's ground took, all together

  bool any() const { return rain_m > 0 || soak_m > 0 || capacity_m_s != nullptr; }
};

/// What debris adds to the hazard: nothing up to 0.25 m; more from there; most from 0.75 m or 2 m/s on.
struct Debris {
  float shallow = 0, deep = 0;
};

/// Of each cell what was most, and since when; each may be absent.
template <class Real>
struct Marks {
  Real time_s = 0;  // at the step's end
  Real wet_m = 0;   // from this depth on, a cell counts as flooded
  Debris debris;
  Real *depth_max = nullptr, *speed_max = nullptr, *hazard_max = nullptr, *arrival_s = nullptr, *wet_s = nullptr;
  Real* peak_s = nullptr;  // beside depth_max: when it was so deep

  bool any() const { return depth_max || speed_max || hazard_max || arrival_s || wet_s; }
};

/// Speeds are told from this depth on.
inline constexpr double speed_depth_m = 0.01;

/// Fluxes over the outer faces of a block that are given, not computed, m2/s, eastwards and northwards; each by the
/// index of its row or column in the strip, surroundings included. Absent: computed.
template <class Real>
struct Given {
  const Real *west = nullptr, *east = nullptr, *south = nullptr, *north = nullptr;
};

/// The sides of the grid that a block touches.
struct Touches {
  bool west = false, east = false, south = false, north = false;
};

/// A step of a block of `rows` x `columns` (at most strip_columns) cells. All pointers stand at the block's
/// south-western surrounding cell, `halo` cells out; rows lie `stride` apart, and vectors may read and write 16 cells
/// beyond a row's end.
template <class Real>
struct BlockStep {
  ConstRows<Real> from;
  Rows<Real> to;
  Sources<Real> sources;
  Marks<Real> marks;
  Given<Real> given;
  Touches touches;
  size_t stride = 0, rows = 0, columns = 0;
};

/// What came of it. Sums in metres of depth times cells.
template <class Real>
struct BlockResult {
  Real fastest = 0;  // wave, m/s; 0 where all is dry
  Real deepest = 0;
  double rain_m = 0, soaked_m = 0;
  double boundary_m = 0;  // over the sides of the grid; into it is positive
  uint64_t wet = 0;       // cells deeper than `dry_m`
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
};

/// Takes the step. Chosen for the processor at run time.
BlockResult<float> step_block(const Constants<float>& constants, const BlockStep<float>& block,
                              Scratch<float>& scratch);
/// Likewise.
BlockResult<double> step_block(const Constants<double>& constants, const BlockStep<double>& block,
                               Scratch<double>& scratch);

/// Of a block in which nothing flows: rain falls, the ground takes films.
BlockResult<float> rest_block(const Constants<float>& constants, const BlockStep<float>& block);
/// Likewise.
BlockResult<double> rest_block(const Constants<double>& constants, const BlockStep<double>& block);

}  // namespace cityloom::model::flood

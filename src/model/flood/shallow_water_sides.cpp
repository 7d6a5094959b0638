// What lies beyond the sides of the grid: cells that look like what they stand for, and fluxes that are given.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "model/flood/shallow_water.hpp"

namespace cityloom::model::flood {
namespace {

constexpr std::array<Side, side_count> sides{Side::south, Side::north, Side::west, Side::east};  // in order of filling

bool lies_across(Side side) {
  return side == Side::west || side == Side::east;
}

bool is_low(Side side) {
  return side == Side::west || side == Side::south;
}

}  // namespace

// A cell at the side, and those inwards and outwards of it.
template <class Real>
struct ShallowWater<Real>::Edge {
  size_t cell = 0;
  ptrdiff_t inwards = 0;  // from a cell to the next
  size_t length = 0;      // of cells inwards

  size_t inner(size_t depth) const { return shifted(static_cast<ptrdiff_t>(std::min(depth, length - 1))); }
  size_t ghost(size_t out) const { return shifted(-1 - static_cast<ptrdiff_t>(out)); }
  size_t shifted(ptrdiff_t by) const { return static_cast<size_t>(static_cast<ptrdiff_t>(cell) + by * inwards); }
};

template <class Real>
size_t ShallowWater<Real>::ghost_place(ptrdiff_t column, ptrdiff_t row) const {
  const auto out = static_cast<ptrdiff_t>(halo);
  return static_cast<size_t>((row + out) * static_cast<ptrdiff_t>(stride_) + column + out);
}

// The corners lie beside the western and eastern sides, which are filled last.
template <class Real>
std::pair<ptrdiff_t, ptrdiff_t> ShallowWater<Real>::along_side(Side side) const {
  const auto out = static_cast<ptrdiff_t>(halo);
  if (lies_across(side)) return {-out, static_cast<ptrdiff_t>(rows_) + out};
  return {0, static_cast<ptrdiff_t>(columns_)};
}

template <class Real>
void ShallowWater<Real>::fill_bed(Side side) {
  const bool mirrors = boundaries_[static_cast<size_t>(side)].kind == Boundary::Kind::wall;
  const bool across = lies_across(side);
  const size_t length = across ? columns_ : rows_;
  const auto at = [&](ptrdiff_t along, ptrdiff_t other) {
    return across ? ghost_place(along, other) : ghost_place(other, along);
  };
  const auto [first, last] = along_side(side);
  for (ptrdiff_t other = first; other < last; ++other) {
    for (size_t out = 0; out < halo; ++out) {
      const auto from = static_cast<ptrdiff_t>(mirrors ? std::min(out, length - 1) : 0);
      const auto far = static_cast<ptrdiff_t>(length) - 1;
      const ptrdiff_t ghost = is_low(side) ? -1 - static_cast<ptrdiff_t>(out) : far + 1 + static_cast<ptrdiff_t>(out);
      bed_[at(ghost, other)] = bed_[at(is_low(side) ? from : far - from, other)];
      friction_[at(ghost, other)] = friction_[at(is_low(side) ? from : far - from, other)];
    }
  }
}

template <class Real>
void ShallowWater<Real>::fill_beds() {
  for (const Side side : sides) fill_bed(side);
}

template <class Real>
void ShallowWater<Real>::fill_side(Side side) {
  const Boundary& boundary = boundaries_[static_cast<size_t>(side)];
  const bool across = lies_across(side), local_inertia = options_.scheme == Scheme::local_inertia;
  const size_t length = across ? columns_ : rows_;
  const ptrdiff_t along_step = across ? 1 : static_cast<ptrdiff_t>(stride_);
  std::vector<Real>& given = given_[static_cast<size_t>(side)];
  const bool gives =
      boundary.kind == Boundary::Kind::discharge || (local_inertia && boundary.kind != Boundary::Kind::level);
  given.assign(gives ? (across ? rows_ : columns_) + strip_room : 0, 0);
  const auto [first, last] = along_side(side);
  for (ptrdiff_t other = first; other < last; ++other) {
    const ptrdiff_t along = is_low(side) ? 0 : static_cast<ptrdiff_t>(length) - 1;
    const Edge edge{across ? ghost_place(along, other) : ghost_place(other, along),
                    is_low(side) ? along_step : -along_step, length};
    const bool is_wall = boundary.kind == Boundary::Kind::wall;
    for (size_t out = 0; out < halo; ++out) {
      const size_t ghost = edge.ghost(out), from = is_wall ? edge.inner(out) : edge.cell;
      now_->depth[ghost] = now_->depth[from];
      now_->rest[ghost] = now_->rest[from];
    }
    if (gives) given[static_cast<size_t>(other + static_cast<ptrdiff_t>(halo))] = given_of(side, edge);
    if (local_inertia)
      fill_faces(side, edge);
    else
      fill_flows(side, edge);
  }
}

// What passes the side, eastwards or northwards.
template <class Real>
Real ShallowWater<Real>::given_of(Side side, const Edge& edge) const {
  const Boundary& boundary = boundaries_[static_cast<size_t>(side)];
  const Real inwards = is_low(side) ? 1 : -1;
  if (boundary.kind == Boundary::Kind::discharge) return inwards * static_cast<Real>(std::max(boundary.value, 0.0));
  if (boundary.kind != Boundary::Kind::open || edge.length < 2) return 0;
  // Water leaves as fast as it comes to the last cell (local inertia).
  const std::vector<Real>& normal = lies_across(side) ? now_->flow_x : now_->flow_y;
  const size_t cell = edge.cell, next = edge.inner(1);
  const Real flow = normal[is_low(side) ? cell : next];
  const Real deep =
      std::max(now_->depth[cell] + bed_[cell], now_->depth[next] + bed_[next]) - std::max(bed_[cell], bed_[next]);
  if (flow * inwards >= 0 || deep <= static_cast<Real>(options_.dry_m)) return 0;
  return flow / deep * now_->depth[cell];
}

// The full equations: flows of cells.
template <class Real>
void ShallowWater<Real>::fill_flows(Side side, const Edge& edge) {
  const Boundary& boundary = boundaries_[static_cast<size_t>(side)];
  std::vector<Real>& normal = lies_across(side) ? now_->flow_x : now_->flow_y;
  std::vector<Real>& tangent = lies_across(side) ? now_->flow_y : now_->flow_x;
  const Real inwards = is_low(side) ? 1 : -1;
  const auto gravity = static_cast<Real>(options_.gravity);
  const Real inner_h = now_->depth[edge.cell];
  for (size_t out = 0; out < halo; ++out) {
    const bool is_wall = boundary.kind == Boundary::Kind::wall;
    const size_t ghost = edge.ghost(out), from = is_wall ? edge.inner(out) : edge.cell;
    normal[ghost] = is_wall ? -normal[from] : normal[from];
    tangent[ghost] = tangent[from];
    // Water leaves by an open side; nothing is known that could come in.
    if (boundary.kind == Boundary::Kind::open && normal[edge.cell] * inwards > 0) normal[ghost] = -normal[edge.cell];
    if (boundary.kind == Boundary::Kind::level) {
      // What comes out keeps u + 2 c (outwards): the level decides c.
      const Real h = std::max(static_cast<Real>(boundary.value) - bed_[edge.cell], Real(0));
      const bool wet = inner_h > static_cast<Real>(options_.dry_m);
      const Real outwards = wet ? -inwards * normal[edge.cell] / inner_h : Real(0);
      // Nothing comes in faster than critical: what is thin inside would let it.
      const Real critical = std::sqrt(gravity * h);
      const Real speed = std::max(outwards + 2 * (std::sqrt(gravity * inner_h) - critical), -critical);
      now_->depth[ghost] = h;
      now_->rest[ghost] = 0;
      normal[ghost] = -inwards * (wet ? speed : Real(0)) * h;
    } else if (boundary.kind == Boundary::Kind::discharge && !(boundary.value > 0)) {
      normal[ghost] = -normal[edge.cell];
    } else if (boundary.kind == Boundary::Kind::discharge) {
      const auto q = static_cast<Real>(boundary.value);
      now_->depth[ghost] = std::max(inner_h, std::cbrt(q * q / gravity));
      now_->rest[ghost] = 0;
      normal[ghost] = inwards * q;
      tangent[ghost] = 0;
    }
  }
}

// Local inertia: flows of faces. The face of the side itself is the first ghost's (west, south) or the last cell's.
template <class Real>
void ShallowWater<Real>::fill_faces(Side side, const Edge& edge) {
  const Boundary& boundary = boundaries_[static_cast<size_t>(side)];
  std::vector<Real>& normal = lies_across(side) ? now_->flow_x : now_->flow_y;
  std::vector<Real>& tangent = lies_across(side) ? now_->flow_y : now_->flow_x;
  // The cell that holds the face so many cells inwards of the side's own.
  const auto face = [&](ptrdiff_t inwards) { return edge.shifted(is_low(side) ? inwards - 1 : inwards); };
  if (boundary.kind != Boundary::Kind::level) normal[face(0)] = given_of(side, edge);
  const bool is_wall = boundary.kind == Boundary::Kind::wall;
  for (ptrdiff_t out = 1; out < static_cast<ptrdiff_t>(halo); ++out) {
    const bool has_mirror = static_cast<size_t>(out) < edge.length;
    normal[face(-out)] = !is_wall ? normal[face(0)] : has_mirror ? -normal[face(out)] : Real(0);
  }
  for (size_t out = 0; out < halo; ++out) {
    const size_t ghost = edge.ghost(out);
    tangent[ghost] = tangent[edge.cell];
    if (boundary.kind != Boundary::Kind::level) continue;
    now_->depth[ghost] = std::max(static_cast<Real>(boundary.value) - bed_[edge.cell], Real(0));
    now_->rest[ghost] = 0;
  }
}

template <class Real>
void ShallowWater<Real>::fill_surroundings() {
  for (const Side side : sides) fill_side(side);
}

template <class Real>
double ShallowWater<Real>::lowest_of(Side side) const {
  const bool across = lies_across(side);
  double lowest = std::numeric_limits<double>::infinity();
  for (size_t other = 0; other < (across ? rows_ : columns_); ++other) {
    const size_t along = is_low(side) ? 0 : (across ? columns_ : rows_) - 1;
    lowest = std::min(lowest, across ? bed_m(along, other) : bed_m(other, along));
  }
  return lowest;
}

template size_t ShallowWater<float>::ghost_place(ptrdiff_t, ptrdiff_t) const;
template std::pair<ptrdiff_t, ptrdiff_t> ShallowWater<float>::along_side(Side) const;
template void ShallowWater<float>::fill_bed(Side);
template void ShallowWater<float>::fill_beds();
template void ShallowWater<float>::fill_side(Side);
template float ShallowWater<float>::given_of(Side, const ShallowWater<float>::Edge&) const;
template void ShallowWater<float>::fill_flows(Side, const ShallowWater<float>::Edge&);
template void ShallowWater<float>::fill_faces(Side, const ShallowWater<float>::Edge&);
template void ShallowWater<float>::fill_surroundings();
template double ShallowWater<float>::lowest_of(Side) const;
template size_t ShallowWater<double>::ghost_place(ptrdiff_t, ptrdiff_t) const;
template std::pair<ptrdiff_t, ptrdiff_t> ShallowWater<double>::along_side(Side) const;
template void ShallowWater<double>::fill_bed(Side);
template void ShallowWater<double>::fill_beds();
template void ShallowWater<double>::fill_side(Side);
template double ShallowWater<double>::given_of(Side, const ShallowWater<double>::Edge&) const;
template void ShallowWater<double>::fill_flows(Side, const ShallowWater<double>::Edge&);
template void ShallowWater<double>::fill_faces(Side, const ShallowWater<double>::Edge&);
template void ShallowWater<double>::fill_surroundings();
template double ShallowWater<double>::lowest_of(Side) const;

}  // namespace cityloom::model::flood

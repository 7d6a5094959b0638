// One step of the local inertia equations, compiled for each kind of processor (room-internal).
//
// Flows live on faces: `flow_x` of a cell is that of its eastern face, `flow_y` that of its northern one. The flow of a
// face is mixed with those of the faces before and behind it (de Almeida, Bates, Freer, Souvignet 2012, Water Resour.
// Res. 48, W05528, equation 13), with friction taken at the new flow (Bates, Horritt, Fewtrell 2010) by the whole
// flow's strength (de Almeida and Bates 2013). The share of the mixture is the one of the authors, by the speed of the
// wave.
#if defined(CITYLOOM_FLOOD_INERTIA_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CITYLOOM_FLOOD_INERTIA_INL
#undef CITYLOOM_FLOOD_INERTIA_INL
#else
#define CITYLOOM_FLOOD_INERTIA_INL
#endif

#include <hwy/highway.h>

#include "model/flood/lanes-inl.hpp"
#include "model/flood/rows.hpp"

HWY_BEFORE_NAMESPACE();
namespace cityloom::model::flood::HWY_NAMESPACE {

/// Two cells and the flows around the face between them.
template <class V>
struct Between {
  V low_h, high_h, low_z, high_z;
  V before, here, behind;  // flows along
  V across;                // flow across, at the face
  V friction;              // n^2
};

/// The new flow of a face.
template <class Real, class V = Vec<Real>>
HWY_INLINE V find_inertia_flow(const Constants<Real>& k, Real step_over_cell, const Between<V>& face) {
  const V half = all(Real(0.5)), one = all(Real(1)), dry = all(k.dry_m);
  const V low = face.low_h + face.low_z, high = face.high_h + face.high_z;
  const V flows = hn::Max(low, high) - hn::Max(face.low_z, face.high_z);
  const V deep = hn::Max(flows, dry);
  const V rise = (face.high_h - face.low_h) + (face.high_z - face.low_z);
  const V inverse = one / deep;
  const V wave = hn::Sqrt(all(k.gravity) * deep);
  // The sum of both weights is 1: still water stays still.
  const V spread = all(step_over_cell) * hn::Min(hn::Abs(face.here) * inverse, wave);
  const V mixed = face.here + spread * (half * (face.before + face.behind) - face.here);
  const V strength = hn::Sqrt(face.here * face.here + face.across * face.across);
  const V drag = all(k.gravity * k.step_s) * face.friction * strength * inverse * power_of_friction(deep);
  const V pushed = mixed - all(k.gravity * step_over_cell) * deep * rise;
  // Without advection nothing holds back what falls down a cliff: no flow is faster than critical.
  const V most = deep * wave;
  const V flow = hn::Max(hn::Min(pushed / (one + drag), most), hn::Neg(most));
  return hn::IfThenElseZero(flows > dry, flow);
}

/// Of the eastern faces of a row; `south` is the row below it.
template <class Real>
HWY_INLINE void find_inertia_x(const Constants<Real>& k, const ConstRows<Real>& south, const ConstRows<Real>& row,
                               size_t count, Real* to) {
  const auto quarter = all(Real(0.25)), half = all(Real(0.5));
  for (size_t i = 1; i + 2 < count; i += hn::Lanes(Lanes<Real>())) {
    Between<Vec<Real>> face;
    face.low_h = load(row.depth + i), face.high_h = load(row.depth + i + 1);
    face.low_z = load(row.bed + i), face.high_z = load(row.bed + i + 1);
    face.before = load(row.flow_x + i - 1), face.here = load(row.flow_x + i), face.behind = load(row.flow_x + i + 1);
    face.across = quarter * ((load(row.flow_y + i) + load(row.flow_y + i + 1)) +
                             (load(south.flow_y + i) + load(south.flow_y + i + 1)));
    face.friction = half * (load(row.friction + i) + load(row.friction + i + 1));
    store(find_inertia_flow(k, k.step_over_dx, face), to + i);
  }
}

/// Of the northern faces of a row, between it and `north`; `south` is the row below it.
template <class Real>
HWY_INLINE void find_inertia_y(const Constants<Real>& k, const ConstRows<Real>& south, const ConstRows<Real>& row,
                               const ConstRows<Real>& north, size_t count, Real* to) {
  const auto quarter = all(Real(0.25)), half = all(Real(0.5));
  for (size_t i = 2; i + 2 < count; i += hn::Lanes(Lanes<Real>())) {
    Between<Vec<Real>> face;
    face.low_h = load(row.depth + i), face.high_h = load(north.depth + i);
    face.low_z = load(row.bed + i), face.high_z = load(north.bed + i);
    face.before = load(south.flow_y + i), face.here = load(row.flow_y + i), face.behind = load(north.flow_y + i);
    face.across = quarter * ((load(row.flow_x + i) + load(row.flow_x + i - 1)) +
                             (load(north.flow_x + i) + load(north.flow_x + i - 1)));
    face.friction = half * (load(row.friction + i) + load(north.friction + i));
    store(find_inertia_flow(k, k.step_over_dy, face), to + i);
  }
}

/// The step of a row.
template <class Real>
HWY_INLINE void update_inertia(const Constants<Real>& k, const BlockStep<Real>& b, size_t row, const Real* x,
                               const Real* south, const Real* north, Gathered<Real>& gathered) {
  const auto over_x = all(k.step_over_dx), over_y = all(k.step_over_dy), dry = all(k.dry_m), half = all(Real(0.5));
  const bool marks = b.marks.any();
  const Lanes<Real> lanes;
  for (size_t i = halo; i < b.columns + halo; i += hn::Lanes(lanes)) {
    const size_t at = row * b.stride + i;
    const auto mine = hn::FirstN(lanes, b.columns + halo - i);
    auto h = load(b.from.depth + at), rest = load(b.from.depth_rest + at);
    const auto west = load(x + i - 1), east = load(x + i), low = load(south + i), high = load(north + i);
    add_exactly(over_x * west, h, rest);
    add_exactly(hn::Neg(over_x * east), h, rest);
    add_exactly(over_y * low, h, rest);
    add_exactly(hn::Neg(over_y * high), h, rest);
    add_sources(k, b.sources, at, mine, h, rest, gathered);
    const auto deep = hn::Max(h, dry);
    const auto qx = half * (west + east), qy = half * (low + high);
    const auto is_wet = h > dry;
    const auto wave = hn::Sqrt(all(k.gravity) * deep);
    const auto speed = hn::IfThenElseZero(is_wet, hn::Min(hn::Sqrt(qx * qx + qy * qy) / deep, wave));
    store(h, b.to.depth + at);
    store(rest, b.to.depth_rest + at);
    store(east, b.to.flow_x + at);
    store(high, b.to.flow_y + at);
    const auto counts = hn::And(is_wet, mine);
    gathered.fastest = hn::Max(gathered.fastest, hn::IfThenElseZero(counts, wave));
    gathered.deepest = hn::Max(gathered.deepest, hn::IfThenElseZero(mine, h));
    gathered.wet += hn::CountTrue(lanes, counts);
    if (marks) mark(k, b.marks, at, h, speed);
  }
  // The faces of the western and southern sides belong to the surroundings: they are kept there.
  if (b.touches.west) b.to.flow_x[row * b.stride + halo - 1] = x[halo - 1];
  if (b.touches.south && row == halo) {
    for (size_t i = halo; i < b.columns + halo; ++i) b.to.flow_y[(halo - 1) * b.stride + i] = south[i];
  }
}

/// As `step_block`.
template <class Real>
HWY_INLINE BlockResult<Real> step_inertia_block(const Constants<Real>& k, const BlockStep<Real>& b, Scratch<Real>& s) {
  const size_t count = b.columns + 2 * halo;
  const auto at = [&](size_t j) HWY_ATTR { return row_of(b, j); };
  Gathered<Real> gathered;
  double boundary_m = 0;
  // The faces north of row a; then a's shares; then the row before it takes its step.
  for (size_t a = 1; a < b.rows + 4; ++a) {
    const size_t before = a - 1;
    Real *x = s.x[a % 2].mass, *south = s.y[a % 3].mass, *north = s.y[(a + 1) % 3].mass;
    find_inertia_y(k, at(a - 1), at(a), at(a + 1), count, north);
    impose_y(b, a + 1, Imposed::any, north);
    if (a < 2) continue;
    find_inertia_x(k, at(a - 1), at(a), count, x);
    impose_x(b, a, Imposed::any, x);
    find_shares(k, at(a), x, south, north, count, s.shares[a % 2]);
    share_x(s.shares[a % 2], count, {x});
    impose_x(b, a, Imposed::inwards, x);
    if (a < halo) continue;
    share_y(s.shares[before % 2], s.shares[a % 2], count, {south});
    impose_y(b, a, Imposed::inwards, south);
    if (before < halo) continue;
    const Real *x_before = s.x[before % 2].mass, *south_before = s.y[before % 3].mass;
    update_inertia(k, b, before, x_before, south_before, south, gathered);
    boundary_m += over_sides(k, b, before, x_before, south_before, south);
  }
  BlockResult<Real> result = gathered.result();
  result.boundary_m = boundary_m;
  return result;
}

}  // namespace cityloom::model::flood::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

// One step of the shallow water equations, row by row, compiled for each kind of processor (room-internal).
//
// Second order in space and time: MUSCL-Hancock (van Leer 1984) with minmod slopes of depth, surface and velocity,
// HLLC fluxes (Toro 2001), hydrostatic reconstruction at the faces (Audusse et al. 2004, SIAM J. Sci. Comput. 25).
// The pressure is taken relative to the face's own: at rest all fluxes of momentum are zeros, not differences.
#if defined(CITYLOOM_FLOOD_ROWS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CITYLOOM_FLOOD_ROWS_INL
#undef CITYLOOM_FLOOD_ROWS_INL
#else
#define CITYLOOM_FLOOD_ROWS_INL
#endif

#include <hwy/highway.h>

#include "model/flood/lanes-inl.hpp"
#include "model/flood/rows.hpp"

HWY_BEFORE_NAMESPACE();
namespace cityloom::model::flood::HWY_NAMESPACE {

/// The smaller of two slopes of one sign; of two signs, none (Roe 1986).
template <class V>
HWY_INLINE V minmod(V a, V b) {
  const V zero = hn::Zero(hn::DFromV<V>());
  return hn::Max(hn::Min(a, b), zero) + hn::Min(hn::Max(a, b), zero);
}

/// Of a row; none where it is dry.
template <class Real>
HWY_INLINE void find_velocities(const Constants<Real>& k, const ConstRows<Real>& row, size_t count,
                                Velocities<Real>& to) {
  const auto dry = all(k.dry_m), one = all(Real(1));
  for (size_t i = 0; i < count; i += hn::Lanes(Lanes<Real>())) {
    const auto h = load(row.depth + i);
    const auto inverse = hn::IfThenElseZero(h > dry, one / hn::Max(h, dry));
    store(load(row.flow_x + i) * inverse, to.u + i);
    store(load(row.flow_y + i) * inverse, to.v + i);
  }
}

/// From slopes to the state at the four faces, half a step on.
template <class Real>
HWY_INLINE void find_faces(const Constants<Real>& k, const ConstRows<Real>& south, const ConstRows<Real>& row,
                           const ConstRows<Real>& north, const Velocities<Real>& velocity_south,
                           const Velocities<Real>& velocity, const Velocities<Real>& velocity_north, size_t count,
                           Faces<Real>& to) {
  const auto half = all(Real(0.5)), zero = all(Real(0)), gravity = all(k.gravity), dry = all(k.dry_m);
  const auto half_x = all(-k.step_over_dx / 2), half_y = all(-k.step_over_dy / 2);
  for (size_t i = 1; i + 1 < count; i += hn::Lanes(Lanes<Real>())) {
    const auto h = load(row.depth + i), z = load(row.bed + i), u = load(velocity.u + i), v = load(velocity.v + i);
    const auto west_dh = h - load(row.depth + i - 1), east_dh = load(row.depth + i + 1) - h;
    const auto south_dh = h - load(south.depth + i), north_dh = load(north.depth + i) - h;
    const auto h_x = minmod(west_dh, east_dh), h_y = minmod(south_dh, north_dh);
    const auto e_x = minmod(west_dh + (z - load(row.bed + i - 1)), east_dh + (load(row.bed + i + 1) - z));
    const auto e_y = minmod(south_dh + (z - load(south.bed + i)), north_dh + (load(north.bed + i) - z));
    const auto u_x = minmod(u - load(velocity.u + i - 1), load(velocity.u + i + 1) - u);
    const auto v_x = minmod(v - load(velocity.v + i - 1), load(velocity.v + i + 1) - v);
    const auto u_y = minmod(u - load(velocity_south.u + i), load(velocity_north.u + i) - u);
    const auto v_y = minmod(v - load(velocity_south.v + i), load(velocity_north.v + i) - v);
    const auto wet = h > dry;
    const auto now_x = hn::IfThenElseZero(wet, half_x), now_y = hn::IfThenElseZero(wet, half_y);
    const auto middle = h + now_x * (u * h_x + h * u_x) + now_y * (v * h_y + h * v_y);
    const auto u_mid = u + now_x * (u * u_x + gravity * e_x) + now_y * (v * u_y);
    const auto v_mid = v + now_x * (u * v_x) + now_y * (v * v_y + gravity * e_y);
    const auto half_h_x = half * h_x, half_h_y = half * h_y;
    store(hn::Max(middle + half_h_x, zero), to.east_h + i);
    store(hn::Max(middle - half_h_x, zero), to.west_h + i);
    store(hn::Max(middle + half_h_y, zero), to.north_h + i);
    store(hn::Max(middle - half_h_y, zero), to.south_h + i);
    store(u_mid + half * u_x, to.east_u + i);
    store(u_mid - half * u_x, to.west_u + i);
    store(v_mid + half * v_x, to.east_v + i);
    store(v_mid - half * v_x, to.west_v + i);
    store(u_mid + half * u_y, to.north_u + i);
    store(u_mid - half * u_y, to.south_u + i);
    store(v_mid + half * v_y, to.north_v + i);
    store(v_mid - half * v_y, to.south_v + i);
    store(half * e_x - half_h_x, to.bed_slope_x + i);
    store(half * e_y - half_h_y, to.bed_slope_y + i);
    const auto weight = gravity * hn::Max(middle, zero);
    store(weight * e_x, to.push_x + i);
    store(weight * e_y, to.push_y + i);
  }
}

/// What passes a face.
template <class V>
struct Flux {
  V mass, normal_low, normal_high, across;
};

/// Between a lower side (west, south) and a higher one; `rise` is how much higher the bed of the higher side is.
template <class Real, class V = Vec<Real>>
HWY_INLINE Flux<V> find_flux(const Constants<Real>& k, V low_h, V low_u, V low_v, V high_h, V high_u, V high_v,
                             V rise) {
  const V half = all(Real(0.5)), zero = all(Real(0)), tiny = all(Real(1e-12)), dry = all(k.dry_m);
  const V gravity = all(k.gravity);
  const V hl = hn::Max(low_h - hn::Max(rise, zero), zero);
  const V hr = hn::Max(high_h + hn::Min(rise, zero), zero);
  const V al = hn::Sqrt(gravity * hl), ar = hn::Sqrt(gravity * hr);
  const V u_star = half * (low_u + high_u) + (al - ar);
  const V a_star = hn::Abs(half * (al + ar) + all(Real(0.25)) * (low_u - high_u));
  const auto dry_l = hl <= dry, dry_r = hr <= dry;
  const V low_slowest = low_u - al, high_fastest = high_u + ar;
  const V sl = hn::Min(zero, hn::IfThenElse(dry_l, high_u - (ar + ar),
                                            hn::IfThenElse(dry_r, low_slowest, hn::Min(low_slowest, u_star - a_star))));
  const V sr =
      hn::Max(zero, hn::IfThenElse(dry_r, low_u + (al + al),
                                   hn::IfThenElse(dry_l, high_fastest, hn::Max(high_fastest, u_star + a_star))));
  const V inverse = all(Real(1)) / hn::Max(sr - sl, tiny);
  const V ql = hl * low_u, qr = hr * high_u, both = sl * sr;
  const V pressure = half * gravity * (hr - hl) * (hr + hl);
  Flux<V> flux;
  flux.mass = (sr * ql - sl * qr + both * (hr - hl)) * inverse;
  flux.normal_low = (sr * (ql * low_u) - sl * (qr * high_u + pressure) + both * (qr - ql)) * inverse;
  flux.normal_high = flux.normal_low - pressure;
  flux.across = flux.mass * hn::IfThenElse(flux.mass > zero, low_v, high_v);
  return flux;
}

/// Puts fluxes in their place.
template <class Real>
HWY_INLINE void keep(const Flux<Vec<Real>>& flux, size_t i, Fluxes<Real>& to) {
  store(flux.mass, to.mass + i);
  store(flux.normal_low, to.normal_low + i);
  store(flux.normal_high, to.normal_high + i);
  store(flux.across, to.across + i);
}

/// Of the faces between the cells of a row.
template <class Real>
HWY_INLINE void find_fluxes_x(const Constants<Real>& k, const Faces<Real>& faces, const Real* bed, size_t count,
                              Fluxes<Real>& to) {
  for (size_t i = 1; i + 2 < count; i += hn::Lanes(Lanes<Real>())) {  // the face between i and i + 1
    const auto rise =
        (load(bed + i + 1) - load(bed + i)) - (load(faces.bed_slope_x + i) + load(faces.bed_slope_x + i + 1));
    keep(find_flux<Real>(k, load(faces.east_h + i), load(faces.east_u + i), load(faces.east_v + i),
                         load(faces.west_h + i + 1), load(faces.west_u + i + 1), load(faces.west_v + i + 1), rise),
         i, to);
  }
}

/// Of the faces between two rows.
template <class Real>
HWY_INLINE void find_fluxes_y(const Constants<Real>& k, const Faces<Real>& south, const Faces<Real>& north,
                              const Real* bed_south, const Real* bed_north, size_t count, Fluxes<Real>& to) {
  for (size_t i = 2; i + 2 < count; i += hn::Lanes(Lanes<Real>())) {
    const auto rise =
        (load(bed_north + i) - load(bed_south + i)) - (load(south.bed_slope_y + i) + load(north.bed_slope_y + i));
    keep(find_flux<Real>(k, load(south.north_h + i), load(south.north_v + i), load(south.north_u + i),
                         load(north.south_h + i), load(north.south_v + i), load(north.south_u + i), rise),
         i, to);
  }
}

/// The step of a row, with Manning's friction.
template <class Real>
HWY_INLINE void update(const Constants<Real>& k, const BlockStep<Real>& b, size_t row, const Faces<Real>& faces,
                       const Fluxes<Real>& x, const Fluxes<Real>& south, const Fluxes<Real>& north,
                       Gathered<Real>& gathered) {
  const auto over_x = all(k.step_over_dx), over_y = all(k.step_over_dy), dry = all(k.dry_m), gravity = all(k.gravity);
  const auto one = all(Real(1)), weight = all(k.step_s * k.gravity);
  const bool marks = b.marks.any();
  const Lanes<Real> lanes;
  for (size_t i = halo; i < b.columns + halo; i += hn::Lanes(lanes)) {
    const size_t at = row * b.stride + i;
    const auto mine = hn::FirstN(lanes, b.columns + halo - i);
    auto h = load(b.from.depth + at), rest = load(b.from.depth_rest + at);
    add_exactly(over_x * load(x.mass + i - 1), h, rest);
    add_exactly(hn::Neg(over_x * load(x.mass + i)), h, rest);
    add_exactly(over_y * load(south.mass + i), h, rest);
    add_exactly(hn::Neg(over_y * load(north.mass + i)), h, rest);
    add_sources(k, b.sources, at, mine, h, rest, gathered);
    auto qx = load(b.from.flow_x + at) -
              over_x * ((load(x.normal_low + i) - load(x.normal_high + i - 1)) + load(faces.push_x + i)) -
              over_y * (load(north.across + i) - load(south.across + i));
    auto qy = load(b.from.flow_y + at) -
              over_y * ((load(north.normal_low + i) - load(south.normal_high + i)) + load(faces.push_y + i)) -
              over_x * (load(x.across + i) - load(x.across + i - 1));
    const auto deep = hn::Max(h, dry);
    const auto speed = hn::Sqrt(qx * qx + qy * qy) / deep;
    // Manning: the new flow is held back at the old one's strength. `friction` is n^2.
    const auto drag = weight * load(b.from.friction + at) * speed * power_of_friction(deep);
    const auto is_wet = h > dry;
    const auto kept = hn::IfThenElseZero(is_wet, one / (one + drag));
    store(h, b.to.depth + at);
    store(rest, b.to.depth_rest + at);
    store(qx * kept, b.to.flow_x + at);
    store(qy * kept, b.to.flow_y + at);
    const auto counts = hn::And(is_wet, mine);
    gathered.fastest = hn::Max(gathered.fastest, hn::IfThenElseZero(counts, speed * kept + hn::Sqrt(gravity * deep)));
    gathered.deepest = hn::Max(gathered.deepest, hn::IfThenElseZero(mine, h));
    gathered.wet += hn::CountTrue(lanes, counts);
    if (marks) mark(k, b.marks, at, h, speed * kept);
  }
}

/// As `step_block`.
template <class Real>
HWY_INLINE BlockResult<Real> step_full_block(const Constants<Real>& k, const BlockStep<Real>& b, Scratch<Real>& s) {
  const size_t count = b.columns + 2 * halo;
  const auto at = [&](size_t j) HWY_ATTR { return row_of(b, j); };
  Gathered<Real> gathered;
  double boundary_m = 0;
  find_velocities(k, at(0), count, s.velocities[0]);
  find_velocities(k, at(1), count, s.velocities[1]);
  // Row j gets its faces; the one before it its fluxes and shares, and the one before that takes its step.
  for (size_t j = 1; j < b.rows + 5; ++j) {
    find_velocities(k, at(j + 1), count, s.velocities[(j + 1) % 3]);
    find_faces(k, at(j - 1), at(j), at(j + 1), s.velocities[(j - 1) % 3], s.velocities[j % 3],
               s.velocities[(j + 1) % 3], count, s.faces[j % 3]);
    if (j < 2) continue;
    const size_t a = j - 1, before = j - 2;
    Fluxes<Real>&x = s.x[a % 2], &south = s.y[a % 3], &north = s.y[j % 3];
    find_fluxes_y(k, s.faces[a % 3], s.faces[j % 3], at(a).bed, at(j).bed, count, north);
    impose_y(b, j, Imposed::any, north.mass);
    if (a < 2) continue;
    find_fluxes_x(k, s.faces[a % 3], at(a).bed, count, x);
    impose_x(b, a, Imposed::any, x.mass);
    find_shares(k, at(a), x.mass, south.mass, north.mass, count, s.shares[a % 2]);
    share_x(s.shares[a % 2], count, {x.mass, x.normal_low, x.normal_high, x.across});
    impose_x(b, a, Imposed::inwards, x.mass);
    if (a < halo) continue;
    share_y(s.shares[before % 2], s.shares[a % 2], count,
            {south.mass, south.normal_low, south.normal_high, south.across});
    impose_y(b, a, Imposed::inwards, south.mass);
    if (before < halo) continue;
    update(k, b, before, s.faces[before % 3], s.x[before % 2], s.y[before % 3], south, gathered);
    boundary_m += over_sides(k, b, before, s.x[before % 2].mass, s.y[before % 3].mass, south.mass);
  }
  BlockResult<Real> result = gathered.result();
  result.boundary_m = boundary_m;
  return result;
}

}  // namespace cityloom::model::flood::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

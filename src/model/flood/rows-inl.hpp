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

#include <algorithm>
#include <iterator>

#include "model/flood/rows.hpp"

HWY_BEFORE_NAMESPACE();
namespace cityloom::model::flood::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Real>
using Lanes = hn::ScalableTag<Real>;
template <class Real>
using Vec = hn::Vec<Lanes<Real>>;

/// As many neighbours as the processor takes at once.
template <class Real>
HWY_INLINE Vec<Real> load(const Real* at) {
  return hn::LoadU(Lanes<Real>(), at);
}
/// Likewise, the other way.
template <class Real>
HWY_INLINE void store(Vec<Real> value, Real* at) {
  hn::StoreU(value, Lanes<Real>(), at);
}
/// One number in all lanes.
template <class Real>
HWY_INLINE Vec<Real> all(Real value) {
  return hn::Set(Lanes<Real>(), value);
}

/// The smaller of two slopes of one sign; of two signs, none (Roe 1986).
template <class V>
HWY_INLINE V minmod(V a, V b) {
  const V zero = hn::Zero(hn::DFromV<V>());
  return hn::Max(hn::Min(a, b), zero) + hn::Min(hn::Max(a, b), zero);
}

/// h^(-4/3): a first guess by the exponent, then Newton's steps for h^(-1/3).
HWY_INLINE Vec<float> power_of_friction(Vec<float> h) {
  const Lanes<float> lanes;
  const hn::RebindToSigned<Lanes<float>> bits;
  // A third of the bits by a product with 1/3 as a float: what it rounds away, the steps take care of.
  const auto third_of_bits = hn::ConvertTo(bits, hn::ConvertTo(lanes, hn::BitCast(bits, h)) * all<float>(1.0f / 3));
  auto y = hn::BitCast(lanes, hn::Set(bits, 0x548c2b4b) - third_of_bits);
  const auto third = h * all<float>(1.0f / 3), start = all<float>(4.0f / 3);
  for (int i = 0; i < 2; ++i) y = y * (start - third * y * y * y);
  return y * y * (y * y);
}
/// Likewise.
HWY_INLINE Vec<double> power_of_friction(Vec<double> h) {
  const Lanes<double> lanes;
  const hn::RebindToSigned<Lanes<double>> bits;
  const auto third_of_bits = hn::ConvertTo(bits, hn::ConvertTo(lanes, hn::BitCast(bits, h)) * all<double>(1.0 / 3));
  auto y = hn::BitCast(lanes, hn::Set(bits, 0x553ef0ff289dd796) - third_of_bits);
  const auto third = h * all<double>(1.0 / 3), start = all<double>(4.0 / 3);
  for (int i = 0; i < 4; ++i) y = y * (start - third * y * y * y);
  return y * y * (y * y);
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

/// Adds to a number that is kept in two parts, so that what leaves one cell is to the last bit what another gets
/// (Knuth's sum with its error).
template <class V>
HWY_INLINE void add_exactly(V change, V& whole, V& rest) {
  const V sum = whole + change;
  const V taken = sum - whole;
  rest = rest + ((whole - (sum - taken)) + (change - taken));
  whole = sum;
}

/// The step of a row, with Manning's friction.
template <class Real>
HWY_INLINE void update(const Constants<Real>& k, const ConstRows<Real>& row, const Faces<Real>& faces,
                       const Fluxes<Real>& x, const Fluxes<Real>& south, const Fluxes<Real>& north, size_t count,
                       const Rows<Real>& to, Real* fastest) {
  const auto over_x = all(k.step_over_dx), over_y = all(k.step_over_dy), dry = all(k.dry_m), gravity = all(k.gravity);
  const auto one = all(Real(1)), weight = all(k.step_s * k.gravity);
  for (size_t i = halo; i + halo < count; i += hn::Lanes(Lanes<Real>())) {
    auto h = load(row.depth + i), rest = load(row.depth_rest + i);
    add_exactly(over_x * load(x.mass + i - 1), h, rest);
    add_exactly(hn::Neg(over_x * load(x.mass + i)), h, rest);
    add_exactly(over_y * load(south.mass + i), h, rest);
    add_exactly(hn::Neg(over_y * load(north.mass + i)), h, rest);
    const auto sum = h + rest;
    rest = rest - (sum - h);
    h = sum;
    auto qx = load(row.flow_x + i) -
              over_x * ((load(x.normal_low + i) - load(x.normal_high + i - 1)) + load(faces.push_x + i)) -
              over_y * (load(north.across + i) - load(south.across + i));
    auto qy = load(row.flow_y + i) -
              over_y * ((load(north.normal_low + i) - load(south.normal_high + i)) + load(faces.push_y + i)) -
              over_x * (load(x.across + i) - load(x.across + i - 1));
    const auto deep = hn::Max(h, dry);
    const auto speed = hn::Sqrt(qx * qx + qy * qy) / deep;
    // Manning: the new flow is held back at the old one's strength. `friction` is n^2.
    const auto drag = weight * load(row.friction + i) * speed * power_of_friction(deep);
    const auto kept = hn::IfThenElseZero(h > dry, one / (one + drag));
    store(h, to.depth + i);
    store(rest, to.depth_rest + i);
    store(qx * kept, to.flow_x + i);
    store(qy * kept, to.flow_y + i);
    const auto wave = hn::IfThenElseZero(h > dry, speed * kept + hn::Sqrt(gravity * deep));
    store(hn::Max(load(fastest + i), wave), fastest + i);
  }
}

/// What part of its outflow a cell can give: all of it, as long as it has as much water.
template <class Real>
HWY_INLINE void find_shares(const Constants<Real>& k, const ConstRows<Real>& row, const Fluxes<Real>& x,
                            const Fluxes<Real>& south, const Fluxes<Real>& north, size_t count, Shares<Real>& to) {
  const auto zero = all(Real(0)), one = all(Real(1)), tiny = all(Real(1e-30));
  const auto over_x = all(k.step_over_dx), over_y = all(k.step_over_dy), most = all(Real(1 - 1e-6));
  auto least = one;
  for (size_t i = 2; i + 2 < count; i += hn::Lanes(Lanes<Real>())) {
    const auto east = hn::Max(load(x.mass + i), zero), west = hn::Min(load(x.mass + i - 1), zero);
    const auto up = hn::Max(load(north.mass + i), zero), down = hn::Min(load(south.mass + i), zero);
    const auto out = over_x * (east - west) + over_y * (up - down);
    const auto has = hn::Max((load(row.depth + i) + load(row.depth_rest + i)) * most, zero);
    const auto share = hn::IfThenElse(out > has, has / hn::Max(out, tiny), one);
    store(share, to.left + i);
    least = hn::Min(least, share);
  }
  to.any = hn::GetLane(hn::MinOfLanes(Lanes<Real>(), least)) < Real(1);
}

/// All of a face's fluxes.
template <class Real>
HWY_INLINE void scale(Vec<Real> by, size_t i, Fluxes<Real>& fluxes) {
  for (Real* flux : {fluxes.mass, fluxes.normal_low, fluxes.normal_high, fluxes.across})
    store(load(flux + i) * by, flux + i);
}

/// Holds the faces of a row to the shares of those who give.
template <class Real>
HWY_INLINE void share_x(const Shares<Real>& shares, size_t count, Fluxes<Real>& x) {
  if (!shares.any) return;
  for (size_t i = halo - 1; i + halo < count; i += hn::Lanes(Lanes<Real>())) {
    const auto is_eastward = load(x.mass + i) > all(Real(0));
    scale(hn::IfThenElse(is_eastward, load(shares.left + i), load(shares.left + i + 1)), i, x);
  }
}

/// Likewise, between two rows.
template <class Real>
HWY_INLINE void share_y(const Shares<Real>& south, const Shares<Real>& north, size_t count, Fluxes<Real>& y) {
  if (!south.any && !north.any) return;
  for (size_t i = halo; i + halo < count; i += hn::Lanes(Lanes<Real>())) {
    const auto is_northward = load(y.mass + i) > all(Real(0));
    scale(hn::IfThenElse(is_northward, load(south.left + i), load(north.left + i)), i, y);
  }
}

/// Of products as they were added to cells.
template <class Real>
HWY_INLINE double sum_of(const Real* values, size_t first, size_t count, Real times) {
  double sum = 0;
  for (size_t i = first; i < first + count; ++i) sum += static_cast<double>(times * values[i]);
  return sum;
}

/// As `step_block`.
template <class Real>
HWY_INLINE Real step_any_block(const Constants<Real>& k, const ConstRows<Real>& from, const Rows<Real>& to,
                               size_t stride, size_t rows, size_t columns, Scratch<Real>& s, Edges& edges) {
  const size_t count = columns + 2 * halo;
  const auto at = [&](size_t j) HWY_ATTR {
    const size_t o = j * stride;
    return ConstRows<Real>{from.depth + o,  from.depth_rest + o, from.flow_x + o,
                           from.flow_y + o, from.bed + o,        from.friction + o};
  };
  std::fill(std::begin(s.fastest), std::end(s.fastest), Real(0));
  find_velocities(k, at(0), count, s.velocities[0]);
  find_velocities(k, at(1), count, s.velocities[1]);
  // Row j gets its faces; the one before it its fluxes and shares, and the one before that takes its step.
  for (size_t j = 1; j < rows + 5; ++j) {
    find_velocities(k, at(j + 1), count, s.velocities[(j + 1) % 3]);
    find_faces(k, at(j - 1), at(j), at(j + 1), s.velocities[(j - 1) % 3], s.velocities[j % 3],
               s.velocities[(j + 1) % 3], count, s.faces[j % 3]);
    if (j < 2) continue;
    const size_t a = j - 1, b = j - 2;
    find_fluxes_y(k, s.faces[a % 3], s.faces[j % 3], at(a).bed, at(j).bed, count, s.y[j % 3]);
    if (a < 2) continue;
    find_fluxes_x(k, s.faces[a % 3], at(a).bed, count, s.x[a % 2]);
    find_shares(k, at(a), s.x[a % 2], s.y[a % 3], s.y[j % 3], count, s.shares[a % 2]);
    share_x(s.shares[a % 2], count, s.x[a % 2]);
    if (a < halo) continue;
    share_y(s.shares[b % 2], s.shares[a % 2], count, s.y[a % 3]);
    if (b < halo) continue;
    const size_t o = b * stride;
    update(k, at(b), s.faces[b % 3], s.x[b % 2], s.y[b % 3], s.y[a % 3], count,
           Rows<Real>{to.depth + o, to.depth_rest + o, to.flow_x + o, to.flow_y + o}, s.fastest);
    if (edges.west) edges.west_m += static_cast<double>(k.step_over_dx * s.x[b % 2].mass[halo - 1]);
    if (edges.east) edges.east_m -= static_cast<double>(k.step_over_dx * s.x[b % 2].mass[count - halo - 1]);
    if (edges.south && b == halo) edges.south_m += sum_of(s.y[b % 3].mass, halo, columns, k.step_over_dy);
    if (edges.north && a == rows + halo) edges.north_m -= sum_of(s.y[a % 3].mass, halo, columns, k.step_over_dy);
  }
  return *std::max_element(s.fastest + halo, s.fastest + halo + columns);
}

/// @name As `step_block`, for this kind of processor.
float step_float(const Constants<float>& k, const ConstRows<float>& from, const Rows<float>& to, size_t stride,
                 size_t rows, size_t columns, Scratch<float>& scratch, Edges& edges) {
  return step_any_block<float>(k, from, to, stride, rows, columns, scratch, edges);
}
/// Likewise.
double step_double(const Constants<double>& k, const ConstRows<double>& from, const Rows<double>& to, size_t stride,
                   size_t rows, size_t columns, Scratch<double>& scratch, Edges& edges) {
  return step_any_block<double>(k, from, to, stride, rows, columns, scratch, edges);
}

}  // namespace cityloom::model::flood::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

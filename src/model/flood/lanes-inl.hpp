// What all schemes do with rows of cells, compiled for each kind of processor (room-internal).
#if defined(CITYLOOM_FLOOD_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CITYLOOM_FLOOD_LANES_INL
#undef CITYLOOM_FLOOD_LANES_INL
#else
#define CITYLOOM_FLOOD_LANES_INL
#endif

#include <hwy/highway.h>

#include <initializer_list>

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

/// Adds to a number that is kept in two parts, so that what leaves one cell is to the last bit what another gets
/// (Knuth's sum with its error).
template <class V>
HWY_INLINE void add_exactly(V change, V& whole, V& rest) {
  const V sum = whole + change;
  const V taken = sum - whole;
  rest = rest + ((whole - (sum - taken)) + (change - taken));
  whole = sum;
}

/// Makes the second part small beside the first again.
template <class V>
HWY_INLINE void settle(V& whole, V& rest) {
  const V sum = whole + rest;
  rest = rest - (sum - whole);
  whole = sum;
}

/// What is known of a block once its step is taken, lane by lane.
template <class Real>
struct Gathered {
  Vec<Real> fastest, deepest, rain, rain_rest, soaked, soaked_rest;
  uint64_t wet = 0;

  // Said, not implied: only so it is compiled for the processor.
  HWY_INLINE Gathered() { fastest = deepest = rain = rain_rest = soaked = soaked_rest = all(Real(0)); }

  /// Of all lanes.
  BlockResult<Real> result() const {
    const Lanes<Real> lanes;
    BlockResult<Real> result;
    result.fastest = hn::GetLane(hn::MaxOfLanes(lanes, fastest));
    result.deepest = hn::GetLane(hn::MaxOfLanes(lanes, deepest));
    result.rain_m = sum(rain) + sum(rain_rest);
    result.soaked_m = sum(soaked) + sum(soaked_rest);
    result.wet = wet;
    return result;
  }

 private:
  static double sum(Vec<Real> values) {
    Real each[hn::MaxLanes(Lanes<Real>())];
    hn::StoreU(values, Lanes<Real>(), each);
    double sum = 0;
    for (size_t i = 0; i < hn::Lanes(Lanes<Real>()); ++i) sum += static_cast<double>(each[i]);
    return sum;
  }
};

/// Rain and infiltration of the cells at `at`; `mine` tells the lanes that are cells of the block.
template <class Real, class M>
HWY_INLINE void add_sources(const Constants<Real>& k, const Sources<Real>& sources, size_t at, M mine, Vec<Real>& h,
                            Vec<Real>& rest, Gathered<Real>& gathered) {
  if (sources.rain_m > 0) {
    auto rain = all(sources.rain_m);
    if (sources.rain_share) rain = rain * load(sources.rain_share + at);
    add_exactly(rain, h, rest);
    add_exactly(hn::IfThenElseZero(mine, rain), gathered.rain, gathered.rain_rest);
  }
  settle(h, rest);
  if (!sources.capacity_m_s && !(sources.soak_m > 0)) return;
  const auto wanted = sources.capacity_m_s ? load(sources.capacity_m_s + at) * all(k.step_s) : all(sources.soak_m);
  const auto is_emptied = wanted >= h;
  const auto taken = hn::IfThenElse(is_emptied, h, wanted);
  add_exactly(hn::Neg(taken), h, rest);
  // What is left in the second part of an emptied cell is taken too.
  const auto last = hn::IfThenElseZero(is_emptied, rest);
  rest = hn::IfThenZeroElse(is_emptied, rest);
  settle(h, rest);
  add_exactly(hn::IfThenElseZero(mine, taken), gathered.soaked, gathered.soaked_rest);
  add_exactly(hn::IfThenElseZero(mine, last), gathered.soaked, gathered.soaked_rest);
  if (sources.soaked_m) store(load(sources.soaked_m + at) + taken, sources.soaked_m + at);
}

/// The greater of what is and what was there; written only where something is new. Returns whether it was.
template <class Real, class M>
HWY_INLINE bool keep_most(M where, Vec<Real> value, Real* at) {
  const auto known = load(at);
  const auto is_more = hn::And(where, value > known);
  if (hn::AllFalse(Lanes<Real>(), is_more)) return false;
  store(hn::IfThenElse(is_more, value, known), at);
  return true;
}

/// Writes down what is most so far. Lanes that are no cells of the block lie in the surroundings.
template <class Real>
HWY_INLINE void mark(const Constants<Real>& k, const Marks<Real>& marks, size_t at, Vec<Real> h, Vec<Real> speed) {
  const auto is_wet = h > all(k.dry_m);
  if (marks.depth_max && keep_most(is_wet, h, marks.depth_max + at) && marks.peak_s) {
    // Where it is as deep as it ever was, it is so now.
    const auto is_peak = hn::And(is_wet, h >= load(marks.depth_max + at));
    store(hn::IfThenElse(is_peak, all(marks.time_s), load(marks.peak_s + at)), marks.peak_s + at);
  }
  if (marks.speed_max) keep_most(h >= all(Real(speed_depth_m)), speed, marks.speed_max + at);
  if (marks.hazard_max) {
    const auto is_most = hn::Or(h > all(Real(0.75)), hn::And(speed > all(Real(2)), h > all(Real(0.25))));
    const auto debris =
        hn::IfThenElse(is_most, all(static_cast<Real>(marks.debris.deep)),
                       hn::IfThenElseZero(h > all(Real(0.25)), all(static_cast<Real>(marks.debris.shallow))));
    keep_most(is_wet, h * (speed + all(Real(0.5))) + debris, marks.hazard_max + at);
  }
  if (!marks.arrival_s && !marks.wet_s) return;
  const auto is_flooded = h >= all(marks.wet_m);
  if (hn::AllFalse(Lanes<Real>(), is_flooded)) return;
  if (marks.arrival_s) {
    const auto known = load(marks.arrival_s + at);
    const auto comes = hn::And(is_flooded, known < all(Real(0)));
    if (!hn::AllFalse(Lanes<Real>(), comes))
      store(hn::IfThenElse(comes, all(marks.time_s), known), marks.arrival_s + at);
  }
  if (marks.wet_s) {
    const auto since = hn::IfThenElseZero(is_flooded, all(k.step_s));
    store(load(marks.wet_s + at) + since, marks.wet_s + at);
  }
}

/// What part of its outflow a cell can give: all of it, as long as it has as much water.
template <class Real>
HWY_INLINE void find_shares(const Constants<Real>& k, const ConstRows<Real>& row, const Real* x, const Real* south,
                            const Real* north, size_t count, Shares<Real>& to) {
  const auto zero = all(Real(0)), one = all(Real(1)), tiny = all(Real(1e-30));
  const auto over_x = all(k.step_over_dx), over_y = all(k.step_over_dy), most = all(Real(1 - 1e-6));
  auto least = one;
  for (size_t i = 2; i + 2 < count; i += hn::Lanes(Lanes<Real>())) {
    const auto east = hn::Max(load(x + i), zero), west = hn::Min(load(x + i - 1), zero);
    const auto up = hn::Max(load(north + i), zero), down = hn::Min(load(south + i), zero);
    const auto out = over_x * (east - west) + over_y * (up - down);
    const auto has = hn::Max((load(row.depth + i) + load(row.depth_rest + i)) * most, zero);
    const auto share = hn::IfThenElse(out > has, has / hn::Max(out, tiny), one);
    store(share, to.left + i);
    least = hn::Min(least, share);
  }
  to.any = hn::GetLane(hn::MinOfLanes(Lanes<Real>(), least)) < Real(1);
}

/// All of some faces' fluxes.
template <class Real>
HWY_INLINE void scale(Vec<Real> by, size_t i, std::initializer_list<Real*> fluxes) {
  for (Real* flux : fluxes) store(load(flux + i) * by, flux + i);
}

/// Holds the faces of a row to the shares of those who give. The first of the fluxes is the mass.
template <class Real>
HWY_INLINE void share_x(const Shares<Real>& shares, size_t count, std::initializer_list<Real*> fluxes) {
  if (!shares.any) return;
  for (size_t i = halo - 1; i + halo < count; i += hn::Lanes(Lanes<Real>())) {
    const auto is_eastward = load(*fluxes.begin() + i) > all(Real(0));
    scale(hn::IfThenElse(is_eastward, load(shares.left + i), load(shares.left + i + 1)), i, fluxes);
  }
}

/// Likewise, between two rows.
template <class Real>
HWY_INLINE void share_y(const Shares<Real>& south, const Shares<Real>& north, size_t count,
                        std::initializer_list<Real*> fluxes) {
  if (!south.any && !north.any) return;
  for (size_t i = halo; i + halo < count; i += hn::Lanes(Lanes<Real>())) {
    const auto is_northward = load(*fluxes.begin() + i) > all(Real(0));
    scale(hn::IfThenElse(is_northward, load(south.left + i), load(north.left + i)), i, fluxes);
  }
}

/// Which fluxes are given.
enum class Imposed : uint8_t { any, inwards };

/// Puts given fluxes over the western and eastern sides of the grid in their place. What comes in is given by nobody
/// who could have too little: no share holds it back.
template <class Real>
HWY_INLINE void impose_x(const BlockStep<Real>& b, size_t row, Imposed which, Real* x) {
  const auto put = [&](const Real* given, size_t face, Real inwards) {
    if (given && (which == Imposed::any || given[row] * inwards > 0)) x[face] = given[row];
  };
  put(b.given.west, halo - 1, Real(1));
  put(b.given.east, b.columns + halo - 1, Real(-1));
}

/// Likewise, over the southern and northern sides; `row` is the one above the face.
template <class Real>
HWY_INLINE void impose_y(const BlockStep<Real>& b, size_t row, Imposed which, Real* y) {
  const Real* given = row == halo ? b.given.south : row == b.rows + halo ? b.given.north : nullptr;
  if (!given) return;
  const Real inwards = row == halo ? 1 : -1;
  for (size_t i = 0; i < b.columns + 2 * halo; ++i) {
    if (which == Imposed::any || given[i] * inwards > 0) y[i] = given[i];
  }
}

/// What flows over the sides of the grid by the faces of a row: products as they are added to cells.
template <class Real>
HWY_INLINE double over_sides(const Constants<Real>& k, const BlockStep<Real>& b, size_t row, const Real* x,
                             const Real* south, const Real* north) {
  double sum = 0;
  if (b.touches.west) sum += static_cast<double>(k.step_over_dx * x[halo - 1]);
  if (b.touches.east) sum -= static_cast<double>(k.step_over_dx * x[b.columns + halo - 1]);
  const auto along = [&](const Real* y) {
    double of_row = 0;
    for (size_t i = halo; i < b.columns + halo; ++i) of_row += static_cast<double>(k.step_over_dy * y[i]);
    return of_row;
  };
  if (b.touches.south && row == halo) sum += along(south);
  if (b.touches.north && row == b.rows + halo - 1) sum -= along(north);
  return sum;
}

/// A row of surroundings and cells.
template <class Real>
HWY_INLINE ConstRows<Real> row_of(const BlockStep<Real>& b, size_t row) {
  const size_t o = row * b.stride;
  return {b.from.depth + o,  b.from.depth_rest + o, b.from.flow_x + o,
          b.from.flow_y + o, b.from.bed + o,        b.from.friction + o};
}

/// As `rest_block`.
template <class Real>
HWY_INLINE BlockResult<Real> rest_any_block(const Constants<Real>& k, const BlockStep<Real>& b) {
  Gathered<Real> gathered;
  const size_t lanes = hn::Lanes(Lanes<Real>());
  for (size_t j = halo; j < b.rows + halo; ++j) {
    for (size_t i = halo; i < b.columns + halo; i += lanes) {
      const size_t at = j * b.stride + i;
      const auto mine = hn::FirstN(Lanes<Real>(), b.columns + halo - i);
      auto h = load(b.from.depth + at), rest = load(b.from.depth_rest + at);
      add_sources(k, b.sources, at, mine, h, rest, gathered);
      store(h, b.to.depth + at);
      store(rest, b.to.depth_rest + at);
      store(load(b.from.flow_x + at), b.to.flow_x + at);
      store(load(b.from.flow_y + at), b.to.flow_y + at);
      gathered.deepest = hn::Max(gathered.deepest, hn::IfThenElseZero(mine, h));
    }
  }
  return gathered.result();
}

}  // namespace cityloom::model::flood::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

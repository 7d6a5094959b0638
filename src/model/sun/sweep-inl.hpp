// Sweeps, compiled for each kind of processor (room-internal).
#if defined(CITYLOOM_SUN_SWEEP_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef CITYLOOM_SUN_SWEEP_INL
#undef CITYLOOM_SUN_SWEEP_INL
#else
#define CITYLOOM_SUN_SWEEP_INL
#endif

#include <hwy/highway.h>

#include <cmath>

#include "model/sun/sweep.hpp"

HWY_BEFORE_NAMESPACE();
namespace cityloom::model::sun::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F = hn::ScalableTag<float>;
using V = hn::Vec<F>;

HWY_INLINE V all(float value) {
  return hn::Set(F(), value);
}

/// A place where rays cross an edge between two rows: columns of the edge's ends, seen from the column left of the ray
/// in the row that is reached, and how far between the rows.
struct Edge {
  int behind, here;
  float part;
};

/// What is alike for all rays between two rows.
struct Crossing {
  Edge edges[3];
  int count = 0;
  ptrdiff_t shift = 0;  // of the column left of ray 0, in the row that is reached
  float fraction = 0;   // how far right of that column
};

/// Rays to a cell: what the two beside a cell's middle say is mixed. Shadows are as sharp as an eighth of a cell; a
/// horizon is an angle, which needs no more than one.
inline constexpr size_t rays_of_shadow = 8, rays_of_horizon = 1;

/// Edges crossed on the way to row `step` (counted from the sun's side) by rays that begin `start` right of a column.
/// Squares are cut from the left in the row behind to the right in the row here, or the other way where the sun is
/// beyond the last row.
HWY_INLINE Crossing crossing_of(const Course& course, size_t step, double start) {
  const bool rising = !course.from_last;
  const double before = start + (static_cast<double>(step) - 1) * course.drift;
  const double at = start + static_cast<double>(step) * course.drift;
  const double left_before = std::floor(before), left = std::floor(at), from = before - left_before;
  const double drift = course.drift;
  const int moved = static_cast<int>(left - left_before);
  Crossing found;
  found.shift = static_cast<ptrdiff_t>(left);
  found.fraction = static_cast<float>(at - left);
  const auto add = [&](int behind, int here, double part) {
    // An edge at a row is its ground; nearer than that, rounded heights would make steep angles.
    if (part > 0.001 && part < 0.995)
      found.edges[found.count++] = {behind - moved, here - moved, static_cast<float>(part)};
  };
  if (drift > 0 && moved > 0) add(1, 1, (1 - from) / drift);
  if (drift < 0 && moved < 0) add(0, 0, from / -drift);
  if (rising) {
    if (drift < 1) add(0, 1, from / (1 - drift));
    if (drift < 0 && moved < 0) add(-1, 0, (from + 1) / (1 - drift));
  } else {
    if (drift > -1) add(1, 0, (1 - from) / (1 + drift));
    if (drift > 0 && moved > 0) add(2, 1, (2 - from) / (1 + drift));
  }
  return found;
}

/// Rays of a sweep: the height that each carries on, for each of `levels` heights of the sun and each start in a cell.
class Rays {
 public:
  Rays(const Field& field, const Course& course, size_t levels)
      : reach_(static_cast<size_t>(std::ceil(std::abs(course.drift) * static_cast<double>(field.rows()))) + row_margin),
        length_(field.columns() + 2 * reach_ + 2 * row_margin),
        heights_(length_ * levels, no_ground) {}

  /// The ray right of column 0 when rays have drifted by `shift` columns.
  float* at(size_t level, ptrdiff_t shift) {
    return heights_.data() + level * length_ + static_cast<ptrdiff_t>(reach_ + row_margin) - shift;
  }

 private:
  size_t reach_, length_;
  std::vector<float> heights_;
};

/// What rays carry: how high the shadow reaches, and where it is asked for how far away is what casts it.
template <bool with_way>
struct Carried {
  V height, way_m;

  HWY_INLINE void meet(V other_height, V other_way_m) {
    if constexpr (with_way) way_m = hn::IfThenElse(other_height > height, other_way_m, way_m);
    height = hn::Max(height, other_height);
  }
};

/// The same for all rays on their way to a row.
struct Way {
  float drop_m, distance_m;
};

/// Brings rays to a row: what they carry sinks by the way, and rises to the edges crossed.
template <bool with_way>
HWY_INLINE Carried<with_way> brought(const Crossing& crossing, const float* behind, const float* here, ptrdiff_t i,
                                     Carried<with_way> from, const Way& way) {
  const F f;
  Carried<with_way> ray{from.height - all(way.drop_m), from.way_m};
  if constexpr (with_way) ray.way_m = ray.way_m + all(way.distance_m);
  for (int k = 0; k < crossing.count; ++k) {
    const Edge& edge = crossing.edges[k];
    const float rest = 1 - edge.part;
    const V at_edge = hn::MulAdd(hn::LoadU(f, here + i + edge.here), all(edge.part),
                                 hn::MulSub(hn::LoadU(f, behind + i + edge.behind), all(rest), all(rest * way.drop_m)));
    ray.meet(at_edge, all(rest * way.distance_m));
  }
  return ray;
}

/// Rows of what rays carry.
struct RayRows {
  float *height, *way_m;
};

/// Brings all rays of one start and height of the sun to a row and on past its own ground. `reached` is what they
/// carried when they came. In the first row they carry nothing.
template <bool with_way>
HWY_INLINE void bring(const Field& field, const Crossing& crossing, const float* behind, const float* here,
                      const Way& way, const RayRows& ray, const RayRows& reached) {
  const F f;
  const auto lanes = static_cast<ptrdiff_t>(hn::Lanes(f)), columns = static_cast<ptrdiff_t>(field.columns());
  const V right = all(crossing.fraction), left = all(1 - crossing.fraction);
  for (ptrdiff_t i = -1; i < columns; i += lanes) {
    Carried<with_way> now{all(no_ground), all(1)};
    if (behind != nullptr) {
      now.height = hn::LoadU(f, ray.height + i);
      if constexpr (with_way) now.way_m = hn::LoadU(f, ray.way_m + i);
      now = brought(crossing, behind, here, i, now, way);
    }
    hn::StoreU(now.height, f, reached.height + i);
    if constexpr (with_way) hn::StoreU(now.way_m, f, reached.way_m + i);
    const V ground = hn::MulAdd(hn::LoadU(f, here + i + 1), right, hn::LoadU(f, here + i) * left);
    now.meet(ground, hn::Zero(f));
    hn::StoreU(now.height, f, ray.height + i);
    if constexpr (with_way) hn::StoreU(now.way_m, f, ray.way_m + i);
  }
}

/// The rays on both sides of the middles of a row's cells.
struct Beside {
  size_t left = 0, right = 0;  // of the starts
  float left_share = 0, right_share = 1;
};
template <size_t starts>
HWY_INLINE Beside beside(const Crossing (&crossings)[starts]) {
  Beside found;
  for (size_t k = 1; k < starts; ++k) {
    if (crossings[k].fraction > crossings[found.left].fraction) found.left = k;
    if (crossings[k].fraction < crossings[found.right].fraction) found.right = k;
  }
  const float to_right = crossings[found.right].fraction, to_left = 1 - crossings[found.left].fraction;
  found.left_share = to_right / (to_right + to_left);
  found.right_share = to_left / (to_right + to_left);
  return found;
}

/// Sweeps with `levels` heights of the sun; `take(row, column, shadows, ground)` gets vectors: how high the shadow of
/// each height of the sun reaches above a cell's middle, and how far away is what casts it.
template <size_t starts, bool with_way, size_t levels, class Take>
HWY_INLINE void sweep(const Field& field, const Course& course, const float (&tangents)[levels], const Take& take) {
  const F f;
  Rays heights(field, course, levels * starts), ways(field, course, with_way ? levels * starts : 1);
  const size_t length = field.columns() + 2 * row_margin;
  std::vector<float> reached_rows(length * levels * starts, no_ground);
  std::vector<float> reached_ways(length * (with_way ? levels * starts : 1));
  const auto reached = [&](size_t level, size_t start) {
    const size_t which = level * starts + start;
    return RayRows{reached_rows.data() + which * length + row_margin,
                   reached_ways.data() + (with_way ? which : 0) * length + row_margin};
  };
  for (size_t step = 0; step < field.rows(); ++step) {
    const size_t row = course.from_last ? field.rows() - 1 - step : step;
    const float* const here = field.row(row);
    const float* const behind = step == 0 ? nullptr : field.row(course.from_last ? row + 1 : row - 1);
    Crossing crossings[starts];
    for (size_t start = 0; start < starts; ++start) {
      crossings[start] = crossing_of(course, step, static_cast<double>(start) / starts);
      const ptrdiff_t shift = crossings[start].shift;
      for (size_t level = 0; level < levels; ++level) {
        const Way way{static_cast<float>(static_cast<double>(tangents[level]) * course.row_distance_m),
                      static_cast<float>(course.row_distance_m)};
        const size_t which = level * starts + start;
        bring<with_way>(field, crossings[start], behind, here, way,
                        {heights.at(which, shift), ways.at(with_way ? which : 0, shift)}, reached(level, start));
      }
    }
    const Beside pair = beside(crossings);
    const V left = all(pair.left_share), right = all(pair.right_share);
    for (size_t i = 0; i < field.columns(); i += hn::Lanes(f)) {
      Carried<with_way> shadows[levels];
      for (size_t level = 0; level < levels; ++level) {
        const RayRows west = reached(level, pair.left), east = reached(level, pair.right);
        shadows[level].height =
            hn::MulAdd(hn::LoadU(f, west.height + i - 1), left, hn::LoadU(f, east.height + i) * right);
        if constexpr (with_way)
          shadows[level].way_m =
              hn::MulAdd(hn::LoadU(f, west.way_m + i - 1), left, hn::LoadU(f, east.way_m + i) * right);
      }
      take(row, i, shadows, hn::LoadU(f, here + i));
    }
  }
}

/// How many lanes of a vector at `column` lie within a row.
HWY_INLINE size_t lanes_within(size_t column, size_t columns) {
  return HWY_MIN(hn::Lanes(F()), columns - column);
}

/// What a sweep with one height of the sun gives.
using Shadow = Carried<false>[1];

void mark(const Field& field, const Course& course, double tangent, int8_t* shaded) {
  const hn::RebindToSigned<F> whole;
  const hn::Rebind<int8_t, F> bytes;
  const size_t columns = field.columns();
  const float tangents[] = {static_cast<float>(tangent)};
  sweep<rays_of_shadow, false>(
      field, course, tangents, [&](size_t row, size_t column, const Shadow& shadows, V own) HWY_ATTR {
        const auto mask = hn::DemoteTo(bytes, hn::BitCast(whole, hn::VecFromMask(F(), shadows[0].height > own)));
        int8_t* const to = shaded + row * columns + column;
        if (column + hn::Lanes(F()) <= columns) {
          hn::StoreU(mask, bytes, to);
          return;
        }
        HWY_ALIGN int8_t rest[HWY_MAX_BYTES];
        hn::StoreU(mask, bytes, rest);
        for (size_t k = 0; k < lanes_within(column, columns); ++k) to[k] = rest[k];
      });
}

HWY_INLINE void store_within(V value, float* to, size_t column, size_t columns) {
  if (column + hn::Lanes(F()) <= columns) {
    hn::StoreU(value, F(), to);
    return;
  }
  HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)];
  hn::StoreU(value, F(), rest);
  for (size_t k = 0; k < lanes_within(column, columns); ++k) to[k] = rest[k];
}

void heights(const Field& field, const Course& course, double tangent, float* height_m) {
  const size_t columns = field.columns();
  const float tangents[] = {static_cast<float>(tangent)};
  sweep<rays_of_shadow, false>(
      field, course, tangents, [&](size_t row, size_t column, const Shadow& shadows, V) HWY_ATTR {
        store_within(hn::Max(shadows[0].height, all(no_ground)), height_m + row * columns + column, column, columns);
      });
}

/// Heights of the sun of which each finds the ground that casts the farthest shadow: the highest of these grounds, as
/// an angle, is the horizon.
inline constexpr float horizon_tangents[] = {0.0f, 0.05f, 0.15f, 0.35f, 0.7f, 1.3f, 2.5f, 6.0f};
inline constexpr size_t horizon_levels = std::size(horizon_tangents);

void horizon(const Field& field, const Course& course, float* tangent) {
  const size_t columns = field.columns();
  sweep<rays_of_horizon, true>(
      field, course, horizon_tangents,
      [&](size_t row, size_t column, const Carried<true>(&shadows)[horizon_levels], V own) HWY_ATTR {
        V highest = hn::Zero(F());
        for (size_t k = 0; k < horizon_levels; ++k) {
          const V way = hn::Max(shadows[k].way_m, all(1e-6f));
          highest = hn::Max(highest, (shadows[k].height - own) / way + all(horizon_tangents[k]));
        }
        store_within(highest, tangent + row * columns + column, column, columns);
      });
}

/// A neighbour's height, or one's own where there is no ground; counts how many there are.
HWY_INLINE V neighbour(const float* at, V own, V& count) {
  const V height = hn::LoadU(F(), at);
  const auto is_ground = height > all(0.5f * no_ground);
  count = count + hn::IfThenElseZero(is_ground, all(1));
  return hn::IfThenElse(is_ground, height, own);
}

void slopes(const Field& field, size_t row, float per_column, float per_row, const RowSlopes& to) {
  const F f;
  const float* const here = field.row(row);
  // Outside the field, the row's own margin has no ground.
  for (size_t i = 0; i < field.columns(); i += hn::Lanes(f)) {
    const V own = hn::LoadU(f, here + i);
    V across = hn::Zero(f), along = hn::Zero(f);
    const V east = neighbour(here + i + 1, own, across), west = neighbour(here + i - 1, own, across);
    V north = own, south = own;
    if (row + 1 < field.rows()) north = neighbour(field.row(row + 1) + i, own, along);
    if (row > 0) south = neighbour(field.row(row - 1) + i, own, along);
    hn::StoreU((east - west) * all(per_column) / hn::Max(across, all(1)), f, to.column + i);
    hn::StoreU((north - south) * all(per_row) / hn::Max(along, all(1)), f, to.row + i);
  }
}

void light(size_t columns, const RowSlopes& slope, const Beam* beams, size_t count, size_t first_cell,
           const RowSums& sums) {
  const F f;
  const hn::RebindToSigned<F> whole;
  const hn::Rebind<int8_t, F> bytes;
  for (size_t i = 0; i < columns; i += hn::Lanes(f)) {
    const V p = hn::LoadU(f, slope.column + i), q = hn::LoadU(f, slope.row + i);
    const V upright = all(1) / hn::Sqrt(hn::MulAdd(p, p, hn::MulAdd(q, q, all(1))));
    V beam = hn::LoadU(f, sums.beam_wh + i), around = hn::LoadU(f, sums.around_wh + i);
    V hours = hn::LoadU(f, sums.hours + i);
    for (size_t k = 0; k < count; ++k) {
      const Beam& sun = beams[k];
      const auto dark = hn::PromoteTo(whole, hn::LoadU(bytes, sun.shaded + first_cell + i));
      const V facing = hn::NegMulAdd(p, all(sun.column), hn::NegMulAdd(q, all(sun.row), all(sun.up))) * upright;
      const auto is_lit = hn::And(facing > hn::Zero(f), hn::RebindMask(f, dark == hn::Zero(whole)));
      const V taken = hn::IfThenElseZero(is_lit, facing);
      beam = hn::MulAdd(taken, all(sun.beam_wh), beam);
      around = hn::MulAdd(taken, all(sun.around_wh), around);
      hours = hours + hn::IfThenElseZero(is_lit, all(sun.hours));
    }
    hn::StoreU(beam, f, sums.beam_wh + i);
    hn::StoreU(around, f, sums.around_wh + i);
    hn::StoreU(hours, f, sums.hours + i);
  }
}

/// The arcus tangent of what is not negative, within 2e-6: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions
/// (1964), 4.4.49, folded at 1.
HWY_INLINE V arcus_tangent(V x) {
  const auto is_steep = x > all(1);
  const V folded = hn::IfThenElse(is_steep, all(1) / hn::Max(x, all(1e-20f)), x), square = folded * folded;
  V sum = all(0.0028662257f);
  for (const float factor : {-0.0161657367f, 0.0429096138f, -0.0752896400f, 0.1065626393f, -0.1420889944f,
                             0.1999355085f, -0.3333314528f, 1.0f})
    sum = hn::MulAdd(sum, square, all(factor));
  sum = sum * folded;
  return hn::IfThenElse(is_steep, all(static_cast<float>(M_PI / 2)) - sum, sum);
}

void sky(size_t columns, const float* tangent, float to_column, float to_row, const SkySums& sums) {
  const F f;
  const auto add = [&](float* to, V value, size_t i) HWY_ATTR { hn::StoreU(hn::LoadU(f, to + i) + value, f, to + i); };
  for (size_t i = 0; i < columns; i += hn::Lanes(f)) {
    const V t = hn::LoadU(f, tangent + i), open = all(1) / hn::MulAdd(t, t, all(1));
    const V slant = all(static_cast<float>(M_PI / 2)) - arcus_tangent(t) - t * open;
    add(sums.level, open, i);
    add(sums.column, slant * all(to_column), i);
    add(sums.row, slant * all(to_row), i);
  }
}

}  // namespace cityloom::model::sun::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

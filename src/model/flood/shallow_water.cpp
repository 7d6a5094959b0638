#include "model/flood/shallow_water.hpp"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace cityloom::model::flood {
namespace {

// Vectors read and write so far beyond a row.
constexpr size_t beyond = 26;

size_t stride_of(size_t columns) {
  return (columns + 2 * halo + beyond + 15) / 16 * 16;
}

// The sum with its error (Knuth): nothing of a small change to much water is lost.
template <class Real>
void add_exactly(Real change, Real& whole, Real& rest) {
  const Real sum = whole + change;
  const Real taken = sum - whole;
  rest += (whole - (sum - taken)) + (change - taken);
  whole = sum;
  const Real both = whole + rest;
  rest -= both - whole;
  whole = both;
}

constexpr std::array<Side, side_count> sides{Side::south, Side::north, Side::west, Side::east};  // in order of filling

// At most what is there; returns what was taken.
template <class Real>
double take(Real wanted, Real& whole, Real& rest) {
  if (wanted < whole) {
    add_exactly(-wanted, whole, rest);
    return static_cast<double>(wanted);
  }
  const double all = static_cast<double>(whole) + static_cast<double>(rest);
  whole = rest = 0;
  return all;
}

bool lies_across(Side side) {
  return side == Side::west || side == Side::east;
}

}  // namespace

double Audit::relative_error() const {
  const double should = start_m3 + rain_m3 + inflow_m3 + boundary_m3 - infiltrated_m3 - drained_m3;
  const double all = start_m3 + rain_m3 + inflow_m3 + std::max(boundary_m3, 0.0);
  return all > 0 ? (now_m3 - should) / all : now_m3 - should;
}

template <class Real>
struct ShallowWater<Real>::Field {
  explicit Field(size_t cells) : depth(cells), rest(cells), flow_x(cells), flow_y(cells) {}
  std::vector<Real> depth, rest, flow_x, flow_y;
};

template <class Real>
struct ShallowWater<Real>::Crew {
  explicit Crew(unsigned workers)
      : arena(workers == 0 ? tbb::task_arena::automatic : static_cast<int>(workers)),
        scratch([] { return std::make_unique<Scratch<Real>>(); }) {}
  tbb::task_arena arena;
  tbb::enumerable_thread_specific<std::unique_ptr<Scratch<Real>>> scratch;
};

template <class Real>
ShallowWater<Real>::ShallowWater(const Terrain& terrain, const Options& options)
    : options_(options),
      columns_(terrain.columns),
      rows_(terrain.rows),
      stride_(stride_of(terrain.columns)),
      cell_x_m_(terrain.cell_x_m),
      cell_y_m_(terrain.cell_y_m),
      crew_(std::make_unique<Crew>(options.workers)) {
  const size_t cells = (rows_ + 2 * halo + 1) * stride_;
  now_ = std::make_unique<Field>(cells);
  next_ = std::make_unique<Field>(cells);
  bed_.resize(cells);
  friction_.resize(cells);
  for (size_t row = 0; row < rows_; ++row) {
    for (size_t column = 0; column < columns_; ++column)
      bed_[place(column, row)] = static_cast<Real>(terrain.bed_m[terrain.at(column, row)]);
  }
  blocks_across_ = (columns_ + strip_columns - 1) / strip_columns;
  blocks_up_ = (rows_ + block_rows - 1) / block_rows;
  for (size_t up = 0; up < blocks_up_; ++up) {
    for (size_t across = 0; across < blocks_across_; ++across) {
      Block block;
      block.column = across * strip_columns;
      block.row = up * block_rows;
      block.columns = std::min(strip_columns, columns_ - block.column);
      block.rows = std::min(block_rows, rows_ - block.row);
      block.edges.west = across == 0;
      block.edges.east = across + 1 == blocks_across_;
      block.edges.south = up == 0;
      block.edges.north = up + 1 == blocks_up_;
      blocks_.push_back(block);
    }
  }
  for (const Side side : sides) fill_bed(side);
}

template <class Real>
ShallowWater<Real>::~ShallowWater() = default;

template <class Real>
void ShallowWater<Real>::set_boundary(Side side, Boundary boundary) {
  boundaries_[static_cast<size_t>(side)] = boundary;
  for (const Side each : sides) fill_bed(each);
  const bool feeds = boundary.kind == Boundary::Kind::level || boundary.kind == Boundary::Kind::discharge;
  for (Block& block : blocks_) {
    const bool touches = side == Side::west    ? block.edges.west
                         : side == Side::east  ? block.edges.east
                         : side == Side::south ? block.edges.south
                                               : block.edges.north;
    if (touches && feeds) block.is_fed = true;
  }
}

template <class Real>
void ShallowWater<Real>::set_depth(size_t column, size_t row, double depth_m) {
  const size_t at = place(column, row);
  now_->depth[at] = static_cast<Real>(depth_m);
  now_->rest[at] = static_cast<Real>(depth_m - static_cast<double>(now_->depth[at]));
  Block& block = block_of(column, row);
  block.is_wet = true;
  block.is_same = false;
}

template <class Real>
void ShallowWater<Real>::set_flow(size_t column, size_t row, double flow_x_m2_s, double flow_y_m2_s) {
  now_->flow_x[place(column, row)] = static_cast<Real>(flow_x_m2_s);
  now_->flow_y[place(column, row)] = static_cast<Real>(flow_y_m2_s);
  block_of(column, row).is_same = false;
}

template <class Real>
void ShallowWater<Real>::set_manning(size_t column, size_t row, double n) {
  friction_[place(column, row)] = static_cast<Real>(n * n);
}

template <class Real>
void ShallowWater<Real>::set_bed(size_t column, size_t row, double bed_m) {
  bed_[place(column, row)] = static_cast<Real>(bed_m);
  const bool is_inside = column >= halo && row >= halo && column + halo < columns_ && row + halo < rows_;
  if (is_inside) return;
  for (const Side side : sides) fill_bed(side);
}

template <class Real>
void ShallowWater<Real>::set_rain(double rate_m_s, std::vector<float> share) {
  rain_m_s_ = rate_m_s;
  rain_share_ = std::move(share);
}

template <class Real>
void ShallowWater<Real>::set_infiltration(double rate_m_s, std::vector<float> share) {
  infiltration_m_s_ = rate_m_s;
  infiltration_share_ = std::move(share);
}

template <class Real>
double ShallowWater<Real>::depth_m(size_t column, size_t row) const {
  const size_t at = place(column, row);
  return static_cast<double>(now_->depth[at]) + static_cast<double>(now_->rest[at]);
}

template <class Real>
double ShallowWater<Real>::bed_m(size_t column, size_t row) const {
  return static_cast<double>(bed_[place(column, row)]);
}

template <class Real>
double ShallowWater<Real>::flow_x_m2_s(size_t column, size_t row) const {
  return static_cast<double>(now_->flow_x[place(column, row)]);
}

template <class Real>
double ShallowWater<Real>::flow_y_m2_s(size_t column, size_t row) const {
  return static_cast<double>(now_->flow_y[place(column, row)]);
}

template <class Real>
Audit ShallowWater<Real>::audit() const {
  double depth_m = 0;
  for (size_t row = 0; row < rows_; ++row) {
    double of_row = 0;
    for (size_t column = 0; column < columns_; ++column) of_row += this->depth_m(column, row);
    depth_m += of_row;
  }
  Audit audit = audit_;
  const double area = cell_x_m_ * cell_y_m_;
  for (double* sum : {&audit.start_m3, &audit.rain_m3, &audit.inflow_m3, &audit.boundary_m3, &audit.infiltrated_m3,
                      &audit.drained_m3})
    *sum *= area;  // they are kept as depths
  audit.now_m3 = depth_m * area;
  if (!is_started_) audit.start_m3 = audit.now_m3;
  return audit;
}

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
  const bool low = side == Side::west || side == Side::south;
  const size_t length = across ? columns_ : rows_;
  const auto at = [&](ptrdiff_t along, ptrdiff_t other) {
    return across ? ghost_place(along, other) : ghost_place(other, along);
  };
  const auto [first, last] = along_side(side);
  for (ptrdiff_t other = first; other < last; ++other) {
    for (size_t out = 0; out < halo; ++out) {
      const auto from = static_cast<ptrdiff_t>(mirrors ? std::min(out, length - 1) : 0);
      const auto far = static_cast<ptrdiff_t>(length) - 1;
      const ptrdiff_t ghost = low ? -1 - static_cast<ptrdiff_t>(out) : far + 1 + static_cast<ptrdiff_t>(out);
      bed_[at(ghost, other)] = bed_[at(low ? from : far - from, other)];
    }
  }
}

template <class Real>
void ShallowWater<Real>::fill_side(Side side) {
  const Boundary& boundary = boundaries_[static_cast<size_t>(side)];
  const bool across = lies_across(side);
  const bool low = side == Side::west || side == Side::south;
  const size_t length = across ? columns_ : rows_;
  const ptrdiff_t along_step = across ? 1 : static_cast<ptrdiff_t>(stride_);
  std::vector<Real>& normal = across ? now_->flow_x : now_->flow_y;
  std::vector<Real>& tangent = across ? now_->flow_y : now_->flow_x;
  const Real inwards = low ? 1 : -1;
  const auto gravity = static_cast<Real>(options_.gravity);
  const auto [first, last] = along_side(side);
  for (ptrdiff_t other = first; other < last; ++other) {
    const ptrdiff_t along = low ? 0 : static_cast<ptrdiff_t>(length) - 1;
    const size_t edge = across ? ghost_place(along, other) : ghost_place(other, along);
    const auto inner_at = [&](size_t depth) {
      return static_cast<size_t>(static_cast<ptrdiff_t>(edge) +
                                 (low ? 1 : -1) * along_step * static_cast<ptrdiff_t>(std::min(depth, length - 1)));
    };
    for (size_t out = 0; out < halo; ++out) {
      const auto ghost = static_cast<size_t>(static_cast<ptrdiff_t>(edge) +
                                             (low ? -1 : 1) * along_step * static_cast<ptrdiff_t>(out + 1));
      const size_t from = boundary.kind == Boundary::Kind::wall ? inner_at(out) : edge;
      now_->depth[ghost] = now_->depth[from];
      now_->rest[ghost] = now_->rest[from];
      normal[ghost] = boundary.kind == Boundary::Kind::wall ? -normal[from] : normal[from];
      tangent[ghost] = tangent[from];
      const Real inner_h = now_->depth[edge];
      if (boundary.kind == Boundary::Kind::level) {
        // What comes out keeps u + 2 c (outwards): the level decides c.
        const Real h = std::max(static_cast<Real>(boundary.value) - bed_[edge], Real(0));
        const bool wet = inner_h > static_cast<Real>(options_.dry_m);
        const Real outwards = wet ? -inwards * normal[edge] / inner_h : Real(0);
        // Nothing comes in faster than critical: what is thin inside would let it.
        const Real critical = std::sqrt(gravity * h);
        const Real speed = std::max(outwards + 2 * (std::sqrt(gravity * inner_h) - critical), -critical);
        now_->depth[ghost] = h;
        now_->rest[ghost] = 0;
        normal[ghost] = -inwards * (wet ? speed : Real(0)) * h;
      } else if (boundary.kind == Boundary::Kind::discharge && !(boundary.value > 0)) {
        normal[ghost] = -normal[edge];
      } else if (boundary.kind == Boundary::Kind::discharge) {
        const auto q = static_cast<Real>(boundary.value);
        now_->depth[ghost] = std::max(inner_h, std::cbrt(q * q / gravity));
        now_->rest[ghost] = 0;
        normal[ghost] = inwards * q;
        tangent[ghost] = 0;
      }
    }
  }
}

template <class Real>
void ShallowWater<Real>::fill_surroundings() {
  for (const Side side : sides) fill_side(side);
}

template <class Real>
bool ShallowWater<Real>::is_active(size_t index) const {
  if (blocks_[index].is_fed) return true;
  const auto across = static_cast<ptrdiff_t>(index % blocks_across_),
             up = static_cast<ptrdiff_t>(index / blocks_across_);
  for (ptrdiff_t y = up - 1; y <= up + 1; ++y) {
    for (ptrdiff_t x = across - 1; x <= across + 1; ++x) {
      if (x < 0 || y < 0 || x >= static_cast<ptrdiff_t>(blocks_across_) || y >= static_cast<ptrdiff_t>(blocks_up_))
        continue;
      if (blocks_[static_cast<size_t>(y) * blocks_across_ + static_cast<size_t>(x)].is_wet) return true;
    }
  }
  return false;
}

template <class Real>
void ShallowWater<Real>::copy(const Block& block) {
  for (size_t row = block.row; row < block.row + block.rows; ++row) {
    const size_t at = place(block.column, row);
    for (const auto member : {&Field::depth, &Field::rest, &Field::flow_x, &Field::flow_y})
      std::copy_n(((*now_).*member).begin() + static_cast<ptrdiff_t>(at), block.columns,
                  ((*next_).*member).begin() + static_cast<ptrdiff_t>(at));
  }
}

template <class Real>
void ShallowWater<Real>::step_blocks(double step_s) {
  Constants<Real> constants;
  constants.gravity = static_cast<Real>(options_.gravity);
  constants.step_s = static_cast<Real>(step_s);
  constants.step_over_dx = static_cast<Real>(step_s / cell_x_m_);
  constants.step_over_dy = static_cast<Real>(step_s / cell_y_m_);
  constants.dry_m = static_cast<Real>(options_.dry_m);
  std::vector<uint8_t> active(blocks_.size());
  for (size_t i = 0; i < blocks_.size(); ++i) active[i] = is_active(i);
  const auto one = [&](size_t index) {
    Block& block = blocks_[index];
    block.fastest = 0;
    if (!active[index]) {
      if (!block.is_same) copy(block);
      block.is_same = true;
      return;
    }
    const size_t at = block.row * stride_ + block.column;  // its south-western surroundings
    const ConstRows<Real> from{&now_->depth[at],  &now_->rest[at], &now_->flow_x[at],
                               &now_->flow_y[at], &bed_[at],       &friction_[at]};
    const Rows<Real> to{&next_->depth[at], &next_->rest[at], &next_->flow_x[at], &next_->flow_y[at]};
    block.fastest =
        step_block(constants, from, to, stride_, block.rows, block.columns, *crew_->scratch.local(), block.edges);
    block.is_wet = block.fastest > 0;
    block.is_same = false;
  };
  crew_->arena.execute([&] { tbb::parallel_for(size_t{0}, blocks_.size(), one); });
  fastest_ = 0;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    Block& block = blocks_[i];
    fastest_ = std::max(fastest_, static_cast<double>(block.fastest));
    if (active[i]) updates_ += block.columns * block.rows;
    for (double* sum : {&block.edges.west_m, &block.edges.east_m, &block.edges.south_m, &block.edges.north_m}) {
      audit_.boundary_m3 += *sum;
      *sum = 0;
    }
  }
  std::swap(now_, next_);
}

template <class Real>
void ShallowWater<Real>::add(const Inflow& inflow, double depth_m) {
  const size_t at = place(inflow.column, inflow.row);
  Real &depth = now_->depth[at], &rest = now_->rest[at];
  if (depth_m < 0) {
    audit_.drained_m3 += take(static_cast<Real>(-depth_m), depth, rest);
  } else {
    const auto change = static_cast<Real>(depth_m);
    add_exactly(change, depth, rest);
    audit_.inflow_m3 += static_cast<double>(change);
  }
  Block& block = block_of(inflow.column, inflow.row);
  block.is_wet = block.is_wet || depth > static_cast<Real>(options_.dry_m);
  block.is_same = false;
}

template <class Real>
void ShallowWater<Real>::rain_on(Block& block, double step_s, double& rain_m, double& taken_m) {
  const auto rain_all = static_cast<Real>(rain_m_s_ * step_s),
             taken_all = static_cast<Real>(infiltration_m_s_ * step_s);
  Real deepest = 0;
  for (size_t row = block.row; row < block.row + block.rows; ++row) {
    Real* depth = &now_->depth[place(block.column, row)];
    Real* rest = &now_->rest[place(block.column, row)];
    const float* rain_share = rain_share_.empty() ? nullptr : &rain_share_[row * columns_ + block.column];
    const float* taken_share =
        infiltration_share_.empty() ? nullptr : &infiltration_share_[row * columns_ + block.column];
    double rained = 0, taken = 0;
    for (size_t i = 0; i < block.columns; ++i) {
      const Real rain = rain_share ? rain_all * static_cast<Real>(rain_share[i]) : rain_all;
      add_exactly(rain, depth[i], rest[i]);
      const Real wanted = taken_share ? taken_all * static_cast<Real>(taken_share[i]) : taken_all;
      rained += static_cast<double>(rain);
      taken += take(wanted, depth[i], rest[i]);
      deepest = std::max(deepest, depth[i]);
    }
    rain_m += rained;
    taken_m += taken;
  }
  block.is_wet = block.is_wet || deepest > static_cast<Real>(options_.dry_m);
  block.is_same = false;
}

template <class Real>
void ShallowWater<Real>::add_sources(double step_s) {
  if (rain_m_s_ > 0 || infiltration_m_s_ > 0) {
    std::vector<std::array<double, 2>> sums(blocks_.size());
    const auto one = [&](size_t i) {
      if (rain_m_s_ > 0 || !blocks_[i].is_same || blocks_[i].is_wet)
        rain_on(blocks_[i], step_s, sums[i][0], sums[i][1]);
    };
    crew_->arena.execute([&] { tbb::parallel_for(size_t{0}, blocks_.size(), one); });
    for (const auto& [rain, taken] : sums) {
      audit_.rain_m3 += rain;
      audit_.infiltrated_m3 += taken;
    }
  }
  for (const Inflow& inflow : inflows_) add(inflow, inflow.rate_m3_s * step_s / (cell_x_m_ * cell_y_m_));
}

// What comes in during the step makes waves of its own, also where all is dry.
template <class Real>
double ShallowWater<Real>::fastest_to_come() const {
  double fastest = std::sqrt(options_.gravity * 0.01);
  for (const Inflow& inflow : inflows_) {
    const double over_width = std::abs(inflow.rate_m3_s) / std::min(cell_x_m_, cell_y_m_);
    fastest = std::max(fastest, 2 * std::cbrt(options_.gravity * over_width));
  }
  for (const Side side : sides) {
    const Boundary& boundary = boundaries_[static_cast<size_t>(side)];
    if (boundary.kind == Boundary::Kind::discharge)
      fastest = std::max(fastest, 2 * std::cbrt(options_.gravity * std::abs(boundary.value)));
    if (boundary.kind != Boundary::Kind::level) continue;
    const double wave = std::sqrt(options_.gravity * std::max(0.0, boundary.value - lowest_of(side)));
    // Once it is as deep inside, what is measured there is enough.
    if (fastest_ < wave) fastest = std::max(fastest, 2 * wave);
  }
  return fastest;
}

template <class Real>
double ShallowWater<Real>::lowest_of(Side side) const {
  const bool across = lies_across(side);
  const bool low = side == Side::west || side == Side::south;
  double lowest = std::numeric_limits<double>::infinity();
  for (size_t other = 0; other < (across ? rows_ : columns_); ++other) {
    const size_t along = low ? 0 : (across ? columns_ : rows_) - 1;
    lowest = std::min(lowest, across ? bed_m(along, other) : bed_m(other, along));
  }
  return lowest;
}

// The fastest wave there can be at first.
template <class Real>
double ShallowWater<Real>::first_guess() const {
  double fastest = 0;
  for (size_t row = 0; row < rows_; ++row) {
    for (size_t column = 0; column < columns_; ++column) {
      const double h = depth_m(column, row);
      if (h <= options_.dry_m) continue;
      const double speed = std::hypot(flow_x_m2_s(column, row), flow_y_m2_s(column, row)) / h;
      fastest = std::max(fastest, speed + std::sqrt(options_.gravity * h));
    }
  }
  return fastest;
}

template <class Real>
double ShallowWater<Real>::step(double most_s) {
  if (!is_started_) {
    audit_.start_m3 = audit().now_m3 / (cell_x_m_ * cell_y_m_);
    is_started_ = true;
    fastest_ = first_guess();
  }
  const double cell = std::min(cell_x_m_, cell_y_m_);
  const double fastest = std::max(fastest_, fastest_to_come());
  const double step_s = std::min({most_s, options_.step_max_s, options_.courant * cell / fastest});
  add_sources(step_s);
  fill_surroundings();
  step_blocks(step_s);
  time_s_ += step_s;
  return step_s;
}

template <class Real>
void ShallowWater<Real>::run(double duration_s) {
  const double end = time_s_ + duration_s;
  while (time_s_ < end * (1 - 1e-14)) step(end - time_s_);
}

template class ShallowWater<float>;
template class ShallowWater<double>;

}  // namespace cityloom::model::flood

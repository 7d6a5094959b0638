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

// As the steps mark it.
double hazard_of(double depth_m, double speed_m_s, const Debris& debris) {
  const bool is_deep = depth_m > 0.75 || (speed_m_s > 2 && depth_m > 0.25);
  const float added = is_deep ? debris.deep : depth_m > 0.25 ? debris.shallow : 0;
  return depth_m * (speed_m_s + 0.5) + static_cast<double>(added);
}

}  // namespace

double Audit::relative_error() const {
  const double should = start_m3 + rain_m3 + inflow_m3 + boundary_m3 - infiltrated_m3 - drained_m3;
  const double all = start_m3 + rain_m3 + inflow_m3 + std::max(boundary_m3, 0.0);
  return all > 0 ? (now_m3 - should) / all : now_m3 - should;
}

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
      block.touches.west = across == 0;
      block.touches.east = across + 1 == blocks_across_;
      block.touches.south = up == 0;
      block.touches.north = up + 1 == blocks_up_;
      blocks_.push_back(block);
    }
  }
  fill_beds();
}

template <class Real>
ShallowWater<Real>::~ShallowWater() = default;

template <class Real>
void ShallowWater<Real>::set_boundary(Side side, Boundary boundary) {
  boundaries_[static_cast<size_t>(side)] = boundary;
  fill_beds();
  const bool feeds = boundary.kind == Boundary::Kind::level || boundary.kind == Boundary::Kind::discharge;
  for (Block& block : blocks_) {
    const bool touches = side == Side::west    ? block.touches.west
                         : side == Side::east  ? block.touches.east
                         : side == Side::south ? block.touches.south
                                               : block.touches.north;
    if (touches && feeds) block.is_fed = true;
  }
}

template <class Real>
void ShallowWater<Real>::set_depth(size_t column, size_t row, double depth_m) {
  const size_t at = place(column, row);
  now_->depth[at] = static_cast<Real>(depth_m);
  now_->rest[at] = static_cast<Real>(depth_m - static_cast<double>(now_->depth[at]));
  Block& block = block_of(column, row);
  block.is_wet = block.has_film = true;
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
  fill_beds();
}

template <class Real>
void ShallowWater<Real>::set_rain_share(const std::vector<float>& share) {
  rain_share_.assign(share.empty() ? 0 : bed_.size(), 0);
  for (size_t row = 0; row < rows_ && !share.empty(); ++row)
    std::copy_n(share.begin() + static_cast<ptrdiff_t>(row * columns_), columns_,
                rain_share_.begin() + static_cast<ptrdiff_t>(place(0, row)));
}

template <class Real>
void ShallowWater<Real>::set_capacity(const FillCapacity& fill) {
  capacity_m_s_.resize(bed_.size());
  soaked_m_.resize(bed_.size());
  const auto one = [&](size_t row) {
    fill(row, {&soaked_m_[place(0, row)], columns_}, {&capacity_m_s_[place(0, row)], columns_});
  };
  crew_->arena.execute([&] { tbb::parallel_for(size_t{0}, rows_, one); });
}

template <class Real>
void ShallowWater<Real>::set_marks(const MarkOptions& options) {
  mark_options_ = options;
  const std::array<bool, mark_count> asked{options.depth_max, options.speed_max, options.hazard_max,
                                           options.arrival,   options.wet_time,  options.peak};
  for (size_t i = 0; i < mark_count; ++i)
    marks_[i].assign(asked[i] ? bed_.size() : 0, Real(i == static_cast<size_t>(Mark::arrival) ? -1 : 0));
  // What lies there at the start is marked as the steps mark it.
  const BlockStep<Real> all = step_of(blocks_.front(), 0);
  for (size_t row = 0; row < rows_ && options.any(); ++row) {
    for (size_t column = 0; column < columns_; ++column) {
      const double depth = depth_m(column, row);
      if (depth <= options_.dry_m) continue;
      const size_t at = place(column, row);
      const double speed = std::hypot(flow_x_m2_s(column, row), flow_y_m2_s(column, row)) / depth;
      if (all.marks.depth_max) all.marks.depth_max[at] = static_cast<Real>(depth);
      if (all.marks.speed_max && depth >= speed_depth_m) all.marks.speed_max[at] = static_cast<Real>(speed);
      if (all.marks.hazard_max) all.marks.hazard_max[at] = static_cast<Real>(hazard_of(depth, speed, options.debris));
      if (all.marks.arrival_s && depth >= options.wet_m) all.marks.arrival_s[at] = static_cast<Real>(time_s_);
    }
  }
}

template <class Real>
std::vector<float> ShallowWater<Real>::inner(const std::vector<Real>& cells) const {
  std::vector<float> values;
  if (cells.empty()) return values;
  values.reserve(rows_ * columns_);
  for (size_t row = 0; row < rows_; ++row) {
    for (size_t column = 0; column < columns_; ++column)
      values.push_back(static_cast<float>(cells[place(column, row)]));
  }
  return values;
}

template <class Real>
std::vector<float> ShallowWater<Real>::mark(Mark which) const {
  return inner(marks_[static_cast<size_t>(which)]);
}

template <class Real>
double ShallowWater<Real>::mark(Mark which, size_t column, size_t row) const {
  const std::vector<Real>& cells = marks_[static_cast<size_t>(which)];
  return cells.empty() ? 0 : static_cast<double>(cells[place(column, row)]);
}

template <class Real>
std::vector<float> ShallowWater<Real>::depths_m() const {
  return inner(now_->depth);
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
  const size_t at = place(column, row);
  if (options_.scheme == Scheme::full) return static_cast<double>(now_->flow_x[at]);
  return (static_cast<double>(now_->flow_x[at]) + static_cast<double>(now_->flow_x[at - 1])) / 2;  // of its faces
}

template <class Real>
double ShallowWater<Real>::flow_y_m2_s(size_t column, size_t row) const {
  const size_t at = place(column, row);
  if (options_.scheme == Scheme::full) return static_cast<double>(now_->flow_y[at]);
  return (static_cast<double>(now_->flow_y[at]) + static_cast<double>(now_->flow_y[at - stride_])) / 2;
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
Constants<Real> ShallowWater<Real>::constants_of(double step_s) const {
  return {static_cast<Real>(options_.gravity),   static_cast<Real>(step_s / cell_x_m_),
          static_cast<Real>(step_s / cell_y_m_), static_cast<Real>(step_s),
          static_cast<Real>(options_.dry_m),     options_.scheme};
}

template <class Real>
BlockStep<Real> ShallowWater<Real>::step_of(const Block& block, double step_s) {
  const size_t at = block.row * stride_ + block.column;  // its south-western surroundings
  const auto of = [&](std::vector<Real>& cells) { return cells.empty() ? nullptr : &cells[at]; };
  BlockStep<Real> step;
  step.from = {&now_->depth[at], &now_->rest[at], &now_->flow_x[at], &now_->flow_y[at], &bed_[at], &friction_[at]};
  step.to = {&next_->depth[at], &next_->rest[at], &next_->flow_x[at], &next_->flow_y[at]};
  step.sources = {static_cast<Real>(rain_m_s_ * step_s), static_cast<Real>(infiltration_m_s_ * step_s), of(rain_share_),
                  of(capacity_m_s_), of(soaked_m_)};
  step.marks = {static_cast<Real>(time_s_ + step_s),
                static_cast<Real>(mark_options_.wet_m),
                mark_options_.debris,
                of(marks_[0]),
                of(marks_[1]),
                of(marks_[2]),
                of(marks_[3]),
                of(marks_[4]),
                of(marks_[5])};
  const auto along = [&](Side side, size_t first) {
    const std::vector<Real>& given = given_[static_cast<size_t>(side)];
    return given.empty() ? nullptr : &given[first];
  };
  step.touches = block.touches;
  if (block.touches.west) step.given.west = along(Side::west, block.row);
  if (block.touches.east) step.given.east = along(Side::east, block.row);
  if (block.touches.south) step.given.south = along(Side::south, block.column);
  if (block.touches.north) step.given.north = along(Side::north, block.column);
  step.stride = stride_;
  step.rows = block.rows;
  step.columns = block.columns;
  return step;
}

template <class Real>
void ShallowWater<Real>::take_step(Block& block, bool is_active, const Constants<Real>& constants, double step_s) {
  block.result = {};
  const BlockStep<Real> step = step_of(block, step_s);
  if (is_active) {
    block.result = step_block(constants, step, *crew_->scratch.local());
  } else if (step.sources.rain_m > 0 || (step.sources.any() && block.has_film)) {
    block.result = rest_block(constants, step);
  } else {
    if (!block.is_same) copy(block);
    block.is_same = true;
    return;
  }
  block.is_wet = block.result.deepest > constants.dry_m;
  block.has_film = block.result.deepest > 0;
  block.is_same = false;
}

template <class Real>
void ShallowWater<Real>::step_blocks(double step_s) {
  const Constants<Real> constants = constants_of(step_s);
  std::vector<uint8_t> active(blocks_.size());
  for (size_t i = 0; i < blocks_.size(); ++i) active[i] = is_active(i);
  const auto one = [&](size_t index) { take_step(blocks_[index], active[index], constants, step_s); };
  crew_->arena.execute([&] { tbb::parallel_for(size_t{0}, blocks_.size(), one); });
  fastest_ = 0;
  // In the order of the blocks, whoever computed them: sums are the same for any number of workers.
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    fastest_ = std::max(fastest_, static_cast<double>(block.result.fastest));
    if (active[i]) updates_ += block.columns * block.rows;
    wet_updates_ += block.result.wet;
    audit_.boundary_m3 += block.result.boundary_m;
    audit_.rain_m3 += block.result.rain_m;
    audit_.infiltrated_m3 += block.result.soaked_m;
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
  block.has_film = true;
  block.is_same = false;
}

template <class Real>
void ShallowWater<Real>::add_inflows(double step_s) {
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
  for (size_t side = 0; side < side_count; ++side) {
    const Boundary& boundary = boundaries_[side];
    if (boundary.kind == Boundary::Kind::discharge)
      fastest = std::max(fastest, 2 * std::cbrt(options_.gravity * std::abs(boundary.value)));
    if (boundary.kind != Boundary::Kind::level) continue;
    const double wave =
        std::sqrt(options_.gravity * std::max(0.0, boundary.value - lowest_of(static_cast<Side>(side))));
    // Once it is as deep inside, what is measured there is enough.
    if (fastest_ < wave) fastest = std::max(fastest, 2 * wave);
  }
  return fastest;
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
    fill_beds();
  }
  const double cell = std::min(cell_x_m_, cell_y_m_);
  const double fastest = std::max(fastest_, fastest_to_come());
  const double step_s = std::min({most_s, options_.step_max_s, options_.courant * cell / fastest});
  add_inflows(step_s);
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

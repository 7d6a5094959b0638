// Water over terrain: the two-dimensional shallow water equations.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/flood/rows.hpp"

namespace cityloom::model::flood {

/// Heights of a grid of cells; row 0 is the southernmost, column 0 the westernmost.
struct Terrain {
  size_t columns = 0, rows = 0;
  double cell_x_m = 1, cell_y_m = 1;
  std::vector<double> bed_m;  ///< rows x columns

  size_t at(size_t column, size_t row) const { return row * columns + column; }
};

/// Of the grid.
enum class Side : uint8_t { west, east, south, north };
inline constexpr size_t side_count = 4;

/// What lies beyond a side of the grid.
struct Boundary {
  enum class Kind : uint8_t {
    wall,       ///< nothing passes
    open,       ///< water leaves as it comes
    level,      ///< the surface stands at `value` m (height)
    discharge,  ///< `value` m2/s flow in over each metre of the side
  };
  Kind kind = Kind::wall;
  double value = 0;
};

/// How a flood is computed.
struct Options {
  Scheme scheme = Scheme::full;
  double gravity = 9.81;   ///< m/s2
  double courant = 0.45;   ///< of a wave's way in a step, in cells; below 0.5 (local inertia: below 0.7)
  double dry_m = 1e-4;     ///< shallower water stands still
  double step_max_s = 60;  ///< the longest step
  unsigned workers = 0;    ///< 0: as many as the machine has cores
};

/// Where water came from and went to, in m3. Sums of what was added to each cell, in double precision.
struct Audit {
  double start_m3 = 0, now_m3 = 0;
  double rain_m3 = 0, inflow_m3 = 0, boundary_m3 = 0;  ///< came (over the boundary: less what left)
  double infiltrated_m3 = 0, drained_m3 = 0;           ///< left
  /// What is missing (or too much) as a part of all water that ever was there.
  double relative_error() const;
};

/// What is kept of each cell while a flood goes on.
struct MarkOptions {
  bool depth_max = false, speed_max = false, hazard_max = false, arrival = false, wet_time = false;
  bool peak = false;    ///< together with depth_max
  double wet_m = 0.05;  ///< from this depth on, a cell counts as flooded (arrival, wet_time)
  Debris debris;        ///< in the hazard

  bool any() const { return depth_max || speed_max || hazard_max || arrival || wet_time; }
};

/// One of what is kept.
enum class Mark : uint8_t {
  depth_max,   ///< m
  speed_max,   ///< m/s, where at least 1 cm deep
  hazard_max,  ///< depth x (speed + 0.5) + debris: the rating of FD2320 (DEFRA and Environment Agency 2006)
  arrival,     ///< s until the cell was flooded; -1: never
  wet_time,    ///< s that it was flooded
  peak,        ///< s when it was deepest
};
inline constexpr size_t mark_count = 6;

/// A flood as it goes on. State in `Real` (float or double); depth is kept in two parts, so that its sum stays exact.
/// Not for several workers at once; works on several itself. A step of n wet cells costs about 10 ns each on one core
/// (float), and nothing for dry surroundings. Memory: 44 bytes a cell (float); 4 more for each mark, and 12 where rain
/// or soil differ from cell to cell.
template <class Real>
class ShallowWater {
 public:
  /// Requires a bed of rows x columns finite heights, and cells of some size.
  ShallowWater(const Terrain& terrain, const Options& options);
  ~ShallowWater();
  ShallowWater(const ShallowWater&) = delete;
  ShallowWater& operator=(const ShallowWater&) = delete;

  size_t columns() const { return columns_; }
  size_t rows() const { return rows_; }

  /// Before the first step, or between two. Cells are told by column and row.
  void set_boundary(Side side, Boundary boundary);
  void set_depth(size_t column, size_t row, double depth_m);
  void set_flow(size_t column, size_t row, double flow_x_m2_s, double flow_y_m2_s);
  void set_manning(size_t column, size_t row, double n);
  /// Walls rise and breaches sink: the water of the cell stays.
  void set_bed(size_t column, size_t row, double bed_m);

  /// Depth that rain adds everywhere per second, m/s.
  void set_rain(double rate_m_s) { rain_m_s_ = rate_m_s; }
  /// How much of the rain falls on each cell (rows x columns); empty: all of it.
  void set_rain_share(const std::vector<float>& share);
  /// What the ground takes at most, everywhere, m/s.
  void set_infiltration(double rate_m_s) { infiltration_m_s_ = rate_m_s; }
  /// Instead, each cell's own: `fill` is told a row, what the ground of its cells has taken until now (m), and writes
  /// what it takes at most (m/s), until it is set again. Called for many rows at once.
  using FillCapacity = std::function<void(size_t row, std::span<const Real> soaked_m, std::span<Real> capacity_m_s)>;
  void set_capacity(const FillCapacity& fill);
  /// From now on these are kept; what was kept is forgotten.
  void set_marks(const MarkOptions& options);
  /// Adds water to a cell, m3/s; negative: takes as much, where there is any (a drain). What is added to a cell several
  /// times adds up.
  void add_inflow(size_t column, size_t row, double rate_m3_s) { inflows_.push_back({column, row, rate_m3_s}); }
  /// Ends all inflows.
  void clear_inflows() { inflows_.clear(); }

  /// Goes one step on, at most `most_s`; returns its length.
  double step(double most_s);
  /// Goes on to a time from here, in steps that fit.
  void run(double duration_s);

  double time_s() const { return time_s_; }
  /// @name What is in a cell now.
  /// Heights in m, flows in m2/s (depth times velocity, eastwards and northwards).
  double depth_m(size_t column, size_t row) const;
  double bed_m(size_t column, size_t row) const;
  double flow_x_m2_s(size_t column, size_t row) const;
  double flow_y_m2_s(size_t column, size_t row) const;
  /// What was kept, rows x columns; empty if it was not.
  std::vector<float> mark(Mark which) const;
  /// The depths, rows x columns.
  std::vector<float> depths_m() const;
  /// Kept of one cell; 0 if it was not.
  double mark(Mark which, size_t column, size_t row) const;
  /// The fastest wave of the last step, m/s.
  double fastest_m_s() const { return fastest_; }
  /// Cells of which a step was taken, all together.
  uint64_t updates() const { return updates_; }
  /// Of them, those that were wet.
  uint64_t wet_updates() const { return wet_updates_; }
  Audit audit() const;

 private:
  struct Field {  // one state of all cells
    explicit Field(size_t cells) : depth(cells), rest(cells), flow_x(cells), flow_y(cells) {}
    std::vector<Real> depth, rest, flow_x, flow_y;
  };
  struct Block {
    size_t column = 0, row = 0, columns = 0, rows = 0;
    bool is_wet = false;    // deeper than `dry_m` somewhere
    bool has_film = false;  // any water
    bool is_same = true;    // in both fields
    bool is_fed = false;    // by the boundary
    Touches touches;
    BlockResult<Real> result;
  };

  struct Inflow {
    size_t column = 0, row = 0;
    double rate_m3_s = 0;
  };
  void add(const Inflow& inflow, double depth_m);

  size_t place(size_t column, size_t row) const { return (row + halo) * stride_ + column + halo; }
  size_t ghost_place(ptrdiff_t column, ptrdiff_t row) const;
  std::pair<ptrdiff_t, ptrdiff_t> along_side(Side side) const;
  Block& block_of(size_t column, size_t row) {
    return blocks_[row / block_rows * blocks_across_ + column / strip_columns];
  }
  bool is_active(size_t index) const;
  void add_inflows(double step_s);
  Constants<Real> constants_of(double step_s) const;
  BlockStep<Real> step_of(const Block& block, double step_s);
  void take_step(Block& block, bool is_active, const Constants<Real>& constants, double step_s);
  std::vector<float> inner(const std::vector<Real>& cells) const;
  void fill_surroundings();
  void fill_beds();
  struct Edge;  // of the grid: a cell, and what lies beside it
  void fill_flows(Side side, const Edge& edge);
  void fill_faces(Side side, const Edge& edge);
  Real given_of(Side side, const Edge& edge) const;
  void fill_side(Side side);
  void fill_bed(Side side);
  void step_blocks(double step_s);
  void copy(const Block& block);
  double first_guess() const;
  double fastest_to_come() const;
  double lowest_of(Side side) const;

  static constexpr size_t block_rows = 128;
  const Options options_;
  const size_t columns_, rows_, stride_;
  const double cell_x_m_, cell_y_m_;
  size_t blocks_across_ = 0, blocks_up_ = 0;
  std::vector<Block> blocks_;
  std::unique_ptr<Field> now_, next_;
  std::vector<Real> bed_, friction_;
  std::vector<Real> rain_share_, capacity_m_s_, soaked_m_;  // empty: alike everywhere
  std::array<std::vector<Real>, mark_count> marks_;         // empty: not kept
  MarkOptions mark_options_;
  std::array<std::vector<Real>, side_count> given_;  // fluxes over the sides; empty: computed
  double rain_m_s_ = 0, infiltration_m_s_ = 0;
  std::vector<Inflow> inflows_;
  std::array<Boundary, side_count> boundaries_{};
  double time_s_ = 0, fastest_ = 0;
  uint64_t updates_ = 0, wet_updates_ = 0;
  Audit audit_;
  bool is_started_ = false;
  struct Crew;
  std::unique_ptr<Crew> crew_;
};

extern template class ShallowWater<float>;
extern template class ShallowWater<double>;

}  // namespace cityloom::model::flood

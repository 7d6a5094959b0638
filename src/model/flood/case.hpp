// A flood to be computed, as a file tells it, and what comes of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/flood/shallow_water.hpp"
#include "model/grid/grid_file.hpp"

namespace cityloom::model::flood {

/// A value over time: between two times it is mixed, before the first and after the last it stays.
struct Series {
  std::vector<std::pair<double, double>> points;  ///< seconds, value; times ascend; at least one

  /// At a time.
  double at(double time_s) const;
  /// The mean over a span of time, so that volumes come out right whatever the steps are.
  double mean(double from_s, double to_s) const;
};

/// Cells along a line, or one.
struct Inflow {
  std::string name;
  std::vector<std::pair<size_t, size_t>> cells;
  Series discharge_m3_s;  ///< over all cells together; negative: a drain
};

/// A wall along cells, which may give way.
struct Wall {
  std::vector<std::pair<size_t, size_t>> cells;
  double height_m = 0;
  double breach_at_s = -1;     ///< none: below zero
  double breach_height_m = 0;  ///< of what stands after it
  double breach_takes_s = 0;
};

/// Where depth and speed are written down.
struct Gauge {
  std::string name;
  size_t column = 0, row = 0;
};

/// A case.
struct Case {
  GridFile terrain;
  std::vector<double> manning;        ///< one for all, or one a cell
  std::vector<double> start_depth_m;  ///< empty: dry; or one for all, or one a cell
  std::optional<double> start_level_m;
  std::vector<bool> is_hole;  ///< of the terrain, where it has any
  Series rain_mm_h{{{0, 0}}};
  Series infiltration_mm_h{{{0, 0}}};
  std::vector<Inflow> inflows;
  std::array<std::pair<Boundary::Kind, Series>, side_count> boundaries;
  std::vector<Wall> walls;
  std::vector<Gauge> gauges;
  double duration_s = 0;
  double every_s = 60;  ///< between two entries of a gauge
  bool in_double = false;
  Options options;
  struct Output {
    std::string what;  ///< depth, depth_max, speed_max, hazard_max, arrival
    std::string path;
  };
  std::vector<Output> outputs;
};

/// Reads a case. Files that it names are looked for beside it. Errors: invalid (file, line and column), those of files.
base::Result<Case> read_case(const std::string& path);

/// What came of it.
struct Outcome {
  struct Entry {
    double time_s = 0, depth_m = 0, level_m = 0, speed_m_s = 0;
  };
  std::vector<std::vector<Entry>> gauges;  ///< in the case's order
  Audit audit;
  uint64_t updates = 0;
  size_t steps = 0;
  double seconds = 0;                                                             ///< that it took
  std::vector<float> depth_m, depth_max_m, speed_max_m_s, hazard_max, arrival_s;  ///< rows x columns; arrival: -1 never
};

/// Runs a case. `progress` is told the time that is reached, and stops it by false. Errors: cancelled, internal (the
/// water left all bounds).
base::Result<Outcome> run_case(const Case& it, const std::function<bool(double)>& progress = {});

}  // namespace cityloom::model::flood

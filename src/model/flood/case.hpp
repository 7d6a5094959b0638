// A flood to be computed, as a file tells it, and what comes of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/flood/exposure.hpp"
#include "model/flood/shallow_water.hpp"
#include "model/flood/soil.hpp"
#include "model/grid/grid_file.hpp"

namespace cityloom::model::flood {

/// A value over time: between two times it is mixed, before the first and after the last it stays.
struct Series {
  std::vector<std::pair<double, double>>
      points;  ///< seconds, value; times do not fall; of two at one time the later one holds from then on; at least one

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

/// A level of a gauge from which people are warned.
struct Warning {
  size_t gauge = 0;  ///< in the case's order
  std::string name;  ///< "watch", "alarm"
  bool is_level = false;
  double value_m = 0;  ///< depth, or height of the surface where is_level
};

/// Members that differ by chance, to tell how sure an answer is. Factors are log-normal with a mean of 1.
struct Ensemble {
  size_t members = 0;  ///< 0: none
  uint64_t seed = 1;
  double rain_sd = 0, roughness_sd = 0, inflow_sd = 0;  ///< of the factors
  struct Probability {
    double depth_m = 0;  ///< that the greatest depth reaches it
    std::string path;
  };
  std::vector<Probability> probabilities;
};

/// Pictures of the water over time.
struct Frames {
  double every_s = 0;                  ///< 0: none
  std::string folder, what = "depth";  ///< depth, level, speed
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
  Soil soil;
  std::vector<Inflow> inflows;
  std::array<std::pair<Boundary::Kind, Series>, side_count> boundaries;
  std::vector<Wall> walls;
  std::vector<Gauge> gauges;
  double duration_s = 0;
  double every_s = 60;  ///< between two entries of a gauge
  bool in_double = false;
  Options options;
  double wet_m = 0.05;  ///< from this depth on, a place is flooded
  Debris debris;
  std::vector<double> hazard_bounds = fd2320_bounds;
  std::vector<double> depth_bounds_m{0.5, 1, 2, 5};
  MarkOptions
      keep;  ///< what is kept, beside what outputs and what is exposed ask for; its wet_m and debris do not count
  std::vector<Exposed> exposed;
  std::vector<Warning> warnings;
  Frames frames;
  Ensemble ensemble;
  struct Output {
    std::string what;  ///< depth, depth_max, speed_max, hazard_max, arrival, wet_time, peak
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
  std::vector<ExposedOutcome> exposed;  ///< in the case's order
  std::vector<double> warned_at_s;      ///< likewise, of the warnings; -1: never
  uint64_t updates = 0, wet_updates = 0;
  size_t steps = 0;
  double seconds = 0;                                ///< that it took
  std::vector<float> depth_m;                        ///< rows x columns
  std::array<std::vector<float>, mark_count> marks;  ///< by Mark; those that were asked for

  const std::vector<float>& of(Mark which) const { return marks[static_cast<size_t>(which)]; }
};

/// Who follows a run.
struct Follower {
  std::function<bool(double time_s)> progress;  ///< told the time that is reached; false stops the run
  /// Told each frame: values of all cells, rows x columns.
  std::function<base::Status(double time_s, const std::vector<float>& values)> frame;
};

/// Memory that a run takes, bytes.
size_t memory_of(const Case& it);

/// Runs a case. Errors: cancelled, too_large (for this machine's memory), internal (the water left all bounds), those
/// of the follower.
base::Result<Outcome> run_case(const Case& it, const Follower& follower = {});

}  // namespace cityloom::model::flood

// What a flood will do next, from what gauges said so far.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/flood/case.hpp"

namespace cityloom::model::assimilation {

/// What a gauge of the case showed.
struct Reading {
  size_t gauge = 0;  ///< in the case's order
  double time_s = 0;
  double depth_m = 0;
  double error_m = 0.05;  ///< standard deviation
};

struct NowcastOptions {
  size_t members = 20;         ///< 4 to 200
  size_t rounds = 3;           ///< 1 to 10; each runs every member once
  double rain_spread = 0.5;    ///< of the logarithm of the factor on all rain: 0 to 2
  double inflow_spread = 0.3;  ///< on all inflows
  double roughness_spread = 0.3;
  uint64_t seed = 1;
};

/// A factor on what the case says: of the members, by size in the middle, at 5 and at 95 %.
struct FactorRange {
  double middle = 1, low = 1, high = 1;
};

/// A gauge over the whole case: 5 %, median and 95 % of the members.
struct GaugeRange {
  std::string name;
  std::vector<double> time_s, low_m, middle_m, high_m;
};

struct Nowcast {
  FactorRange rain, inflow, roughness;
  std::vector<GaugeRange> gauges;
  double error_before_m = 0, error_after_m = 0;  ///< of the median at the readings, root mean square
};

/// Finds with which rain, inflow and roughness (each a factor on the case's own, so never negative) the flood passes
/// the readings, and runs it to the end of the case with each member's. An ensemble smoother in several rounds, each
/// with errors that many times as large in variance (Emerick and Reynolds 2013, Computers & Geosciences 55), by the
/// ensemble filter; the flood's state follows from the factors and so loses no water. Same in, same out. `goes_on`
/// hears how far it is; false stops it. Errors: invalid (no gauges or readings, a reading past the case or not a
/// number, options out of range), too_large (more than 100,000 readings), cancelled, those of run_case. Cost: (rounds +
/// 1) x members runs.
base::Result<Nowcast> nowcast(const flood::Case& it, const std::vector<Reading>& readings,
                              const NowcastOptions& options, const std::function<bool(double part)>& goes_on = {});

}  // namespace cityloom::model::assimilation

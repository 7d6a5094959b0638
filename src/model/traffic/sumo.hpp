// SUMO as a child: its crash is not ours.
#pragma once

#include "model/traffic/emissions.hpp"
#include "model/traffic/run.hpp"

namespace cityloom::model::traffic {

/// Runs SUMO on the files and fills the report's trips. The demand tells what kind each vehicle is. Errors: not_found
/// (not installed), unavailable (it failed), cancelled, unsupported (an option that only our engine has).
base::Status run_sumo(const RunOptions& options, const Demand& demand, Report& report,
                      const std::function<bool(double)>& progress);

}  // namespace cityloom::model::traffic

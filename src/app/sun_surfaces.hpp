// cityloom sun rule, cityloom sun yield: the sun on façades and roofs.
#pragma once

#include <vector>

#include "app/arguments.hpp"
#include "app/exit_code.hpp"

namespace cityloom::app {

/// The options of both.
std::vector<Option> surface_options();

/// Hours of sunlight of each building before and after what is planned. --dem and --buildings are there.
ExitCode run_sunlight_rule(const Arguments& arguments);

/// A year's light and power of each building's roof and façades. --dem and --buildings are there.
ExitCode run_sun_yield(const Arguments& arguments);

}  // namespace cityloom::app

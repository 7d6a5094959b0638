// Numbers on the command line.
#pragma once

#include <string>

#include "base/result.hpp"

namespace cityloom::app {

/// Reads a number within bounds, the whole text. Errors: invalid, naming the option.
base::Result<double> read_number(const std::string& text, const std::string& option, double least, double most);

}  // namespace cityloom::app

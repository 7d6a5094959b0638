// The filter against answers that are known.
#pragma once

#include "model/validation.hpp"

namespace cityloom::model::assimilation {

/// Kalman's exact answer in a linear Gaussian case as members grow, and the error on Lorenz's model of 40 variables.
/// Cost: some 5 s.
Validation validate_assimilation();

}  // namespace cityloom::model::assimilation

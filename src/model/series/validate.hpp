// Forecasts and anomalies against answers that are known.
#pragma once

#include "model/validation.hpp"

namespace cityloom::model::series {

/// Conformal intervals hold what they promise; a tail's chances against the normal distribution's; the alarm of a day
/// that does not come. Cost: some 2 s.
Validation validate_series();

}  // namespace cityloom::model::series

// Scores against answers that are published.
#pragma once

#include "model/validation.hpp"

namespace cityloom::model::scores {

/// The closed form of the CRPS of a normal distribution, Finley's tornado warnings, Murphy's decomposition, the chance
/// from which acting pays. Cost: some 0.2 s.
Validation validate_scores();

}  // namespace cityloom::model::scores

// The flood's kernel held against published answers.
#pragma once

#include "model/validation.hpp"

namespace cityloom::model::flood {

/// Computes all cases, within some seconds.
Validation validate_flood();

}  // namespace cityloom::model::flood

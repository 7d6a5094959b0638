// The kernels of the sun against what is published.
#pragma once

#include "model/validation.hpp"

namespace cityloom::model::sun {

/// All published cases: the algorithm's own example, clear skies, light on tilted planes, the shadow and the horizon of
/// a wall.
Validation validate_sun();

}  // namespace cityloom::model::sun

// The layer of buildings.
#pragma once

#include "space/tiles/layer.hpp"

namespace cityloom::space {

/// Types Building and BuildingPart; features are named "building".
Layer building_layer();

}  // namespace cityloom::space

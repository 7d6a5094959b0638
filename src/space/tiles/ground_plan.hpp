// The ground that an outline covers, as a rectangle of the same area, place, direction and proportions.
#pragma once

#include "space/tiles/layer.hpp"

namespace cityloom::space {

/// Fills the sketch's box, middle, area and rectangle. Of polygons the area counts (holes do not), of lines and points
/// their box. The geometry must have a position.
void plan_ground(const twin::Geometry& geometry, Sketch& sketch);

}  // namespace cityloom::space

// Shapes seen from above, and which rooms doors, stairs and openings join.
#pragma once

#include <cstdint>
#include <vector>

#include "space/ifc/plane_areas.hpp"

namespace cityloom::space {

/// What a product covers, in the project's frame.
struct IfcPlan {
  std::vector<PlaneArea> areas;  ///< seen from above
  IfcBounds bounds;
  double volume_m3 = 0;  ///< 0 where the shape is not closed
  bool empty() const { return bounds.empty(); }
};

/// The plan of a shape; of shapes with very many faces the convex hull.
IfcPlan plan_of(const IfcShape& shape);
/// A room's floor: what its lowest faces cover, if they look down; else its plan.
std::vector<PlaneArea> floor_of(const IfcShape& shape);

/// A room as its neighbours see it.
struct IfcRoomPlan {
  uint64_t id = 0;
  uint64_t storey = 0;
  IfcPlan plan;
};

/// The rooms (places in the list) that a door joins: those on its level within reach of it, the nearest two; one alone
/// is a door to the outside.
std::vector<size_t> rooms_at_door(const std::vector<IfcRoomPlan>& rooms, const IfcPlan& door);
/// The rooms that a stair or ramp joins: on the level of its foot and of its head, one each.
std::vector<size_t> rooms_at_stair(const std::vector<IfcRoomPlan>& rooms, const IfcPlan& stair);
/// The pairs of rooms that are open to each other: they touch along 0.7 m where no wall stands.
std::vector<std::pair<size_t, size_t>> open_rooms(const std::vector<IfcRoomPlan>& rooms,
                                                  const std::vector<IfcPlan>& walls);

}  // namespace cityloom::space

// Everything is decided in the plane; heights only say which rooms are on a level.
#include "space/ifc/ifc_plan.hpp"

#include <algorithm>
#include <cmath>

namespace cityloom::space {
namespace {

constexpr size_t faces_for_hull = 1'500;
constexpr double door_reach_m = 0.6;  // from the leaf to the room, through the wall
constexpr size_t rooms_compared_max = 20'000;
constexpr double level_m = 0.6;  // how far floors of one level may differ

PlaneArea seen_from_above(const IfcFace& face) {
  PlaneArea area;
  for (const IfcRing& ring : face.rings) {
    PlaneRing flat;
    for (const Vector& point : ring) flat.push_back({point.x, point.y});
    if (!flat.empty()) flat.push_back(flat.front());
    area.push_back(std::move(flat));
  }
  return area;
}

bool is_near(const IfcBounds& a, const IfcBounds& b, double reach) {
  return a.low.x - reach < b.high.x && b.low.x - reach < a.high.x && a.low.y - reach < b.high.y &&
         b.low.y - reach < a.high.y;
}

// The nearest rooms first, of those that `fits`.
std::vector<std::pair<double, size_t>> nearest(const std::vector<IfcRoomPlan>& rooms, const IfcPlan& thing,
                                               double reach, const auto& fits) {
  std::vector<std::pair<double, size_t>> found;
  std::vector<PlaneArea> areas = thing.areas;
  if (areas.empty()) {  // seen from above it is only a line: its box
    const Vector low = thing.bounds.low, high = thing.bounds.high;
    areas = {{{{low.x - 0.01, low.y - 0.01},
               {high.x + 0.01, low.y - 0.01},
               {high.x + 0.01, high.y + 0.01},
               {low.x - 0.01, high.y + 0.01},
               {low.x - 0.01, low.y - 0.01}}}};
  }
  for (size_t i = 0; i < rooms.size(); ++i) {
    if (rooms[i].plan.empty() || !is_near(rooms[i].plan.bounds, thing.bounds, reach) || !fits(rooms[i].plan)) continue;
    const double distance = distance_m(areas, rooms[i].plan.areas);
    if (distance <= reach)
      found.emplace_back(distance - 1e-3 * std::min(1.0, common_area_m2(areas, rooms[i].plan.areas)), i);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

IfcPlan plan_of(const IfcShape& shape) {
  IfcPlan plan;
  plan.bounds.add(shape);
  if (shape.empty()) return plan;
  if (shape.is_closed) plan.volume_m3 = std::max(0.0, volume_m3(shape));
  if (shape.faces.size() > faces_for_hull) {
    std::vector<PlanePoint> points;
    for (const IfcFace& face : shape.faces) {
      for (const Vector& point : face.rings.front()) points.push_back({point.x, point.y});
    }
    plan.areas = hull_of(points);
    return plan;
  }
  std::vector<PlaneArea> parts;
  for (const IfcFace& face : shape.faces) {
    if (std::abs(face_normal(face).z) > 0.02) parts.push_back(seen_from_above(face));
  }
  plan.areas = united(parts);
  return plan;
}

std::vector<PlaneArea> floor_of(const IfcShape& shape) {
  IfcBounds bounds;
  bounds.add(shape);
  std::vector<PlaneArea> parts;
  for (const IfcFace& face : shape.faces) {
    if (face_normal(face).z > -0.9) continue;
    const bool is_low = std::all_of(face.rings.front().begin(), face.rings.front().end(),
                                    [&](const Vector& point) { return point.z < bounds.low.z + level_m; });
    if (is_low) parts.push_back(seen_from_above(face));
  }
  std::vector<PlaneArea> floor = united(parts);
  return floor.empty() ? plan_of(shape).areas : floor;
}

std::vector<size_t> rooms_at_door(const std::vector<IfcRoomPlan>& rooms, const IfcPlan& door) {
  if (door.empty()) return {};
  const double middle = (door.bounds.low.z + door.bounds.high.z) / 2;
  const auto found = nearest(rooms, door, door_reach_m, [&](const IfcPlan& room) {
    return room.bounds.low.z < middle && middle < room.bounds.high.z + level_m &&
           door.bounds.low.z > room.bounds.low.z - 1.0 && door.bounds.low.z < room.bounds.low.z + 1.5;
  });
  std::vector<size_t> joined;
  for (const auto& [distance, place] : found) {
    if (joined.size() < 2) joined.push_back(place);
  }
  return joined;
}

std::vector<size_t> rooms_at_stair(const std::vector<IfcRoomPlan>& rooms, const IfcPlan& stair) {
  std::vector<size_t> joined;
  if (stair.empty()) return joined;
  for (const double level : {stair.bounds.low.z, stair.bounds.high.z}) {
    const auto found =
        nearest(rooms, stair, 1.2, [&](const IfcPlan& room) { return std::abs(room.bounds.low.z - level) < level_m; });
    if (!found.empty() && std::find(joined.begin(), joined.end(), found.front().second) == joined.end())
      joined.push_back(found.front().second);
  }
  return joined.size() == 2 ? joined : std::vector<size_t>{};
}

std::vector<std::pair<size_t, size_t>> open_rooms(const std::vector<IfcRoomPlan>& rooms,
                                                  const std::vector<IfcPlan>& walls) {
  std::vector<std::pair<size_t, size_t>> pairs;
  if (rooms.size() > rooms_compared_max) return pairs;
  for (size_t a = 0; a < rooms.size(); ++a) {
    for (size_t b = a + 1; b < rooms.size(); ++b) {
      const IfcPlan& one = rooms[a].plan;
      const IfcPlan& other = rooms[b].plan;
      if (one.empty() || other.empty() || std::abs(one.bounds.low.z - other.bounds.low.z) > level_m ||
          !is_near(one.bounds, other.bounds, 0.05))
        continue;
      const auto reach = widened(other.areas, 0.03);
      double open_m = outline_within_m(one.areas, reach);
      if (open_m < 0.7) continue;
      std::vector<PlaneArea> standing;
      for (const IfcPlan& wall : walls) {
        const bool is_high = wall.bounds.low.z < one.bounds.low.z + 1.2 && wall.bounds.high.z > one.bounds.low.z + 1.5;
        if (is_high && is_near(wall.bounds, one.bounds, 0.1) && is_near(wall.bounds, other.bounds, 0.1))
          standing.insert(standing.end(), wall.areas.begin(), wall.areas.end());
      }
      if (!standing.empty()) {
        // What of the shared outline lies in a wall is not open.
        const auto blocked = united(standing);
        std::vector<PlaneArea> shared;
        for (const PlaneArea& area : widened(blocked, 0.02)) shared.push_back(area);
        const double within_both = outline_within_m(one.areas, shared);
        const double near_only = outline_within_m(one.areas, united([&] {
                                                    std::vector<PlaneArea> both = shared;
                                                    both.insert(both.end(), reach.begin(), reach.end());
                                                    return both;
                                                  }()));
        open_m = near_only - within_both;  // near the other room, but in no wall
      }
      if (open_m >= 0.7) pairs.emplace_back(a, b);
    }
  }
  return pairs;
}

}  // namespace cityloom::space

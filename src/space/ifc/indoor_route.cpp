// Ways through a building: from portal (door, stair, opening) to portal within the room that both belong to.
#include <algorithm>
#include <cmath>
#include <map>
#include <queue>

#include "space/earth.hpp"
#include "space/ifc/indoors.hpp"
#include "space/ifc/plane_areas.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr double walking_m_s = 1.2, climbing_m_s = 0.5;
constexpr double eye_m = 0.1;  // of the line above the floor, so that it is seen

// Something that leads from one room to another. `points` are where it is entered from each.
struct Portal {
  std::string id;  // of the door or stair; "" of an opening
  size_t rooms[2] = {0, 0};
  Vector points[2];
  double length_m = 0;
  bool is_stair = false;
};

class RouteFinder {
 public:
  RouteFinder(const IndoorModel& model, const twin::Position& origin) : model_(model), frame_(origin) {}
  base::Result<IndoorRoute> find(std::string_view from, std::string_view to);

 private:
  std::vector<PlaneArea> areas_of(const twin::Geometry& geometry) const;
  Vector middle_of(const IndoorThing& thing) const;
  void add_rooms();
  void add_portals();
  void add_portal(const IndoorThing& thing, size_t a, size_t b, bool is_stair);
  void add_opening(size_t a, size_t b);
  size_t room(std::string_view id) const;
  IndoorRoute walked(size_t from, size_t last, const std::vector<size_t>& before, size_t to) const;

  const IndoorModel& model_;
  LocalFrame frame_;
  std::vector<std::string> rooms_;  // 0: outside
  std::vector<Vector> middles_;
  std::vector<std::vector<PlaneArea>> areas_;
  std::vector<Portal> portals_;
};

std::vector<PlaneArea> RouteFinder::areas_of(const twin::Geometry& geometry) const {
  std::vector<PlaneArea> areas;
  if (geometry.kind != twin::GeometryKind::polygon && geometry.kind != twin::GeometryKind::multi_polygon) return areas;
  std::vector<uint32_t> ends = geometry.polygon_ends;
  if (ends.empty()) ends.push_back(static_cast<uint32_t>(geometry.line_ends.size()));
  size_t ring = 0, start = 0;
  for (const uint32_t end : ends) {
    PlaneArea area;
    for (; ring < end; ++ring) {
      PlaneRing points;
      for (; start < geometry.line_ends[ring]; ++start) {
        const Vector local = frame_.local_of(geometry.positions[start]);
        points.push_back({local.x, local.y});
      }
      area.push_back(std::move(points));
    }
    areas.push_back(std::move(area));
  }
  return areas;
}

Vector RouteFinder::middle_of(const IndoorThing& thing) const {
  if (thing.location.positions.empty()) return {};
  twin::Position middle = twin::centre_of(thing.location);
  middle.height_m = thing.base_m;
  return frame_.local_of(middle);
}

void RouteFinder::add_rooms() {
  rooms_.emplace_back(outside_room);
  middles_.emplace_back();
  areas_.emplace_back();
  for (const IndoorThing& thing : model_.things) {
    if (thing.type != "Room" || thing.location.positions.empty()) continue;
    rooms_.push_back(thing.id);
    areas_.push_back(areas_of(thing.location));
    Vector middle = middle_of(thing);
    if (const auto within = point_within(areas_.back())) middle = {within->x, within->y, middle.z};
    middles_.push_back(middle + Vector{0, 0, eye_m});
  }
}

size_t RouteFinder::room(std::string_view id) const {
  return static_cast<size_t>(std::find(rooms_.begin(), rooms_.end(), id) - rooms_.begin());
}

// Rooms without a door between them: one goes through the middle of what they share.
void RouteFinder::add_opening(size_t a, size_t b) {
  std::vector<Vector> shared;
  for (const PlaneArea& area : areas_[a]) {
    for (const PlaneRing& ring : area) {
      for (size_t i = 0; i + 1 < ring.size(); ++i) {
        const double dx = ring[i + 1].x - ring[i].x, dy = ring[i + 1].y - ring[i].y;
        const auto steps = static_cast<size_t>(std::clamp(std::hypot(dx, dy) / 0.1, 1.0, 500.0));
        for (size_t s = 0; s < steps; ++s) {
          const double share = (static_cast<double>(s) + 0.5) / static_cast<double>(steps);
          const PlanePoint point{ring[i].x + dx * share, ring[i].y + dy * share};
          const std::vector<PlaneArea> dot{{{{point.x - 0.06, point.y},
                                             {point.x, point.y - 0.06},
                                             {point.x + 0.06, point.y},
                                             {point.x, point.y + 0.06},
                                             {point.x - 0.06, point.y}}}};
          if (distance_m(dot, areas_[b]) <= 0) shared.push_back({point.x, point.y, middles_[a].z});
        }
      }
    }
  }
  if (shared.empty()) return;
  const Vector point = shared[shared.size() / 2];
  portals_.push_back({"", {a, b}, {point, point}, 0, false});
}

void RouteFinder::add_portals() {
  for (const IndoorThing& thing : model_.things) {
    if (thing.type == "Room") {
      const size_t a = room(thing.id);
      for (const std::string& other : thing.opens_to) {
        const size_t b = room(other);
        if (a < b && b < rooms_.size()) add_opening(a, b);
      }
      continue;
    }
    const bool is_stair = thing.category == "stair" || thing.category == "ramp";
    if (thing.connects.empty() || (thing.connects.size() == 1 && is_stair)) continue;
    std::vector<size_t> joined;
    for (const std::string& id : thing.connects) {
      if (const size_t one = room(id); one < rooms_.size()) joined.push_back(one);
    }
    if (joined.size() == 1 && thing.connects.size() == 1) joined.push_back(0);
    for (size_t a = 0; a < joined.size(); ++a) {
      for (size_t b = a + 1; b < joined.size() && joined.size() < 10; ++b)
        add_portal(thing, joined[a], joined[b], is_stair);
    }
  }
}

void RouteFinder::add_portal(const IndoorThing& thing, size_t a, size_t b, bool is_stair) {
  Portal portal;
  portal.id = thing.id;
  portal.is_stair = is_stair;
  portal.rooms[0] = a;
  portal.rooms[1] = b;
  const Vector middle = middle_of(thing);
  for (size_t side : {0u, 1u}) {
    portal.points[side] = middle + Vector{0, 0, eye_m};
    if (portal.rooms[side] != 0) portal.points[side].z = middles_[portal.rooms[side]].z;
  }
  // A flight rises about as steeply everywhere: three steps along for two up.
  if (is_stair) portal.length_m = std::abs(portal.points[1].z - portal.points[0].z) * 1.8;
  portals_.push_back(std::move(portal));
}

IndoorRoute RouteFinder::walked(size_t from, size_t last, const std::vector<size_t>& before, size_t to) const {
  // A state is a portal and the side on which one comes out.
  std::vector<size_t> states;
  for (size_t state = last; state != SIZE_MAX; state = before[state]) states.push_back(state);
  std::reverse(states.begin(), states.end());
  IndoorRoute route;
  std::vector<Vector> line;
  double flat = 0;
  const auto step_to = [&](Vector point) {
    if (!line.empty()) flat += length_of(point - line.back());
    if (line.empty() || length_of(point - line.back()) > 1e-6) line.push_back(point);
  };
  if (from != 0) {
    step_to(middles_[from]);
    route.steps.push_back(rooms_[from]);
  }
  double climbed = 0;
  for (const size_t state : states) {
    const Portal& portal = portals_[state / 2];
    const size_t out = state % 2;
    step_to(portal.points[1 - out]);
    if (portal.is_stair) {
      climbed += portal.length_m;
      line.push_back(portal.points[out]);
    } else {
      step_to(portal.points[out]);
    }
    if (!portal.id.empty()) route.steps.push_back(portal.id);
    if (portal.rooms[out] != 0) route.steps.push_back(rooms_[portal.rooms[out]]);
  }
  if (to != 0) step_to(middles_[to]);
  route.length_m = flat + climbed;
  route.duration_s = flat / walking_m_s + climbed / climbing_m_s;
  for (const Vector& point : line) route.positions.push_back(frame_.position_of_local(point));
  return route;
}

base::Result<IndoorRoute> RouteFinder::find(std::string_view from, std::string_view to) {
  add_rooms();
  add_portals();
  const size_t start = room(from), goal = room(to);
  if (start >= rooms_.size()) return fail(Code::not_found, "the building has no such room", std::string(from));
  if (goal >= rooms_.size()) return fail(Code::not_found, "the building has no such room", std::string(to));
  if (start == goal) return fail(Code::invalid, "the way begins where it ends", std::string(from));
  const size_t count = portals_.size() * 2;
  std::vector<double> cost(count, 1e300);
  std::vector<size_t> before(count, SIZE_MAX);
  using Entry = std::pair<double, size_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  const auto enter = [&](size_t room_number, const Vector* at, double so_far, size_t came_from) {
    for (size_t p = 0; p < portals_.size(); ++p) {
      for (size_t in : {0u, 1u}) {
        const Portal& portal = portals_[p];
        if (portal.rooms[in] != room_number) continue;
        const double walk = at == nullptr ? 0 : length_of(portal.points[in] - *at);
        const double next = so_far + walk + (portal.is_stair ? portal.length_m * walking_m_s / climbing_m_s : 0);
        const size_t state = 2 * p + (1 - in);
        if (next >= cost[state]) continue;
        cost[state] = next;
        before[state] = came_from;
        open.emplace(next, state);
      }
    }
  };
  enter(start, start == 0 ? nullptr : &middles_[start], 0, SIZE_MAX);
  double best = 1e300;
  size_t last = SIZE_MAX;
  while (!open.empty()) {
    const auto [so_far, state] = open.top();
    open.pop();
    if (so_far > cost[state] || so_far >= best) continue;
    const Portal& portal = portals_[state / 2];
    const size_t here = portal.rooms[state % 2];
    if (here == goal) {
      const double whole = so_far + (goal == 0 ? 0 : length_of(middles_[goal] - portal.points[state % 2]));
      if (whole < best) best = whole, last = state;
      continue;
    }
    // Through the street from door to door is no way within a building.
    if (here != 0) enter(here, &portal.points[state % 2], so_far, state);
  }
  if (last == SIZE_MAX) return fail(Code::not_found, "no doors, stairs or openings lead there", std::string(to));
  return walked(start, last, before, goal);
}

}  // namespace

base::Result<IndoorRoute> find_indoor_route(const IndoorModel& model, std::string_view from, std::string_view to) {
  for (const IndoorThing& thing : model.things) {
    if (!thing.location.positions.empty()) return RouteFinder(model, thing.location.positions.front()).find(from, to);
  }
  return fail(Code::not_found, "the building has no rooms", model.id);
}

}  // namespace cityloom::space

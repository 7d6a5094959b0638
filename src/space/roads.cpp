// Places on roads, and ways between them as geometry; the network follows the record when asked.
#include "space/roads.hpp"

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "space/road_graph.hpp"
#include "space/road_search.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr double cell_deg = 0.002;
constexpr double route_distance_m_max = 200'000;
constexpr double touching_m = 0.01;
constexpr size_t commits_to_look_through_max = 20'000;

// Metres east and north of a place nearby.
struct Plane {
  explicit Plane(const twin::Position& place)
      : origin(place),
        metres_north(earth_semi_major_m * radians_per_degree),
        metres_east(metres_north * std::cos(place.latitude_deg * radians_per_degree)) {}
  std::pair<double, double> of(const twin::Position& position) const {
    return {(position.longitude_deg - origin.longitude_deg) * metres_east,
            (position.latitude_deg - origin.latitude_deg) * metres_north};
  }
  twin::Position origin;
  double metres_north, metres_east;
};

struct NearPlace {
  GraphPlace place;
  twin::Position position;
  double distance_m = 0;
};

// The nearest place on one segment.
NearPlace nearest_on(const GraphSegment& segment, uint32_t number, const twin::Position& position) {
  const Plane plane(position);
  NearPlace best;
  best.distance_m = 1e300;
  for (size_t i = 0; i + 1 < segment.positions.size(); ++i) {
    const twin::Position &a = segment.positions[i], &b = segment.positions[i + 1];
    const auto [ax, ay] = plane.of(a);
    const auto [bx, by] = plane.of(b);
    const double dx = bx - ax, dy = by - ay, square = dx * dx + dy * dy;
    const double share = square > 0 ? std::clamp(-(ax * dx + ay * dy) / square, 0.0, 1.0) : 0;
    const double distance_m = std::hypot(ax + share * dx, ay + share * dy);
    if (distance_m >= best.distance_m) continue;
    const double along_m = segment.lengths_m[i] + share * (segment.lengths_m[i + 1] - segment.lengths_m[i]);
    best = {{number, along_m / segment.length_m()},
            {a.longitude_deg + share * (b.longitude_deg - a.longitude_deg),
             a.latitude_deg + share * (b.latitude_deg - a.latitude_deg)},
            distance_m};
  }
  return best;
}

// The part of a segment between two fractions of its length, `from` before `to`.
std::vector<twin::Position> slice(const GraphSegment& segment, double from, double to) {
  const double from_m = from * segment.length_m(), to_m = to * segment.length_m();
  const auto at = [&](double along_m) {
    const auto after = std::upper_bound(segment.lengths_m.begin() + 1, segment.lengths_m.end() - 1, along_m);
    const auto i = static_cast<size_t>(after - segment.lengths_m.begin());
    const double length_m = segment.lengths_m[i] - segment.lengths_m[i - 1];
    const double share = length_m > 0 ? std::clamp((along_m - segment.lengths_m[i - 1]) / length_m, 0.0, 1.0) : 0;
    const twin::Position &a = segment.positions[i - 1], &b = segment.positions[i];
    return twin::Position{a.longitude_deg + share * (b.longitude_deg - a.longitude_deg),
                          a.latitude_deg + share * (b.latitude_deg - a.latitude_deg)};
  };
  std::vector<twin::Position> positions{at(from_m)};
  for (size_t i = 0; i < segment.positions.size(); ++i) {
    if (segment.lengths_m[i] > from_m && segment.lengths_m[i] < to_m) positions.push_back(segment.positions[i]);
  }
  positions.push_back(at(to_m));
  return positions;
}

class FoldedNetwork final : public RoadNetwork {
 public:
  explicit FoldedNetwork(RoadGraph graph) : graph_(std::move(graph)) {
    for (uint32_t number = 0; number < graph_.segments.size(); ++number) index(number);
  }

  size_t segment_count() const override { return graph_.segments.size(); }
  size_t restriction_count() const override { return graph_.restrictions.size(); }
  std::optional<RoadPlace> nearest(const twin::Position& position, double distance_m_max) const override {
    const auto place = nearest_place(position, distance_m_max);
    if (!place) return {};
    return RoadPlace{graph_.segments[place->place.segment].id, place->place.fraction, place->position,
                     place->distance_m};
  }
  base::Result<Route> route(const RouteRequest& request) const override;
  const RoadGraph& graph() const { return graph_; }

 private:
  using Cell = std::pair<int32_t, int32_t>;
  static Cell cell_of(double longitude_deg, double latitude_deg) {
    return {static_cast<int32_t>(std::floor(longitude_deg / cell_deg)),
            static_cast<int32_t>(std::floor(latitude_deg / cell_deg))};
  }
  void index(uint32_t number);
  std::optional<NearPlace> nearest_place(const twin::Position& position, double distance_m_max) const;
  Route route_of(const std::vector<uint32_t>& edges, GraphPlace from, GraphPlace to) const;

  RoadGraph graph_;
  absl::flat_hash_map<Cell, std::vector<uint32_t>> cells_;
};

// Into every cell that a piece of the segment's box touches.
void FoldedNetwork::index(uint32_t number) {
  const GraphSegment& segment = graph_.segments[number];
  if (segment.speed_mps == 0) return;
  for (size_t i = 0; i + 1 < segment.positions.size(); ++i) {
    const twin::Position &a = segment.positions[i], &b = segment.positions[i + 1];
    const Cell low = cell_of(std::min(a.longitude_deg, b.longitude_deg), std::min(a.latitude_deg, b.latitude_deg));
    const Cell high = cell_of(std::max(a.longitude_deg, b.longitude_deg), std::max(a.latitude_deg, b.latitude_deg));
    // A piece of a hundred kilometres is no road of a city.
    if (static_cast<int64_t>(high.first - low.first + 1) * (high.second - low.second + 1) > 10'000) continue;
    for (int32_t x = low.first; x <= high.first; ++x) {
      for (int32_t y = low.second; y <= high.second; ++y) {
        auto& cell = cells_[{x, y}];
        if (cell.empty() || cell.back() != number) cell.push_back(number);
      }
    }
  }
}

std::optional<NearPlace> FoldedNetwork::nearest_place(const twin::Position& position, double distance_m_max) const {
  const Plane plane(position);
  const Cell middle = cell_of(position.longitude_deg, position.latitude_deg);
  const double cell_m = cell_deg * std::max(1.0, std::min(plane.metres_east, plane.metres_north));
  const auto rings = static_cast<int32_t>(std::min(200.0, std::ceil(distance_m_max / cell_m) + 1));
  std::optional<NearPlace> best;
  for (int32_t ring = 0; ring <= rings; ++ring) {
    // What lies in this ring or farther is at least so far away.
    if (best && best->distance_m <= (ring - 1) * cell_m) break;
    for (int32_t dx = -ring; dx <= ring; ++dx) {
      for (int32_t dy = -ring; dy <= ring; ++dy) {
        if (std::max(std::abs(dx), std::abs(dy)) != ring) continue;
        const auto cell = cells_.find({middle.first + dx, middle.second + dy});
        if (cell == cells_.end()) continue;
        for (uint32_t number : cell->second) {
          const NearPlace place = nearest_on(graph_.segments[number], number, position);
          if (place.distance_m <= distance_m_max && (!best || place.distance_m < best->distance_m)) best = place;
        }
      }
    }
  }
  return best;
}

Route FoldedNetwork::route_of(const std::vector<uint32_t>& edges, GraphPlace from, GraphPlace to) const {
  Route route;
  for (size_t i = 0; i < edges.size(); ++i) {
    const GraphSegment& segment = graph_.segments[edges[i] / 2];
    const bool is_along = edges[i] % 2 == 0;
    // In the segment's own direction, whatever that of travel.
    double low = 0, high = 1;
    if (i == 0) (is_along ? low : high) = from.fraction;
    if (i + 1 == edges.size()) (is_along ? high : low) = to.fraction;
    const double length_m = std::max(0.0, high - low) * segment.length_m();
    // A way that begins or ends at a crossing does not use the road on its other side.
    if (length_m < touching_m && edges.size() > 1) continue;
    route.length_m += length_m;
    route.duration_s += length_m / segment.speed_mps;
    if (route.segment_ids.empty() || route.segment_ids.back() != segment.id) route.segment_ids.push_back(segment.id);
    std::vector<twin::Position> part = slice(segment, low, std::max(low, high));
    if (!is_along) std::reverse(part.begin(), part.end());
    for (const twin::Position& position : part) {
      if (route.positions.empty() || !(route.positions.back() == position)) route.positions.push_back(position);
    }
  }
  if (route.positions.empty()) {
    const GraphSegment& segment = graph_.segments[to.segment];
    route.segment_ids.push_back(segment.id);
    route.positions = slice(segment, to.fraction, to.fraction);
  }
  if (route.positions.size() == 1) route.positions.push_back(route.positions.front());
  return route;
}

base::Result<Route> FoldedNetwork::route(const RouteRequest& request) const {
  if (distance_m(request.from, request.to) > route_distance_m_max) {
    return fail(Code::invalid, "The two places are more than 200 km apart", "from, to");
  }
  const auto from = nearest_place(request.from, request.snap_distance_m_max);
  if (!from) return fail(Code::not_found, "There is no road for cars near the start", "from");
  const auto to = nearest_place(request.to, request.snap_distance_m_max);
  if (!to) return fail(Code::not_found, "There is no road for cars near the destination", "to");
  const auto edges = find_way(graph_, from->place, to->place, request.goal);
  if (!edges) return fail(Code::not_found, "No way leads from the start to the destination by car");
  return route_of(*edges, from->place, to->place);
}

class FollowingRoadMap final : public RoadMap {
 public:
  explicit FollowingRoadMap(thread::Thread& thread) : thread_(thread) {}

  base::Result<std::shared_ptr<const RoadNetwork>> network() override {
    const std::lock_guard lock(mutex_);
    if (network_ && !has_changed()) return std::shared_ptr<const RoadNetwork>(network_);
    const Vocabulary vocabulary = Vocabulary::find(thread_.terms());
    const auto snapshot = thread_.snapshot();
    auto graph = RoadGraph::fold(snapshot, vocabulary);
    if (!graph) return std::move(graph).error();
    network_ = std::make_shared<FoldedNetwork>(std::move(*graph));
    read_until_ = snapshot.offset();
    ids_.clear();
    for (const GraphSegment& segment : network_->graph().segments) ids_.insert(segment.id);
    return std::shared_ptr<const RoadNetwork>(network_);
  }

 private:
  // Whether a road has changed since the fold. Looks through the commits since; after too many of them says yes.
  bool has_changed() {
    for (size_t seen = 0; seen < commits_to_look_through_max;) {
      const auto commits = thread_.feed(read_until_);
      if (!commits) return true;
      if (commits->empty()) return false;
      const Vocabulary vocabulary = Vocabulary::find(thread_.terms());
      for (const auto& commit : *commits) {
        const bool is_main = commit->branch == thread::main_branch;
        for (const twin::Fact& fact : commit->facts) {
          if (is_main && concerns_roads(fact, vocabulary)) return true;
        }
        read_until_ = commit->offset;
        ++seen;
      }
    }
    return true;
  }
  bool concerns_roads(const twin::Fact& fact, const Vocabulary& v) const {
    for (twin::Term type : fact.types) {
      if (type == v.road_segment || type == v.turn_restriction) return true;
    }
    if (fact.entity_id.find("TurnRestriction") != std::string::npos) return true;
    if (!ids_.contains(fact.entity_id)) return false;
    if (fact.kind != twin::Fact::Kind::attribute_set && fact.kind != twin::Fact::Kind::attribute_deleted) return true;
    for (twin::Term name :
         {v.location, v.oneway, v.road_class, v.maximum_allowed_speed, v.motor_vehicle, v.start_node, v.end_node}) {
      if (fact.attribute.name == name) return true;
    }
    return false;
  }

  thread::Thread& thread_;
  std::mutex mutex_;
  std::shared_ptr<const FoldedNetwork> network_;
  thread::Offset read_until_;
  absl::flat_hash_set<std::string> ids_;
};

}  // namespace

base::Result<std::shared_ptr<const RoadNetwork>> RoadNetwork::fold(const thread::Snapshot& snapshot,
                                                                   const twin::TermTable& terms) {
  auto graph = RoadGraph::fold(snapshot, Vocabulary::find(terms));
  if (!graph) return std::move(graph).error();
  return std::shared_ptr<const RoadNetwork>(std::make_shared<FoldedNetwork>(std::move(*graph)));
}

std::unique_ptr<RoadMap> RoadMap::follow(thread::Thread& thread) {
  return std::make_unique<FollowingRoadMap>(thread);
}

}  // namespace cityloom::space

// The road network of the record, and ways through it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "thread/thread.hpp"
#include "twin/geometry.hpp"

namespace cityloom::space {

/// What a way is the best in.
enum class RouteGoal : uint8_t { fastest, shortest };

/// A place on a road segment: `fraction` of its length from its start.
struct RoadPlace {
  std::string segment_id;
  double fraction = 0;
  twin::Position position;
  double distance_m = 0;  ///< from the place that was asked for
};

/// A way by car.
struct Route {
  std::vector<std::string> segment_ids;   ///< in order of travel; the first and last are used in part
  std::vector<twin::Position> positions;  ///< at least two
  double length_m = 0;
  double duration_s = 0;  ///< at the speed limits, or what is usual for the class of road
};

struct RouteRequest {
  twin::Position from;
  twin::Position to;
  RouteGoal goal = RouteGoal::fastest;
  double snap_distance_m_max = 1'000;  ///< how far a road may lie from `from` and `to`
};

/// The network of RoadSegment and TurnRestriction entities as of one offset; immutable, any worker.
class RoadNetwork {
 public:
  /// Folds the network from a snapshot. Segments with a broken geometry are left out. Errors: those of the snapshot.
  static base::Result<std::shared_ptr<const RoadNetwork>> fold(const thread::Snapshot& snapshot,
                                                               const twin::TermTable& terms);
  virtual ~RoadNetwork() = default;

  virtual size_t segment_count() const = 0;
  virtual size_t restriction_count() const = 0;

  /// The nearest place on a segment open to cars, up to `distance_m_max` away. Cost: about a microsecond per 100
  /// segments near.
  virtual std::optional<RoadPlace> nearest(const twin::Position& position, double distance_m_max) const = 0;

  /// The best way, one-way streets, closed roads and turn restrictions respected. Errors: not_found (no road near, or
  /// no way), invalid (positions too far apart: 200 km).
  virtual base::Result<Route> route(const RouteRequest& request) const = 0;
};

/// Keeps a RoadNetwork of the main branch up to date: folds again on asking, after the record's roads have changed.
class RoadMap {
 public:
  /// The thread must outlive it. Returns at once; nothing is folded before the first question.
  static std::unique_ptr<RoadMap> follow(thread::Thread& thread);
  virtual ~RoadMap() = default;

  /// The network as of now. Cost: nothing when no road has changed, else a fold (100,000 segments: about a second).
  virtual base::Result<std::shared_ptr<const RoadNetwork>> network() = 0;
};

}  // namespace cityloom::space

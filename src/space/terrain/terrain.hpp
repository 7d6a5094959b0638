// The door of the terrain: heights, profiles, slopes and sight over all models of the record, as it is and as it was.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "space/terrain/relief.hpp"
#include "space/terrain/water_areas.hpp"
#include "thread/thread.hpp"

namespace cityloom::space {

struct TerrainOptions {
  size_t cache_bytes_max = 96u << 20;  ///< of unpacked blocks
};

/// Follows the TerrainModel and Water entities of the main branch. Owns one worker. Any worker may call anything.
class Terrain {
 public:
  /// Starts following; returns at once. The thread must outlive it.
  static std::unique_ptr<Terrain> follow(thread::Thread& thread, TerrainOptions options = {});
  virtual ~Terrain() = default;

  /// The terrain now; before the record has been read, and without models, an empty one. Never null.
  virtual std::shared_ptr<const Relief> relief() const = 0;

  /// The areas of water now. Never null.
  virtual std::shared_ptr<const WaterAreas> water() const = 0;

  /// The terrain as recorded at that offset. Cost: nothing while no model has changed since, else a reading of the
  /// models. Errors: those of reading the record.
  virtual base::Result<std::shared_ptr<const Relief>> relief_at(thread::Offset offset) = 0;

  /// Waits until everything up to this offset is in what `ground` answers. Errors: timeout, or why reading failed.
  virtual base::Status wait_for(thread::Offset offset, int64_t timeout_ms) = 0;

  /// Calls `heard` after each change of the ground, on the follower's worker: hand over and return. The token ends it
  /// when destroyed; no call is under way afterwards.
  [[nodiscard]] virtual std::shared_ptr<void> on_change(std::function<void()> heard) = 0;
};

/// The height above the ellipsoid at a place; nothing outside of the models and in their voids. Some 200 ns.
/// Errors: corrupt, not_found, unavailable (a block cannot be read).
base::Result<std::optional<double>> height_m_at(const Relief& relief, const twin::Position& place);

/// How steep the ground is, and where it falls to.
struct Slope {
  double slope_deg = 0;              ///< 0: level, 90: a wall
  std::optional<double> aspect_deg;  ///< compass direction in which it falls; nothing where it is level
};
/// From the heights one node distance of the finest model around the place (Horn's way). Nothing where one is missing.
base::Result<std::optional<Slope>> slope_at(const Relief& relief, const twin::Position& place);

/// One point of a profile.
struct ProfilePoint {
  double distance_m = 0;  ///< along the line, on the ellipsoid
  twin::Position place;   ///< its height is unknown where the terrain is
};
inline constexpr size_t profile_points_max = 20'000;
/// Heights along a line: at its corners and each `step_m` between them. Errors: invalid (fewer than two places, step
/// not positive), too_large (past `profile_points_max`), and as `height_m_at`.
base::Result<std::vector<ProfilePoint>> profile_along(const Relief& relief, const std::vector<twin::Position>& line,
                                                      double step_m);

/// Whether one place sees another over the terrain.
struct Sight {
  bool is_clear = false;
  double distance_m = 0;                   ///< straight through space
  std::optional<twin::Position> obstacle;  ///< the first ground that stands in between
  double least_clearance_m = 0;            ///< of the line over the ground; negative: that deep in it
  bool is_complete = true;  ///< false where terrain is missing under the line: it is taken as no obstacle
};
/// From eye to target, heights above the ellipsoid needed. Straight in space (no refraction), so the earth's curve
/// counts. Steps of an eighth of the finest node distance, of half of one on long lines. Errors: invalid (no heights),
/// too_large (past `profile_points_max` steps), as `height_m_at`.
base::Result<Sight> sight_between(const Relief& relief, const twin::Position& eye, const twin::Position& target);

}  // namespace cityloom::space

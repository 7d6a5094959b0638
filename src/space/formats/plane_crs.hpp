// Coordinates given as x then y, whatever the order of axes of their system, to WGS 84.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "space/coordinates.hpp"

namespace cityloom::space {

/// A coordinate system read in the order east, north (x, y), as GeoJSON, tables, EPANET and point clouds have it. Any
/// worker.
class PlaneCrs {
 public:
  /// WGS 84 longitude and latitude.
  PlaneCrs() = default;
  /// Errors: those of CoordinateSystem::open. Missing grids are tolerated; `note` says what that means. Where that of a
  /// sea level is missing, EGM96 takes its place.
  static base::Result<PlaneCrs> open(std::string_view definition);

  /// Errors: invalid (not finite, out of range).
  base::Result<twin::Position> position(double x, double y, double z = std::numeric_limits<double>::quiet_NaN()) const;

  /// A warning about heights or places that are only approximate; "" if there is none.
  std::string note() const;
  /// Whether it says what heights are above (a compound system).
  bool has_vertical() const { return has_vertical_; }
  bool is_wgs84() const { return !system_.has_value(); }

 private:
  std::optional<CoordinateSystem> system_;
  std::optional<CoordinateSystem> egm96_;  // in place of a sea level whose grid is not here
  bool is_north_first_ = false;
  bool has_vertical_ = false;
};

}  // namespace cityloom::space

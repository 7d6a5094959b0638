// Heights above the geoid as heights above the ellipsoid, quickly: the difference changes slowly from place to place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "space/coordinates.hpp"

namespace cityloom::space {

/// What must be added to the heights of a system to make them ellipsoidal, along lines of latitude. One worker. Asked
/// of PROJ at every 1/64 degree, between them linear: for EGM96 (a grid of 1/4 degree) exact to rounding.
class VerticalShift {
 public:
  /// Heights above EGM96, the geoid that SRTM counts from. Errors: unavailable (the grid is not installed: where the
  /// geoid is, is then not known better than 100 m).
  static base::Result<VerticalShift> egm96();
  /// Of any system with heights, also a projected one.
  static VerticalShift of(CoordinateSystem system) { return VerticalShift(std::move(system)); }
  /// No shift: the heights are ellipsoidal.
  static VerticalShift none() { return VerticalShift(std::nullopt); }

  /// Metres for each of `columns` places from `west_deg` on. Errors: invalid (PROJ knows no shift there).
  base::Status along(double latitude_deg, double west_deg, double step_east_deg, std::vector<double>& shifts_m) const;

 private:
  explicit VerticalShift(std::optional<CoordinateSystem> system) : system_(std::move(system)) {}
  std::optional<CoordinateSystem> system_;
};

}  // namespace cityloom::space

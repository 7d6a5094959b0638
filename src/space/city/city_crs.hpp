// The coordinate systems of a city model: how files name them, which axis comes first in truth, and whose heights.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "space/coordinates.hpp"

namespace cityloom::space {

/// One name that PROJ knows ("EPSG:7415", "EPSG:25832+5783") for what stands in srsName and referenceSystem: URNs of
/// OGC and of German surveys, URLs, compound URNs and URLs. A name of no known form is returned as it is.
std::string crs_name_of(std::string_view name);

/// One coordinate system of a file.
class CityCrs {
 public:
  /// Opens a system by any of its names. `samples` are some coordinates of the file, from which a system that is
  /// usually named northing first, but used easting first, is known. Errors: those of CoordinateSystem::open.
  static base::Result<CityCrs> open(std::string_view name, std::span<const RawPosition> samples);
  CityCrs(CityCrs&&) noexcept;
  CityCrs& operator=(CityCrs&&) noexcept;
  ~CityCrs();

  /// To WGS 84, heights above the ellipsoid. Errors: invalid (not a number; outside the system's area of use by more
  /// than some degrees, so that the system must be a wrong one). Cost: about a microsecond a position.
  base::Status to_wgs84(std::span<const RawPosition> from, std::vector<twin::Position>& to) const;

  bool is_geographic() const;   ///< degrees, not metres
  bool is_north_first() const;  ///< in the file, whatever the authority says
  /// What a reader of the report should know: missing grids, heights taken to be above mean sea level, swapped axes.
  const std::vector<std::string>& notes() const;

 private:
  struct Parts;
  struct Idle;
  explicit CityCrs(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::space

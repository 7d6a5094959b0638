// Other coordinate systems to WGS 84 and back, through PROJ: axis order and vertical datum respected.
#pragma once

#include <array>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "twin/geometry.hpp"

namespace cityloom::space {

/// Coordinates as a file gives them: in the axis order and units of their system, unchecked. EPSG:5186 is northing
/// first, EPSG:25833 easting first, EPSG:4326 latitude first. `third` is NaN where there is no height.
struct RawPosition {
  double first = 0;
  double second = 0;
  double third = std::numeric_limits<double>::quiet_NaN();
};

/// What to do when the best transformation needs a correction grid that this machine does not have.
enum class MissingGrids : uint8_t {
  refuse,      ///< Code::unavailable, naming the grids
  approximate  ///< go on without them; `missing_grids` and `lacks_heights` tell. Places may be off by metres
};

/// A coordinate system and its transformation to WGS 84 with ellipsoidal height (EPSG:4979). Any worker may call
/// anything at the same time: each call uses a PROJ context of its own from a pool. Cost: opening some milliseconds, or
/// nothing for the 32 systems that the process opened last; a transformation a microsecond. Never uses the network.
class CoordinateSystem {
 public:
  /// Opens "EPSG:5186", another authority's code, a URN or URL of OGC, WKT, PROJJSON or a PROJ string of a CRS. Without
  /// a vertical part, a third coordinate is ellipsoidal height. Errors: invalid (unknown, or not a CRS), unavailable
  /// (missing grids refused, or PROJ's database not found).
  static base::Result<CoordinateSystem> open(std::string_view definition,
                                             MissingGrids missing_grids = MissingGrids::refuse);
  CoordinateSystem(CoordinateSystem&&) noexcept;
  CoordinateSystem& operator=(CoordinateSystem&&) noexcept;
  ~CoordinateSystem();

  /// The name that the definition gives, e.g. "Korea 2000 / Central Belt 2010".
  const std::string& name() const;

  /// Whether the first axis points north (EPSG:5186, EPSG:4326) rather than east (EPSG:25833).
  bool is_north_first() const;

  /// Grids that the best transformation would have used.
  const std::vector<std::string>& missing_grids() const;

  /// Whether its heights are above a sea level that PROJ cannot bring to the ellipsoid here: the grid is not installed,
  /// or none is known (EPSG:5193, Incheon). They are then left as they are, off by tens of metres.
  bool lacks_heights() const;

  /// To WGS 84; the height is unknown where `third` is. Errors: invalid (outside the system's range, not finite).
  base::Result<twin::Position> to_wgs84(const RawPosition& raw) const;

  /// From WGS 84; an unknown height stays unknown. Errors: invalid (outside the system's range).
  base::Result<RawPosition> from_wgs84(const twin::Position& position) const;

 private:
  struct Parts;
  struct Kept;
  explicit CoordinateSystem(std::shared_ptr<Parts> parts);
  std::shared_ptr<Parts> parts_;
};

/// What a reader of a report should know of a system that lacks heights: whether EGM96 was taken for its sea level, or
/// nothing could be done. "" for others.
std::string heights_note(const CoordinateSystem& system, bool has_egm96);

}  // namespace cityloom::space

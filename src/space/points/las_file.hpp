// LAS and LAZ point clouds, point by point.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "space/points/laz_packing.hpp"

namespace cityloom::space {

/// What a file's head says.
struct LasHead {
  int version_minor = 0;
  int point_format = 0;  ///< 0 to 10
  bool is_compressed = false;
  uint16_t point_bytes = 0;
  LazPacking packing;  ///< if it is compressed
  uint64_t point_count = 0;
  double scale[3] = {1, 1, 1}, offset[3] = {0, 0, 0};
  double low[3] = {0, 0, 0}, high[3] = {0, 0, 0};
  uint64_t returns[15] = {};   ///< points by number of return, as the head says
  std::string crs;             ///< WKT, or "EPSG:2994"; "" if the file names none
  double metres_per_unit = 1;  ///< of its horizontal unit
  bool has_colour() const {
    return point_format == 2 || point_format == 3 || point_format == 5 || point_format == 7 || point_format == 8 ||
           point_format == 10;
  }
};

/// One point. Coordinates in the file's system.
struct LasPoint {
  double x = 0, y = 0, z = 0;
  uint16_t intensity = 0;
  uint8_t classification = 0;
  uint8_t return_number = 1;
  uint16_t red = 0, green = 0, blue = 0;
};

/// Reads the head and the records behind it. Errors: corrupt; unsupported (LAZ in another packing than the second
/// version of point formats 0 to 3 and the layered one of 6 to 10).
base::Result<LasHead> read_las_head(std::string_view bytes);

/// Calls `visit` with each point until it returns false. Errors: corrupt (ends too early).
base::Status each_las_point(std::string_view bytes, const LasHead& head,
                            const std::function<bool(const LasPoint&)>& visit);

}  // namespace cityloom::space

// A grid of numbers over an area: one time step of a raster layer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "twin/geometry.hpp"

namespace cityloom::space {

/// Cells in rows from north to south, each row from west to east; equal steps of longitude and latitude. A cell
/// without a value is NaN.
struct RasterGrid {
  uint32_t columns = 0, rows = 0;
  twin::Box box;  ///< around the cells, not crossing the 180th meridian
  std::vector<float> values;

  /// The value at a place, between the middles of the four cells around it (bilinear, of those that have values).
  /// Nothing outside of the box, or where the cell of the place has none. Cost: some nanoseconds.
  std::optional<double> value_at(double longitude_deg, double latitude_deg) const;

  /// The least and greatest value; nothing if no cell has one.
  std::optional<std::pair<double, double>> range() const;
};

inline constexpr uint64_t raster_cells_max = 16'000'000;

/// The grid as an asset: a head, then the values, packed (bytes of equal weight together, deflated).
std::string pack_raster(const RasterGrid& grid);
/// Back. Errors: corrupt.
base::Result<RasterGrid> unpack_raster(std::string_view bytes);

/// What the head of a raw grid says besides the grid.
struct RasterUpload {
  RasterGrid grid;
  std::string head;  ///< the JSON, for what else stands in it
};

/// Reads what a model sends: one line of JSON, {"columns":100,"rows":80,"bbox":[west,south,east,north],"noData":-9999},
/// then a line feed, then columns x rows numbers of 32 bits (IEEE 754, little-endian). Errors: invalid (what is missing
/// or wrong), too_large (over 16 million cells).
base::Result<RasterUpload> read_raw_raster(std::string_view bytes);

}  // namespace cityloom::space

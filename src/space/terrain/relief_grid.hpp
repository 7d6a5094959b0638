// A grid of heights that stands in a GML file itself: gml:RectifiedGridCoverage.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "space/coordinates.hpp"
#include "space/terrain/tin_raster.hpp"

namespace cityloom::space {

inline constexpr size_t relief_grid_heights_max = 25'000'000;  ///< of one grid: 100 MB

/// Its numbers as they come; then its cells as triangles. Only what came is held, whatever the grid claims to have.
class ReliefGrid {
 public:
  std::vector<double> low, high;  ///< the limits of its indexes, along two axes
  std::vector<double> origin;     ///< of index 0, 0: two coordinates, or more
  std::vector<double> offsets;    ///< from one index to the next: of the first axis, then of the second
  std::vector<float> heights;     ///< NaN where there is none
  std::string order;              ///< of the heights: "+x+y", "+1 -2"; "": along the first axis, rising
  bool is_empty() const { return high.empty() && heights.empty(); }

  /// Hands two triangles a cell to the raster; cells with a missing height draw nothing. Errors: invalid (what it says
  /// of itself does not fit together, or is too much; in words for a report), those of the raster, cancelled.
  base::Status draw(TinRaster& raster, const std::function<base::Result<twin::Position>(const RawPosition&)>& place_of,
                    const std::function<bool()>& is_cancelled) const;

 private:
  struct Order {
    bool is_second_first = false, is_first_falling = false, is_second_falling = false;
  };
  base::Result<Order> order_of() const;
  base::Status check() const;
  size_t columns() const { return static_cast<size_t>(high[0] - low[0]) + 1; }
  size_t rows() const { return static_cast<size_t>(high[1] - low[1]) + 1; }
};

}  // namespace cityloom::space

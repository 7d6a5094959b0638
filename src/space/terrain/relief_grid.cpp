// Row by row: only the places of two rows are held.
#include "space/terrain/relief_grid.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

using Row = std::vector<std::optional<twin::Position>>;

Status add_cell(TinRaster& raster, const Row& one, const Row& next, size_t column) {
  const std::optional<twin::Position>* corners[] = {&one[column], &one[column + 1], &next[column + 1], &next[column]};
  for (const auto* corner : corners) {
    if (!*corner) return {};
  }
  if (auto status = raster.add({**corners[0], **corners[1], **corners[2]}); !status) return status;
  return raster.add({**corners[0], **corners[2], **corners[3]});
}

}  // namespace

base::Result<ReliefGrid::Order> ReliefGrid::order_of() const {
  Order made;
  size_t axes = 0;
  bool is_falling = false;
  for (const char letter : order) {
    if (letter == '+' || letter == '-') is_falling = letter == '-';
    const bool is_first = letter == 'x' || letter == '1', is_second = letter == 'y' || letter == '2';
    if (!is_first && !is_second) continue;
    if (axes++ == 0) made.is_second_first = is_second;
    (is_first ? made.is_first_falling : made.is_second_falling) = is_falling;
    is_falling = false;
  }
  if (axes == 2 || order.empty()) return made;
  return fail(Code::invalid, "its heights are in an order that is not read: " + excerpt(order));
}

Status ReliefGrid::check() const {
  const bool has_limits = low.size() == 2 && high.size() == 2;
  if (!has_limits || origin.size() < 2 || offsets.size() < 4 || offsets.size() % 2 != 0) {
    return fail(Code::invalid, "its grid does not say its limits, its origin and its two offsets");
  }
  const double across = high[0] - low[0] + 1, along = high[1] - low[1] + 1;
  if (!(across >= 2 && along >= 2)) return fail(Code::invalid, "its grid has fewer than two heights along an axis");
  if (!(across * along <= static_cast<double>(relief_grid_heights_max))) {
    return fail(Code::invalid, "its grid has more than 25 million heights");
  }
  if (heights.size() != columns() * rows()) {
    return fail(Code::invalid, "its grid has " + std::to_string(heights.size()) + " heights instead of " +
                                   std::to_string(columns() * rows()));
  }
  return {};
}

Status ReliefGrid::draw(TinRaster& raster,
                        const std::function<base::Result<twin::Position>(const RawPosition&)>& place_of,
                        const std::function<bool()>& is_cancelled) const {
  if (auto status = check(); !status) return status;
  const auto sequence = order_of();
  if (!sequence) return sequence.error();
  const size_t across = columns(), along = rows(), dimension = offsets.size() / 2;
  const auto place = [&](size_t column, size_t row) -> std::optional<twin::Position> {
    const size_t i = sequence->is_first_falling ? across - 1 - column : column;
    const size_t j = sequence->is_second_falling ? along - 1 - row : row;
    const auto height_m = static_cast<double>(heights[sequence->is_second_first ? i * along + j : j * across + i]);
    if (!std::isfinite(height_m)) return {};
    const double first = low[0] + static_cast<double>(column), second = low[1] + static_cast<double>(row);
    const auto found = place_of({origin[0] + first * offsets[0] + second * offsets[dimension],
                                 origin[1] + first * offsets[1] + second * offsets[dimension + 1], height_m});
    return found ? std::optional(*found) : std::nullopt;
  };
  Row one(across), next(across);
  for (size_t row = 0; row < along; ++row) {
    if (is_cancelled()) return fail(Code::cancelled, "The import was stopped");
    for (size_t column = 0; column < across; ++column) next[column] = place(column, row);
    for (size_t column = 0; row > 0 && column + 1 < across; ++column) {
      if (auto status = add_cell(raster, one, next, column); !status) return status;
    }
    std::swap(one, next);
  }
  return {};
}

}  // namespace cityloom::space

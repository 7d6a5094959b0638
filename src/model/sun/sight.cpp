// Lines are walked from cell to cell, the ground mixed between the two cells beside the line.
#include "model/sun/sight.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace cityloom::model::sun {
namespace {

using base::Code;
using base::fail;

// A point in cells, from the middle of the south-western one, and its height.
struct Point {
  double column, row, height_m;
};

double ground_at(const GridFile& grid, double column, double row) {
  const double c = std::clamp(column, 0.0, static_cast<double>(grid.columns - 1));
  const double r = std::clamp(row, 0.0, static_cast<double>(grid.rows - 1));
  const auto west = static_cast<size_t>(c), south = static_cast<size_t>(r);
  const size_t east = std::min(west + 1, grid.columns - 1), north = std::min(south + 1, grid.rows - 1);
  const double x = c - static_cast<double>(west), y = r - static_cast<double>(south);
  const auto height = [&](size_t column_at, size_t row_at) { return grid.values[row_at * grid.columns + column_at]; };
  // What has no share may be a hole.
  double sum = 0;
  const auto add = [&](double share, double value) { sum += share > 0 ? share * value : 0; };
  add((1 - x) * (1 - y), height(west, south));
  add(x * (1 - y), height(east, south));
  add((1 - x) * y, height(west, north));
  add(x * y, height(east, north));
  return sum;
}

base::Result<Point> point_of(const GridFile& grid, const Eye& eye) {
  const auto cell = grid.cell_at(eye.x, eye.y);
  if (!cell || !std::isfinite(eye.above_m))
    return fail(Code::invalid, fmt::format("the point {}, {} lies outside the terrain", eye.x, eye.y), "viewpoint");
  Point point{(eye.x - grid.west) / grid.cell_x - 0.5, (eye.y - grid.south) / grid.cell_y - 0.5, 0};
  point.height_m = ground_at(grid, point.column, point.row) + eye.above_m;
  if (std::isnan(point.height_m))
    return fail(Code::invalid, fmt::format("the point {}, {} lies at a hole of the terrain", eye.x, eye.y),
                "viewpoint");
  return point;
}

// The least clearance of a line between its ends, and how far along it is; stops below zero where only that is asked.
std::pair<double, double> clearance(const GridFile& grid, const Point& from, const Point& to, bool only_whether) {
  const double columns = to.column - from.column, rows = to.row - from.row;
  const auto steps = static_cast<size_t>(std::ceil(std::max(std::abs(columns), std::abs(rows))));
  double least = std::numeric_limits<double>::infinity(), where = 0;
  for (size_t k = 1; k < steps; ++k) {
    const double share = static_cast<double>(k) / static_cast<double>(steps);
    const double ground = ground_at(grid, from.column + columns * share, from.row + rows * share);
    const double over = from.height_m + (to.height_m - from.height_m) * share - ground;
    if (!(over < least)) continue;
    least = over, where = share;
    if (only_whether && least < 0) break;
  }
  return {least, where};
}

}  // namespace

base::Result<Sight> sight(const GridFile& raised, const Eye& from, const Eye& to) {
  const auto begin = point_of(raised, from), end = point_of(raised, to);
  if (!begin) return begin.error();
  if (!end) return end.error();
  const auto [least, where] = clearance(raised, *begin, *end, false);
  Sight found;
  found.distance_m = std::hypot((end->column - begin->column) * raised.cell_x_m,
                                (end->row - begin->row) * raised.cell_y_m, end->height_m - begin->height_m);
  found.is_free = least >= 0;
  found.clearance_m = std::isfinite(least) ? least : std::min(from.above_m, to.above_m);
  found.at_x = from.x + (to.x - from.x) * where;
  found.at_y = from.y + (to.y - from.y) * where;
  return found;
}

base::Result<std::vector<uint16_t>> seen_from(const GridFile& raised, const std::vector<Eye>& viewpoints,
                                              double target_above_m, double reach_m,
                                              const std::function<bool(double)>& goes_on) {
  if (viewpoints.empty() || !(reach_m > 0) || !std::isfinite(target_above_m))
    return fail(Code::invalid, "a viewpoint and a reach are needed", "viewpoints");
  if (viewpoints.size() > viewpoints_max)
    return fail(Code::too_large, fmt::format("more than {} viewpoints", viewpoints_max), "viewpoints");
  const double cell_m = std::min(raised.cell_x_m, raised.cell_y_m);
  const double cells_in_reach = std::min(static_cast<double>(raised.values.size()),
                                         M_PI * reach_m * reach_m / (raised.cell_x_m * raised.cell_y_m));
  const double way = std::min(static_cast<double>(raised.columns + raised.rows), reach_m / cell_m);
  if (static_cast<double>(viewpoints.size()) * cells_in_reach * way > sight_work_max)
    return fail(Code::too_complex, "so many viewpoints over so many cells take too long", "viewpoints",
                "take fewer, a shorter reach or coarser terrain");
  std::vector<Point> eyes;
  for (const Eye& eye : viewpoints) {
    const auto point = point_of(raised, eye);
    if (!point) return point.error();
    eyes.push_back(*point);
  }
  std::vector<uint16_t> seen(raised.values.size());
  for (size_t k = 0; k < eyes.size(); ++k) {
    if (goes_on && !goes_on(static_cast<double>(k) / static_cast<double>(eyes.size())))
      return fail(Code::cancelled, "stopped");
    tbb::parallel_for(size_t{0}, raised.rows, [&](size_t row) {
      for (size_t column = 0; column < raised.columns; ++column) {
        const size_t cell = row * raised.columns + column;
        const Point target{static_cast<double>(column), static_cast<double>(row), raised.values[cell] + target_above_m};
        const double far_m = std::hypot((target.column - eyes[k].column) * raised.cell_x_m,
                                        (target.row - eyes[k].row) * raised.cell_y_m);
        if (far_m > reach_m || std::isnan(target.height_m)) continue;
        seen[cell] = static_cast<uint16_t>(seen[cell] + (clearance(raised, eyes[k], target, true).first >= 0 ? 1 : 0));
      }
    });
  }
  return seen;
}

base::Result<std::vector<Eye>> along(const GridFile& grid, const std::vector<std::pair<double, double>>& line,
                                     double above_m, double step_m) {
  std::vector<Eye> eyes;
  if (!(step_m > 0)) return fail(Code::invalid, "points need a distance above 0", "step");
  for (size_t i = 0; i < line.size(); ++i) {
    const auto& [x, y] = line[i];
    if (i == 0) {
      eyes.push_back({x, y, above_m});
      continue;
    }
    const auto& [from_x, from_y] = line[i - 1];
    const double length_m =
        std::hypot((x - from_x) / grid.cell_x * grid.cell_x_m, (y - from_y) / grid.cell_y * grid.cell_y_m);
    const double count = std::max(1.0, std::ceil(length_m / step_m));
    if (!(static_cast<double>(eyes.size()) + count <= static_cast<double>(viewpoints_max)))
      return fail(Code::too_large, fmt::format("more than {} points", viewpoints_max), "line",
                  "put them farther apart");
    for (double k = 1; k <= count; ++k)
      eyes.push_back({from_x + (x - from_x) * k / count, from_y + (y - from_y) * k / count, above_m});
  }
  return eyes;
}

}  // namespace cityloom::model::sun

// The S2 side of the place index; alone in its file, since S2's headers are heavy.
#include <s2/s2cap.h>
#include <s2/s2cell_id.h>
#include <s2/s2earth.h>
#include <s2/s2latlng_rect.h>
#include <s2/s2region_coverer.h>

#include <algorithm>

#include "thread/latest.hpp"

namespace cityloom::thread {
namespace {

S2LatLngRect rectangle_of(const twin::Geometry& geometry) {
  const twin::Box box = twin::bounds_of(geometry);
  return S2LatLngRect(S2LatLng::FromDegrees(box.south_deg, box.west_deg),
                      S2LatLng::FromDegrees(box.north_deg, box.east_deg));
}

std::vector<Cell> covering(const S2Region& region, int level_max, int cells_max) {
  S2RegionCoverer::Options options;
  options.set_max_cells(cells_max);
  options.set_max_level(level_max);
  S2RegionCoverer coverer(options);
  std::vector<S2CellId> ids;
  coverer.GetCovering(region, &ids);
  std::vector<Cell> cells;
  for (const S2CellId id : ids) cells.push_back(id.id());
  return cells;
}

}  // namespace

std::vector<Cell> cells_of(const twin::Geometry& geometry, int level_max) {
  if (geometry.kind == twin::GeometryKind::point) {
    const twin::Position& position = geometry.positions.front();
    return {S2CellId(S2LatLng::FromDegrees(position.latitude_deg, position.longitude_deg)).parent(level_max).id()};
  }
  return covering(rectangle_of(geometry), level_max, 4);
}

std::vector<Cell> cells_around(const twin::Geometry& geometry, double distance_m) {
  const S1Angle distance = S1Angle::Radians(std::min(S2Earth::MetersToRadians(std::max(distance_m, 0.0)), M_PI));
  return covering(rectangle_of(geometry).ExpandedByDistance(distance), S2CellId::kMaxLevel, 16);
}

std::vector<std::pair<Cell, Cell>> ranges_meeting(const std::vector<Cell>& cells) {
  std::vector<std::pair<Cell, Cell>> ranges;
  for (const Cell cell : cells) {
    const S2CellId id(cell);
    ranges.emplace_back(id.range_min().id(), id.range_max().id());
    for (int level = id.level() - 1; level >= 0; --level)
      ranges.emplace_back(id.parent(level).id(), id.parent(level).id());
  }
  std::sort(ranges.begin(), ranges.end());
  ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
  return ranges;
}

}  // namespace cityloom::thread

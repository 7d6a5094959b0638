// Line by line: where the middle of a row crosses the rings, water begins and ends.
#include "space/terrain/water_areas.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cmath>

namespace cityloom::space {
namespace {

using Crossings = std::vector<std::vector<double>>;  // longitudes, of each row

void add_ring(const twin::Geometry& geometry, size_t start, size_t end, const twin::Box& box, Crossings& crossings) {
  const double row_deg = (box.north_deg - box.south_deg) / static_cast<double>(crossings.size());
  for (size_t i = start; i + 1 < end; ++i) {
    auto low = geometry.positions[i], high = geometry.positions[i + 1];
    if (low.latitude_deg > high.latitude_deg) std::swap(low, high);
    // Rows whose middle lies in [low, high): from the north, row r has its middle at north - (r + 1/2) rows.
    const double first = std::ceil((box.north_deg - high.latitude_deg) / row_deg - 0.5);
    const double last = (box.north_deg - low.latitude_deg) / row_deg - 0.5;
    for (auto row = static_cast<size_t>(std::max(first, 0.0)); row < crossings.size(); ++row) {
      if (static_cast<double>(row) > last) break;
      const double middle = box.north_deg - (static_cast<double>(row) + 0.5) * row_deg;
      if (middle < low.latitude_deg || middle >= high.latitude_deg) continue;
      const double part = (middle - low.latitude_deg) / (high.latitude_deg - low.latitude_deg);
      crossings[row].push_back(low.longitude_deg + part * (high.longitude_deg - low.longitude_deg));
    }
  }
}

void fill(const Crossings& crossings, const twin::Box& box, std::string& mask) {
  const size_t side = crossings.size();
  const double column_deg = (box.east_deg - box.west_deg) / static_cast<double>(side);
  const auto column_at = [&](double longitude_deg) {
    const double column = std::ceil((longitude_deg - box.west_deg) / column_deg - 0.5);
    return static_cast<size_t>(std::clamp(column, 0.0, static_cast<double>(side)));
  };
  for (size_t row = 0; row < side; ++row) {
    std::vector<double> line = crossings[row];
    std::sort(line.begin(), line.end());
    for (size_t i = 0; i + 1 < line.size(); i += 2) {
      const size_t from = column_at(line[i]), to = column_at(line[i + 1]);
      if (from < to) std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(row * side + from), to - from, '\xFF');
    }
  }
}

}  // namespace

WaterAreas::WaterAreas(std::vector<twin::Geometry> geometries) {
  XXH3_state_t* const state = XXH3_createState();
  XXH3_64bits_reset(state);
  size_t positions = 0;
  for (twin::Geometry& geometry : geometries) {
    const bool is_area =
        geometry.kind == twin::GeometryKind::polygon || geometry.kind == twin::GeometryKind::multi_polygon;
    positions += geometry.positions.size();
    if (!is_area || geometry.positions.empty() || positions > water_positions_max) continue;
    for (const twin::Position& position : geometry.positions) {
      XXH3_64bits_update(state, &position, 2 * sizeof(double));  // the place, without its height
    }
    const twin::Box box = twin::bounds_of(geometry);
    areas_.push_back({box, std::move(geometry)});
  }
  version_ = areas_.empty() ? 0 : XXH3_64bits_digest(state);
  XXH3_freeState(state);
}

std::string WaterAreas::mask(const twin::Box& box, uint32_t side) const {
  std::string mask(size_t{side} * side, '\0');
  bool is_touched = false;
  for (const Area& area : areas_) {
    if (area.box.west_deg > box.east_deg || area.box.east_deg < box.west_deg || area.box.south_deg > box.north_deg ||
        area.box.north_deg < box.south_deg) {
      continue;
    }
    is_touched = true;
    Crossings crossings(side);
    size_t start = 0;
    for (const uint32_t end : area.geometry.line_ends) {
      add_ring(area.geometry, start, end, box, crossings);
      start = end;
    }
    fill(crossings, box, mask);
  }
  if (!is_touched || mask.find_first_not_of(mask.front()) == std::string::npos) return std::string(1, mask.front());
  return mask;
}

}  // namespace cityloom::space

#include "space/vector/tile_grid.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr double pi = 3.14159265358979323846;

base::Result<uint64_t> read_number(std::string_view text) {
  uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) {
    return fail(Code::invalid, "not a whole number", std::string(text.substr(0, 40)));
  }
  return number;
}

}  // namespace

base::Result<TileAddress> TileAddress::make(uint64_t z, uint64_t x, uint64_t y) {
  if (z > tile_zoom_max) return fail(Code::invalid, "there is no such zoom", std::to_string(z), "0 to 24");
  const uint64_t count = uint64_t{1} << z;
  if (x >= count || y >= count) {
    return fail(Code::invalid, "there is no such tile at this zoom", std::to_string(x) + "/" + std::to_string(y));
  }
  return TileAddress{static_cast<uint32_t>(z), static_cast<uint32_t>(x), static_cast<uint32_t>(y)};
}

base::Result<TileAddress> TileAddress::parse(std::string_view z, std::string_view x, std::string_view y) {
  const auto zoom = read_number(z);
  if (!zoom) return zoom.error();
  const auto column = read_number(x);
  if (!column) return column.error();
  const auto row = read_number(y);
  if (!row) return row.error();
  return make(*zoom, *column, *row);
}

WorldPoint world_point(double longitude_deg, double latitude_deg) {
  const double latitude = std::clamp(latitude_deg, -mercator_latitude_max_deg, mercator_latitude_max_deg);
  const double sine = std::sin(latitude * radians_per_degree);
  return {longitude_deg / 360 + 0.5, 0.5 - std::log((1 + sine) / (1 - sine)) / (4 * pi)};
}

twin::Position position_of(WorldPoint point) {
  twin::Position position;
  position.longitude_deg = std::clamp((point.x - 0.5) * 360, -180.0, 180.0);
  position.latitude_deg = std::atan(std::sinh((0.5 - point.y) * 2 * pi)) / radians_per_degree;
  return position;
}

twin::Box box_of(const TileAddress& tile, double margin) {
  const double count = std::ldexp(1, static_cast<int>(tile.z));
  const auto place = [&](double x, double y) {
    return position_of(WorldPoint{std::clamp(x / count, 0.0, 1.0), std::clamp(y / count, 0.0, 1.0)});
  };
  const twin::Position low = place(tile.x - margin, tile.y + 1 + margin);
  const twin::Position high = place(tile.x + 1 + margin, tile.y - margin);
  return {low.longitude_deg, low.latitude_deg, high.longitude_deg, high.latitude_deg};
}

double tile_width_m(const TileAddress& tile) {
  const double count = std::ldexp(1, static_cast<int>(tile.z));
  const double latitude = position_of(WorldPoint{0.5, (tile.y + 0.5) / count}).latitude_deg;
  return 2 * pi * earth_semi_major_m * std::cos(latitude * radians_per_degree) / count;
}

}  // namespace cityloom::space

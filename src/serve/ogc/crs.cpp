#include "serve/ogc/crs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "serve/ngsi/text.hpp"

namespace cityloom::serve::ogc {
namespace {

using base::Code;
using base::fail;
using twin::Geometry;
using twin::GeometryKind;
using twin::Position;

constexpr std::string_view epsg_prefix = "http://www.opengis.net/def/crs/EPSG/0/";
// Korea's: UTM-K, and the four belts of Korea 2000.
constexpr std::array<std::string_view, 9> uris = {crs84_uri,
                                                  "http://www.opengis.net/def/crs/OGC/0/CRS84h",
                                                  "http://www.opengis.net/def/crs/EPSG/0/4326",
                                                  "http://www.opengis.net/def/crs/EPSG/0/3857",
                                                  "http://www.opengis.net/def/crs/EPSG/0/5179",
                                                  "http://www.opengis.net/def/crs/EPSG/0/5185",
                                                  "http://www.opengis.net/def/crs/EPSG/0/5186",
                                                  "http://www.opengis.net/def/crs/EPSG/0/5187",
                                                  "http://www.opengis.net/def/crs/EPSG/0/5188"};

struct Rectangle {
  double least_x, least_y, most_x, most_y;
  bool holds(const Position& at) const {
    return at.longitude_deg >= least_x && at.longitude_deg <= most_x && at.latitude_deg >= least_y &&
           at.latitude_deg <= most_y;
  }
};

// Whether a part of the line lies in the rectangle (Liang and Barsky).
bool crosses(const Rectangle& box, const Position& from, const Position& to) {
  double enters = 0, leaves = 1;
  const double dx = to.longitude_deg - from.longitude_deg;
  const double dy = to.latitude_deg - from.latitude_deg;
  const auto clip = [&](double direction, double distance) {
    if (direction == 0) return distance >= 0;
    const double at = distance / direction;
    if (direction < 0) {
      enters = std::max(enters, at);
    } else {
      leaves = std::min(leaves, at);
    }
    return enters <= leaves;
  };
  return clip(-dx, from.longitude_deg - box.least_x) && clip(dx, box.most_x - from.longitude_deg) &&
         clip(-dy, from.latitude_deg - box.least_y) && clip(dy, box.most_y - from.latitude_deg);
}

// Whether the corner of the box lies in the rings from `first` on to `last`: it is crossed an odd number of times.
bool surrounds(const Geometry& geometry, size_t first_ring, size_t last_ring, const Rectangle& box) {
  bool is_inside = false;
  for (size_t ring = first_ring; ring < last_ring; ++ring) {
    const size_t from = ring == 0 ? 0 : geometry.line_ends[ring - 1];
    for (size_t i = from; i + 1 < geometry.line_ends[ring]; ++i) {
      const Position& a = geometry.positions[i];
      const Position& b = geometry.positions[i + 1];
      if ((a.latitude_deg > box.least_y) == (b.latitude_deg > box.least_y)) continue;
      const double x = a.longitude_deg + (box.least_y - a.latitude_deg) / (b.latitude_deg - a.latitude_deg) *
                                             (b.longitude_deg - a.longitude_deg);
      if (x > box.least_x) is_inside = !is_inside;
    }
  }
  return is_inside;
}

bool meets_plane(const Geometry& geometry, const Rectangle& box) {
  for (const Position& position : geometry.positions) {
    if (box.holds(position)) return true;
  }
  if (geometry.kind == GeometryKind::point || geometry.kind == GeometryKind::multi_point) return false;
  size_t line = 0;
  for (size_t i = 0; i + 1 < geometry.positions.size(); ++i) {
    if (line < geometry.line_ends.size() && geometry.line_ends[line] == i + 1) {
      ++line;
      continue;
    }
    if (crosses(box, geometry.positions[i], geometry.positions[i + 1])) return true;
  }
  if (geometry.kind == GeometryKind::polygon) return surrounds(geometry, 0, geometry.line_ends.size(), box);
  if (geometry.kind != GeometryKind::multi_polygon) return false;
  size_t first_ring = 0;
  for (const uint32_t end : geometry.polygon_ends) {
    if (surrounds(geometry, first_ring, end, box)) return true;
    first_ring = end;
  }
  return false;
}

base::Result<std::array<double, 6>> numbers_of(std::string_view text, size_t& count) {
  std::array<double, 6> numbers{};
  count = 0;
  for (std::string_view part : ngsi_ld::split(text, ',')) {
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (part.starts_with('+')) part.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (count == numbers.size() || error != std::errc() || end != part.data() + part.size() || !std::isfinite(number)) {
      return fail(Code::invalid, "a box is four or six numbers with commas between", "bbox",
                  "write for example bbox=127.08,37.50,127.12,37.53");
    }
    numbers[count++] = number;
  }
  if (count != 4 && count != 6) {
    return fail(Code::invalid, "a box is four or six numbers with commas between", "bbox",
                "write for example bbox=127.08,37.50,127.12,37.53");
  }
  return numbers;
}

// A ring around a box of degrees, its sides of so many pieces that a geodesic stays near the parallel.
Geometry ring_around(double west, double south, double east, double north) {
  const auto pieces = static_cast<size_t>(std::clamp(std::ceil((east - west) / 0.25), 1.0, 480.0));
  const double piece_rad = (east - west) / static_cast<double>(pieces) * M_PI / 180;
  const double margin = 1e-6 + piece_rad * piece_rad / 16 * 180 / M_PI;
  west = std::max(west - 1e-6, -180.0), east = std::min(east + 1e-6, 180.0);
  south -= margin, north += margin;
  Geometry ring{GeometryKind::polygon, {}, {}, {}};
  const auto at = [&](size_t i) { return west + (east - west) * static_cast<double>(i) / static_cast<double>(pieces); };
  for (size_t i = 0; i <= pieces; ++i) ring.positions.push_back({at(i), south});
  for (size_t i = pieces + 1; i-- > 0;) ring.positions.push_back({at(i), north});
  ring.positions.push_back(ring.positions.front());
  ring.line_ends = {static_cast<uint32_t>(ring.positions.size())};
  return ring;
}

}  // namespace

std::span<const std::string_view> crs_uris() {
  return uris;
}

base::Result<Crs> Crs::find(std::optional<std::string_view> uri, std::string_view parameter) {
  Crs crs;
  std::string name(uri.value_or(crs84_uri));
  if (name.starts_with("EPSG:")) name = std::string(epsg_prefix) + name.substr(5);
  if (std::find(uris.begin(), uris.end(), name) == uris.end()) {
    return fail(Code::invalid, "features are not given in this coordinate system", std::string(parameter),
                "the member crs of the collection lists those that are");
  }
  crs.uri_ = name;
  if (!name.starts_with(epsg_prefix)) return crs;
  const std::string code = name.substr(epsg_prefix.size());
  auto system = space::CoordinateSystem::open("EPSG:" + code, space::MissingGrids::approximate);
  if (!system.ok()) return system.error();
  crs.system_ = std::make_shared<const space::CoordinateSystem>(std::move(system).value());
  crs.is_geographic_ = code == "4326";
  return crs;
}

bool Crs::transform(Geometry& geometry) const {
  if (system_ == nullptr) return true;
  for (Position& position : geometry.positions) {
    if (is_geographic_) {
      std::swap(position.longitude_deg, position.latitude_deg);
      continue;
    }
    const auto raw = system_->from_wgs84(position);
    if (!raw.ok() || !std::isfinite(raw->first) || !std::isfinite(raw->second)) return false;
    // Tenths of a millimetre: what lies beyond is the noise of the transformation.
    position.longitude_deg = std::round(raw->first * 1e4) / 1e4;
    position.latitude_deg = std::round(raw->second * 1e4) / 1e4;
  }
  return true;
}

std::optional<Position> Crs::place_of(double first, double second) const {
  if (system_ == nullptr) return Position{first, second};
  if (is_geographic_) return Position{second, first};
  const auto place = system_->to_wgs84({first, second});
  return place.ok() ? std::optional(*place) : std::nullopt;
}

base::Result<BoxFilter> BoxFilter::read(std::string_view text, const Crs& crs) {
  size_t count = 0;
  const auto numbers = numbers_of(text, count);
  if (!numbers.ok()) return numbers.error();
  const auto& n = *numbers;
  const size_t second = count / 2;
  BoxFilter box;
  box.crs_ = crs;
  box.least_x_ = n[0], box.least_y_ = n[1], box.most_x_ = n[second], box.most_y_ = n[second + 1];
  if (count == 6) box.least_height_m_ = n[2], box.most_height_m_ = n[5];
  const bool north_first = crs.is_north_first();
  const auto [west, east] = north_first ? std::pair(box.least_y_, box.most_y_) : std::pair(box.least_x_, box.most_x_);
  const auto [south, north] = north_first ? std::pair(box.least_x_, box.most_x_) : std::pair(box.least_y_, box.most_y_);
  const bool in_range = !crs.is_geographic() || (std::fabs(west) <= 180 && std::fabs(east) <= 180 &&
                                                 std::fabs(south) <= 90 && std::fabs(north) <= 90);
  box.crosses_antimeridian_ = crs.is_geographic() && west > east;
  if (!in_range) return fail(Code::invalid, "the box lies outside of longitudes and latitudes", "bbox");
  if (south > north || (west > east && !crs.is_geographic()) || (count == 6 && n[2] > n[5])) {
    return fail(Code::invalid, "the box's lower corner is not below its upper one", "bbox",
                "give the lower corner first, in the order of axes of bbox-crs");
  }
  return box;
}

bool BoxFilter::meets(const Geometry& given) const {
  if (least_height_m_) {
    const auto in_height = [&](const Position& position) {
      return !position.has_height() || (position.height_m >= *least_height_m_ && position.height_m <= *most_height_m_);
    };
    if (std::none_of(given.positions.begin(), given.positions.end(), in_height)) return false;
  }
  Geometry moved;
  const Geometry* geometry = &given;
  if (!crs_.is_native()) {
    moved = given;
    if (!crs_.transform(moved)) return false;
    geometry = &moved;
  }
  if (!crosses_antimeridian_) return meets_plane(*geometry, {least_x_, least_y_, most_x_, most_y_});
  if (crs_.is_north_first()) {
    return meets_plane(*geometry, {least_x_, least_y_, most_x_, 180}) ||
           meets_plane(*geometry, {least_x_, -180, most_x_, most_y_});
  }
  return meets_plane(*geometry, {least_x_, least_y_, 180, most_y_}) ||
         meets_plane(*geometry, {-180, least_y_, most_x_, most_y_});
}

std::optional<Geometry> BoxFilter::surrounding() const {
  if (crosses_antimeridian_) return {};
  constexpr int pieces = 16;
  double west = 180, east = -180, south = 90, north = -90;
  const auto take = [&](double across, double along) {
    const auto place = crs_.place_of(least_x_ + (most_x_ - least_x_) * across, least_y_ + (most_y_ - least_y_) * along);
    if (!place) return false;
    west = std::min(west, place->longitude_deg), east = std::max(east, place->longitude_deg);
    south = std::min(south, place->latitude_deg), north = std::max(north, place->latitude_deg);
    return true;
  };
  for (int i = 0; i <= pieces; ++i) {
    const double part = static_cast<double>(i) / pieces;
    if (!take(part, 0) || !take(part, 1) || !take(0, part) || !take(1, part)) return {};
  }
  // Sides of a projected box bend; between the places looked at by less than this.
  if (!crs_.is_geographic()) {
    const double bend = 0.01 * std::max(east - west, north - south) + 1e-5;
    west -= bend, east += bend, south -= bend, north += bend;
  }
  if (east - west > 120 || south < -85 || north > 85) return {};
  return ring_around(west, south, east, north);
}

}  // namespace cityloom::serve::ogc

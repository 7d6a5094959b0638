// Geometries by kind; every level of coordinates is checked.
#include "space/formats/json_geometry.hpp"

#include <algorithm>

#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;
using simdjson::dom::array;
using simdjson::dom::element;
using twin::GeometryKind;
using twin::Position;

constexpr int collection_depth_max = 50;

double doubled_area(const std::vector<Position>& ring) {
  double sum = 0;
  for (size_t i = 1; i < ring.size(); ++i) {
    sum += (ring[i - 1].longitude_deg - ring[0].longitude_deg) * (ring[i].latitude_deg - ring[0].latitude_deg) -
           (ring[i].longitude_deg - ring[0].longitude_deg) * (ring[i - 1].latitude_deg - ring[0].latitude_deg);
  }
  return sum;
}

bool same_place(const Position& a, const Position& b) {
  return a.longitude_deg == b.longitude_deg && a.latitude_deg == b.latitude_deg;
}

// Reads one GeoJSON geometry into a builder.
class GeometryReader {
 public:
  GeometryReader(const PlaneCrs& crs, GeometryBuilder& builder) : crs_(crs), builder_(builder) {}
  Status read(const element& geometry, int depth);

 private:
  base::Result<Position> position(const element& at, const std::string& where) const;
  base::Result<std::vector<Position>> positions(const element& at, const std::string& where) const;
  Status polygon(const element& at, const std::string& where);
  Status coordinates(std::string_view type, const element& at);
  static base::Error wrong(std::string what, const std::string& where) {
    return fail(Code::invalid, std::move(what), where);
  }

  const PlaneCrs& crs_;
  GeometryBuilder& builder_;
};

std::string at(const std::string& where, size_t index) {
  return where + "[" + std::to_string(index) + "]";
}

base::Result<Position> GeometryReader::position(const element& given, const std::string& where) const {
  array list;
  if (given.get_array().get(list) != simdjson::SUCCESS) return wrong("a position is a list of numbers", where);
  double numbers[3] = {0, 0, std::numeric_limits<double>::quiet_NaN()};
  size_t count = 0;
  for (const element number : list) {
    if (count == 3) break;
    if (number.is_null() && count == 2) break;
    if (number.get_double().get(numbers[count]) != simdjson::SUCCESS) {
      return wrong("a position holds something else than numbers", where);
    }
    ++count;
  }
  if (count < 2) return wrong("a position has at least two numbers", where);
  auto made = crs_.position(numbers[0], numbers[1], numbers[2]);
  if (!made) {
    const bool is_plane = crs_.is_wgs84() && (std::abs(numbers[0]) > 180 || std::abs(numbers[1]) > 90);
    return fail(Code::invalid,
                made.error().what + (is_plane ? ": name the coordinate system by the option crs, e.g. EPSG:5186" : ""),
                where);
  }
  return made;
}

base::Result<std::vector<Position>> GeometryReader::positions(const element& given, const std::string& where) const {
  array list;
  if (given.get_array().get(list) != simdjson::SUCCESS) return wrong("a list of positions is expected", where);
  std::vector<Position> all;
  all.reserve(list.size());
  size_t index = 0;
  for (const element one : list) {
    auto made = position(one, at(where, index++));
    if (!made) return std::move(made).error();
    all.push_back(*made);
  }
  return all;
}

Status GeometryReader::polygon(const element& given, const std::string& where) {
  array list;
  if (given.get_array().get(list) != simdjson::SUCCESS) return wrong("a list of rings is expected", where);
  std::vector<std::vector<Position>> rings;
  size_t index = 0;
  for (const element one : list) {
    auto ring = positions(one, at(where, index++));
    if (!ring) return std::move(ring).error();
    rings.push_back(std::move(*ring));
  }
  if (rings.empty()) return {};
  return builder_.add_polygon(std::move(rings));
}

Status GeometryReader::coordinates(std::string_view type, const element& given) {
  const std::string where = "coordinates";
  if (type == "Point") {
    array list;
    if (given.get_array().get(list) == simdjson::SUCCESS && list.size() == 0) return {};
    const auto made = position(given, where);
    return made ? builder_.add_point(*made) : Status(made.error());
  }
  if (type == "LineString") {
    auto made = positions(given, where);
    return made ? builder_.add_line(std::move(*made)) : Status(made.error());
  }
  if (type == "Polygon") return polygon(given, where);
  array list;
  if (given.get_array().get(list) != simdjson::SUCCESS) return wrong("a list is expected", where);
  const std::string_view part = type.substr(5);
  size_t index = 0;
  for (const element one : list) {
    const std::string here = at(where, index++);
    Status status;
    if (part == "Point") {
      const auto made = position(one, here);
      status = made ? builder_.add_point(*made) : Status(made.error());
    } else if (part == "LineString") {
      auto made = positions(one, here);
      status = made ? builder_.add_line(std::move(*made)) : Status(made.error());
    } else {
      status = polygon(one, here);
    }
    if (!status) return status;
  }
  return {};
}

Status GeometryReader::read(const element& geometry, int depth) {
  if (geometry.is_null()) return {};
  if (depth > collection_depth_max) return fail(Code::too_complex, "collections are nested more than 50 deep");
  std::string_view type;
  if (geometry["type"].get_string().get(type) != simdjson::SUCCESS) return wrong("the geometry has no type", "type");
  if (type == "GeometryCollection") {
    array list;
    if (geometry["geometries"].get_array().get(list) != simdjson::SUCCESS) {
      return wrong("the collection has no list of geometries", "geometries");
    }
    for (const element one : list) {
      if (auto status = read(one, depth + 1); !status) return status;
    }
    return {};
  }
  for (const std::string_view known :
       {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}) {
    if (type != known) continue;
    element given;
    if (geometry["coordinates"].get(given) != simdjson::SUCCESS) return wrong("it has no coordinates", "coordinates");
    return coordinates(type, given);
  }
  return wrong("\"" + excerpt(type) + "\" is no kind of geometry", "type");
}

}  // namespace

std::optional<twin::Geometry>* FeatureGeometry::main() {
  for (auto* part : {&area, &lines, &points}) {
    if (part->has_value()) return part;
  }
  return nullptr;
}

Status GeometryBuilder::count(size_t positions) {
  positions_ += positions;
  if (positions_ <= twin::positions_max) return {};
  return fail(Code::too_large, "it has more than a million positions");
}

void GeometryBuilder::note(std::string repair) {
  if (std::find(repairs_.begin(), repairs_.end(), repair) == repairs_.end()) repairs_.push_back(std::move(repair));
}

Status GeometryBuilder::add_point(const Position& position) {
  points_.positions.push_back(position);
  return count(1);
}

Status GeometryBuilder::add_line(std::vector<Position> positions) {
  if (auto status = count(positions.size()); !status) return status;
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  if (positions.size() < 2) return fail(Code::invalid, "a line has fewer than two places");
  lines_.positions.insert(lines_.positions.end(), positions.begin(), positions.end());
  lines_.line_ends.push_back(static_cast<uint32_t>(lines_.positions.size()));
  return {};
}

Status GeometryBuilder::add_polygon(std::vector<std::vector<Position>> rings) {
  bool is_outside = true;
  const size_t lines_before = area_.line_ends.size();
  for (std::vector<Position>& ring : rings) {
    if (auto status = count(ring.size()); !status) return status;
    if (!ring.empty() && !same_place(ring.front(), ring.back())) {
      note("an open ring was closed");
      ring.push_back(ring.front());
    }
    // Ends of one place and two heights would not be closed to others.
    if (!ring.empty()) ring.back() = ring.front();
    ring.erase(std::unique(ring.begin(), ring.end()), ring.end());
    const double area = doubled_area(ring);
    if (ring.size() < 4 || area == 0) {
      note(is_outside ? "a polygon without area was left out" : "a hole without area was left out");
      if (is_outside) return {};
      continue;
    }
    if ((area > 0) != is_outside) std::reverse(ring.begin(), ring.end());
    is_outside = false;
    area_.positions.insert(area_.positions.end(), ring.begin(), ring.end());
    area_.line_ends.push_back(static_cast<uint32_t>(area_.positions.size()));
  }
  if (area_.line_ends.size() > lines_before)
    area_.polygon_ends.push_back(static_cast<uint32_t>(area_.line_ends.size()));
  return {};
}

FeatureGeometry GeometryBuilder::finish() {
  FeatureGeometry made;
  made.repairs = std::move(repairs_);
  if (!points_.positions.empty()) {
    points_.kind = points_.positions.size() == 1 ? GeometryKind::point : GeometryKind::multi_point;
    made.points = std::move(points_);
  }
  if (!lines_.line_ends.empty()) {
    lines_.kind = lines_.line_ends.size() == 1 ? GeometryKind::line_string : GeometryKind::multi_line_string;
    made.lines = std::move(lines_);
  }
  if (!area_.polygon_ends.empty()) {
    const bool is_one = area_.polygon_ends.size() == 1;
    area_.kind = is_one ? GeometryKind::polygon : GeometryKind::multi_polygon;
    if (is_one) area_.polygon_ends.clear();
    made.area = std::move(area_);
  }
  return made;
}

base::Result<FeatureGeometry> geometry_of(const element& given, const PlaneCrs& crs) {
  GeometryBuilder builder;
  if (auto status = GeometryReader(crs, builder).read(given, 0); !status) return std::move(status).error();
  return builder.finish();
}

base::Result<std::string> crs_of(const element& given) {
  if (given.is_null()) return std::string();
  std::string_view type, name;
  if (given["type"].get_string().get(type) != simdjson::SUCCESS) return std::string();
  if (given["properties"]["name"].get_string().get(name) == simdjson::SUCCESS) {
    return name.find("CRS84") != std::string_view::npos ? std::string() : std::string(name);
  }
  int64_t code = 0;  // as of 2008: {"type":"EPSG","properties":{"code":5186}}
  if (given["properties"]["code"].get_int64().get(code) == simdjson::SUCCESS) return "EPSG:" + std::to_string(code);
  return fail(Code::unsupported, "The file's crs is a link", "crs",
              "Name the coordinate system by the option crs, e.g. EPSG:5186");
}

}  // namespace cityloom::space

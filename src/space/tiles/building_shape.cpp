// Lenient on purpose: anybody may write a Building, not only our importer.
#include "space/tiles/building_shape.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "space/osm_values.hpp"
#include "space/tiles/drawn_values.hpp"

namespace cityloom::space {
namespace {

constexpr double height_m_max = 2'000;

void read_outline(const twin::Value& value, BuildingShape& shape) {
  const auto* geometry = std::get_if<twin::Geometry>(&value);
  if (geometry == nullptr ||
      (geometry->kind != twin::GeometryKind::polygon && geometry->kind != twin::GeometryKind::multi_polygon)) {
    return;
  }
  shape.outline = *geometry;
  double lowest_m = std::numeric_limits<double>::infinity();
  for (const twin::Position& position : geometry->positions) {
    if (position.has_height()) lowest_m = std::min(lowest_m, position.height_m);
  }
  if (std::isfinite(lowest_m)) shape.ground_m = std::clamp(lowest_m, -1'000.0, 9'000.0);
}

// The drawn height: stated, or what is usual.
void settle_heights(BuildingShape& shape) {
  shape.min_height_m = std::clamp(shape.min_height_m, 0.0, height_m_max);
  double height_m = shape.stated_height_m.value_or(0);
  if (!(height_m > shape.min_height_m)) height_m = shape.levels.value_or(0) * level_height_m;
  if (!(height_m > shape.min_height_m)) height_m = shape.min_height_m + 2 * level_height_m;
  shape.height_m = std::min(height_m, shape.min_height_m + height_m_max);
}

// Where the outline has no heights of its own. On a slope the uphill side must not sink into the ground.
void stand_on(const Ground& ground, BuildingShape& shape) {
  if (!shape.can_be_drawn() || shape.outline.positions.front().has_height()) return;
  const auto heights = ground.under(shape.outline);
  if (!heights) return;
  shape.ground_m = std::clamp(heights->lowest_m, -1'000.0, 9'000.0);
  if (shape.min_height_m > 0) return;
  const double rise_m = std::clamp(heights->highest_m - heights->lowest_m, 0.0, 100.0);
  shape.height_m = std::max(shape.height_m, rise_m + std::min(shape.height_m, level_height_m));
}

// Faces say where they are: no ground is asked, and the stated height is for the table only.
void settle_body(BuildingShape& shape) {
  const Body::Heights heights = shape.body->heights();
  shape.ground_m = std::clamp(heights.lowest_m, -12'000.0, 9'000.0);
  shape.min_height_m = 0;
  shape.height_m = std::clamp(heights.highest_m - shape.ground_m, 0.01, height_m_max);
  if (!shape.outline.positions.empty()) return;
  shape.outline = {twin::GeometryKind::multi_polygon, shape.body->faces.positions, shape.body->faces.line_ends,
                   shape.body->faces.polygon_ends};
}

}  // namespace

twin::Box BuildingShape::box() const {
  twin::Box box = twin::bounds_of(outline);
  if (!body) return box;
  const twin::Box faces = twin::bounds_of(body->faces);
  return {std::min(box.west_deg, faces.west_deg), std::min(box.south_deg, faces.south_deg),
          std::max(box.east_deg, faces.east_deg), std::max(box.north_deg, faces.north_deg)};
}

uint64_t BuildingShape::hash() const {
  VersionHasher hasher;
  for (const std::string* text : {&id, &parent_id, &name, &category, &height_source, &roof_shape}) hasher.add(*text);
  for (const auto& number : {levels, stated_height_m, roof_height_m, roof_direction_deg}) hasher.add(number);
  for (double number : {height_m, min_height_m, ground_m}) hasher.add_number(number);
  for (const twin::Position& position : outline.positions) {
    hasher.add_number(position.longitude_deg);
    hasher.add_number(position.latitude_deg);
  }
  for (uint32_t end : outline.line_ends) hasher.add_number(end);
  for (uint32_t end : outline.polygon_ends) hasher.add_number(-1.0 - end);
  if (body) hasher.add_number(static_cast<double>(body->hash()));
  return hasher.digest();
}

BuildingShape shape_of(const twin::EntityRecord& record, const Vocabulary& vocabulary, const Ground* ground) {
  BuildingShape shape;
  shape.id = record.id();
  shape.is_part = !record.has_type(vocabulary.building);
  record.each_attribute({}, [&](const twin::Attribute& attribute) {
    if (attribute.dataset.exists()) return true;
    const twin::Term name = attribute.name;
    const twin::Value& value = attribute.value;
    if (name == vocabulary.location) read_outline(value, shape);
    if (name == vocabulary.body) shape.body = body_of(attribute, vocabulary);
    if (name == vocabulary.name) shape.name = shown_name_of(attribute);
    if (name == vocabulary.category) shape.category = text_of(value);
    if (name == vocabulary.levels) shape.levels = number_of(value);
    if (name == vocabulary.min_height) shape.min_height_m = number_of(value).value_or(0);
    if (name == vocabulary.part_of) shape.parent_id = text_of(value);
    if (name == vocabulary.roof_shape) shape.roof_shape = text_of(value);
    if (name == vocabulary.roof_height) shape.roof_height_m = number_of(value);
    if (name == vocabulary.roof_direction) shape.roof_direction_deg = number_of(value);
    if (name == vocabulary.height) {
      shape.stated_height_m = number_of(value);
      for (const twin::Attribute& member : attribute.members) {
        if (member.name == vocabulary.height_source) shape.height_source = text_of(member.value);
      }
    }
    return true;
  });
  settle_heights(shape);
  if (ground != nullptr) stand_on(*ground, shape);
  if (shape.body) settle_body(shape);
  return shape;
}

bool is_drawn(twin::Term attribute, const Vocabulary& v) {
  for (twin::Term drawn : {v.location, v.name, v.category, v.levels, v.min_height, v.part_of, v.roof_shape,
                           v.roof_height, v.roof_direction, v.height, v.body}) {
    if (attribute == drawn) return true;
  }
  return false;
}

}  // namespace cityloom::space

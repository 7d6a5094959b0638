// The inside of a building as 3D Tiles 1.1: a tile for each storey.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "space/ifc/ifc_geometry.hpp"
#include "space/ifc/ifc_properties.hpp"
#include "space/ifc/indoors.hpp"
#include "space/ifc/plane_areas.hpp"
#include "space/tiles/glb.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

// Features whose storey is none come last.
size_t storey_place(const IndoorModel& model, const IndoorThing& thing) {
  const auto found = std::find_if(model.storeys.begin(), model.storeys.end(),
                                  [&](const IndoorStorey& one) { return one.id == thing.storey; });
  return static_cast<size_t>(found - model.storeys.begin());
}

bool is_drawn(const IndoorThing& thing) {
  return !thing.body.positions.empty();
}

struct HeightBox {
  double west = 180, south = 90, east = -180, north = -90, low = 1e9, high = -1e9;
  bool empty() const { return west > east; }
  void add(const twin::Geometry& geometry) {
    for (const twin::Position& position : geometry.positions) {
      west = std::min(west, position.longitude_deg);
      east = std::max(east, position.longitude_deg);
      south = std::min(south, position.latitude_deg);
      north = std::max(north, position.latitude_deg);
      const double height = position.has_height() ? position.height_m : 0;
      low = std::min(low, height);
      high = std::max(high, height);
    }
  }
  std::string json() const {
    std::string text = "{\"region\":[";
    // A little wider than what is inside: positions in a tile are rounded.
    const double edge = 1e-9;
    const double values[] = {west * radians_per_degree - edge,
                             south * radians_per_degree - edge,
                             east * radians_per_degree + edge,
                             north * radians_per_degree + edge,
                             low - 0.01,
                             high + 0.01};
    for (const double value : values) text += (text.back() == '[' ? "" : ",") + json_number(value);
    return text + "]}";
  }
};

HeightBox box_of(const IndoorModel& model, std::optional<size_t> place) {
  HeightBox box;
  for (const IndoorThing& thing : model.things) {
    if (is_drawn(thing) && (!place || storey_place(model, thing) == *place)) box.add(thing.body);
  }
  return box;
}

std::string tileset_json(const IndoorModel& model) {
  const HeightBox whole = box_of(model, {});
  std::string children;
  for (size_t place = 0; place <= model.storeys.size(); ++place) {
    const HeightBox box = box_of(model, place);
    if (box.empty()) continue;
    children += (children.empty() ? "" : ",") + ("{\"boundingVolume\":" + box.json()) +
                ",\"geometricError\":0,\"content\":{\"uri\":\"storey-" + std::to_string(place) + ".glb\"}}";
  }
  const std::string volume = whole.empty() ? "{\"sphere\":[0,0,0,0]}" : whole.json();
  return "{\"asset\":{\"version\":\"1.1\"},\"geometricError\":50,\"root\":{\"boundingVolume\":" + volume +
         ",\"geometricError\":20,\"refine\":\"ADD\"" + (children.empty() ? "" : ",\"children\":[" + children + "]") +
         "}}";
}

float linear(int byte) {
  const double part = byte / 255.0;
  return static_cast<float>(part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4));
}

Material material_of(const IndoorThing& thing) {
  Material material;
  material.is_double_sided = true;  // from inside as well
  int rgb[3] = {220, 217, 210};
  if (thing.type == "Room") rgb[0] = 150, rgb[1] = 180, rgb[2] = 205;
  for (size_t i = 0; i < 3 && thing.colour.size() == 7; ++i)
    std::from_chars(thing.colour.data() + 1 + 2 * i, thing.colour.data() + 3 + 2 * i, rgb[i], 16);
  for (size_t i = 0; i < 3; ++i) material.base_colour[i] = linear(rgb[i]);
  material.base_colour[3] =
      thing.type == "Room" ? 0.25F : static_cast<float>(std::clamp(1 - thing.transparency, 0.15, 1.0));
  return material;
}

void add_body(const IndoorThing& thing, uint32_t feature, const LocalFrame& frame, Triangulator& triangulator,
              Mesh& mesh) {
  mesh.use(material_of(thing));
  const twin::Geometry& body = thing.body;
  size_t ring = 0, start = 0;
  for (const uint32_t end : body.polygon_ends) {
    IfcFace face;
    for (; ring < end; ++ring) {
      IfcRing points;
      for (; start + 1 < body.line_ends[ring]; ++start) points.push_back(frame.local_of(body.positions[start]));
      start = body.line_ends[ring];
      if (points.size() >= 3) face.rings.push_back(std::move(points));
    }
    if (face.rings.empty()) continue;
    for (const IfcRing& triangle : triangles_of(face, triangulator))
      mesh.add_flat_triangle(triangle[0], triangle[1], triangle[2], feature);
  }
}

std::string storey_glb(const IndoorModel& model, size_t place, const HeightBox& box) {
  GlbScene scene{LocalFrame({(box.west + box.east) / 2, (box.south + box.north) / 2, box.low}),
                 {},
                 {},
                 FeatureTable("indoor", {"id", "name", "category", "type", "storey", "number"}, {"area", "height"})};
  Triangulator triangulator;
  // What is seen through is drawn last.
  std::vector<const IndoorThing*> things;
  for (const IndoorThing& thing : model.things) {
    if (is_drawn(thing) && storey_place(model, thing) == place) things.push_back(&thing);
  }
  std::stable_sort(things.begin(), things.end(), [](const IndoorThing* a, const IndoorThing* b) {
    return (a->type == "Room" || a->transparency > 0) < (b->type == "Room" || b->transparency > 0);
  });
  for (const IndoorThing* thing : things) {
    const uint32_t row = scene.features.add_row();
    scene.features.set_text("id", thing->id);
    scene.features.set_text("name", thing->name);
    scene.features.set_text("category", thing->category);
    scene.features.set_text("type", thing->type);
    scene.features.set_text("storey", thing->storey);
    scene.features.set_text("number", thing->number);
    scene.features.set_number("area", thing->area_m2);
    scene.features.set_number("height", thing->height_m);
    add_body(*thing, row, scene.frame, triangulator, scene.mesh);
  }
  return make_glb(scene);
}

}  // namespace

base::Result<IndoorTile> make_indoor_tile(const IndoorModel& model, std::string_view path) {
  if (path == "tileset.json") return IndoorTile{"application/json", tileset_json(model)};
  constexpr std::string_view start = "storey-", end = ".glb";
  size_t place = 0;
  if (path.starts_with(start) && path.ends_with(end) && path.size() > start.size() + end.size()) {
    const std::string_view digits = path.substr(start.size(), path.size() - start.size() - end.size());
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), place);
    if (read.ec == std::errc{} && read.ptr == digits.data() + digits.size() && place <= model.storeys.size()) {
      const HeightBox box = box_of(model, place);
      if (!box.empty()) return IndoorTile{"model/gltf-binary", storey_glb(model, place, box)};
    }
  }
  return fail(Code::not_found, "there is no such tile of the building", std::string(path));
}

}  // namespace cityloom::space

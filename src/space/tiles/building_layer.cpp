// Buildings and their parts: walls and roofs over outlines.
#include "space/tiles/building_layer.hpp"

#include <algorithm>
#include <cmath>

#include "space/tiles/body_layers.hpp"
#include "space/tiles/building_mesh.hpp"
#include "space/tiles/building_shape.hpp"
#include "space/tiles/ground_plan.hpp"

namespace cityloom::space {
namespace {

std::optional<Sketch> sketch(const twin::EntityRecord& record, const LayerContext& context) {
  const BuildingShape shape = shape_of(record, context.vocabulary, context.ground);
  if (!shape.can_be_drawn()) return {};
  Sketch sketch;
  plan_ground(shape.outline, sketch);
  if (shape.body) sketch.box = shape.box();
  sketch.lowest_m = shape.ground_m + shape.min_height_m;
  sketch.highest_m = shape.ground_m + shape.height_m;
  sketch.size_m = std::max(shape.height_m, std::sqrt(sketch.area_m2));
  sketch.version = shape.hash();
  sketch.category = shape.category;
  sketch.height_source = shape.height_source;
  sketch.levels = shape.levels;
  return sketch;
}

FeatureTable make_table() {
  return FeatureTable("building", {"id", "name", "heightSource", "category", "appearance"}, {"height", "levels"});
}

void describe(const twin::EntityRecord& record, const LayerContext& context, FeatureTable& table) {
  const BuildingShape shape = shape_of(record, context.vocabulary, nullptr);
  table.set_text("id", shape.id);
  table.set_text("name", shape.name);
  table.set_text("heightSource", shape.height_source);
  table.set_text("category", shape.category);
  table.set_number("height", shape.stated_height_m);
  table.set_number("levels", shape.levels);
}

void draw(const twin::EntityRecord& record, uint32_t feature, const LayerContext& context, Canvas& canvas) {
  const BuildingShape shape = shape_of(record, context.vocabulary, context.ground);
  if (shape.body) tell_appearance(*shape.body, canvas.scene.features);
  append_building(shape, feature, canvas.scene.frame, canvas.triangulator, canvas.scene.mesh);
}

}  // namespace

Layer building_layer() {
  Layer layer;
  layer.name = "buildings";
  layer.types = {"Building"};
  layer.part_types = {"BuildingPart"};
  layer.make_table = make_table;
  layer.shows = [](twin::Term attribute, const LayerContext& context) {
    return is_drawn(attribute, context.vocabulary);
  };
  layer.sketch = sketch;
  layer.describe = describe;
  layer.draw = draw;
  return layer;
}

}  // namespace cityloom::space

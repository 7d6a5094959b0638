// Things come in the order of their ids, so that equal records give equal bytes.
#include "space/tiles/tile_content.hpp"

#include <algorithm>
#include <cmath>

#include "space/tiles/tile_summary.hpp"

namespace cityloom::space {
namespace {

constexpr double degrees_per_unit = 1e-7;

LocalFrame frame_of(const TileExtent& extent) {
  // Near the content, so that its floats keep their millimetres however large the cell is.
  return LocalFrame({(static_cast<double>(extent.west) + extent.east) / 2 * degrees_per_unit,
                     (static_cast<double>(extent.south) + extent.north) / 2 * degrees_per_unit, 0});
}

class TileMaker {
 public:
  TileMaker(const TileNode& node, const Layer& layer, const LayerContext& context, const TextPool& texts,
            const thread::Snapshot& snapshot)
      : node_(node),
        layer_(layer),
        context_(context),
        texts_(texts),
        snapshot_(snapshot),
        scene_{frame_of(node.extent), {}, {}, layer.make_table()} {}

  base::Status add_leaf();
  base::Status add_summary(const TileSummary& summary);
  const GlbScene& scene() const { return scene_; }

 private:
  struct Drawn {
    std::string_view id;
    std::vector<std::string_view> parts;
  };
  base::Status add_things(std::vector<Drawn> things);
  void add_block(const TileBlock& block);
  void draw_block(const TileBlock& block, uint32_t feature);
  std::vector<std::string_view> parts_of(const TileItem& item) const;

  const TileNode& node_;
  const Layer& layer_;
  const LayerContext& context_;
  const TextPool& texts_;
  const thread::Snapshot& snapshot_;
  Triangulator triangulator_;
  GlbScene scene_;
};

base::Status TileMaker::add_things(std::vector<Drawn> things) {
  std::sort(things.begin(), things.end(), [](const Drawn& a, const Drawn& b) { return a.id < b.id; });
  Canvas canvas{scene_, triangulator_};
  for (const Drawn& thing : things) {
    auto record = snapshot_.find(thing.id);
    if (!record) return std::move(record).error();
    if (!record->exists()) continue;
    const uint32_t feature = scene_.features.add_row();
    layer_.describe(*record, context_, scene_.features);
    if (thing.parts.empty()) layer_.draw(*record, feature, context_, canvas);
    for (std::string_view part_id : thing.parts) {
      auto part = snapshot_.find(part_id);
      if (!part) return std::move(part).error();
      if (part->exists()) layer_.draw(*part, feature, context_, canvas);
    }
  }
  return {};
}

// The parts of a thing below are with it in its leaf.
std::vector<std::string_view> TileMaker::parts_of(const TileItem& item) const {
  const TileNode* node = &node_;
  while (node != nullptr && !node->is_leaf()) node = node->children[node->cell.quarter_of(item.centre)].get();
  std::vector<std::string_view> parts;
  if (node == nullptr) return parts;
  for (const TilePart& part : node->parts) {
    if (part.first == item.id) parts.push_back(texts_.text(part.second));
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

base::Status TileMaker::add_leaf() {
  std::vector<Drawn> things;
  for (const TileItem& item : node_.items) things.push_back({texts_.text(item.id), parts_of(item)});
  return add_things(std::move(things));
}

base::Status TileMaker::add_summary(const TileSummary& summary) {
  std::vector<Drawn> things;
  for (const TileItem* item : summary.landmarks) things.push_back({texts_.text(item->id), parts_of(*item)});
  if (auto status = add_things(std::move(things)); !status) return status;
  for (const auto& [square, block] : summary.blocks) {
    if (layer_.has_blocks) add_block(block);
  }
  return {};
}

void TileMaker::add_block(const TileBlock& block) {
  FeatureTable& table = scene_.features;
  const uint32_t feature = table.add_row();
  const auto set_text = [&](std::string_view column, std::string_view text) {
    if (table.has_column(column)) table.set_text(column, std::string(text));
  };
  const auto set_number = [&](std::string_view column, double number) {
    if (table.has_column(column)) table.set_number(column, number);
  };
  if (block.id != 0) set_text("id", texts_.text(block.id));
  set_text("category", texts_.text(block.category.text));
  set_text("heightSource", texts_.text(block.height_source.text));
  set_number("height", block.height_m3 / block.area_m2);
  if (block.levels_area_m2 > 0) set_number("levels", block.levels_m2 / block.levels_area_m2);
  set_number("count", block.count);
  draw_block(block, feature);
}

void TileMaker::draw_block(const TileBlock& block, uint32_t feature) {
  const TileBlock::Rectangle rectangle = block.rectangle();
  const double north = earth_semi_major_m * radians_per_degree;
  const double east = north * std::max(0.01, std::cos(block.latitude_deg * radians_per_degree));
  const double cosine = std::cos(rectangle.angle_rad), sine = std::sin(rectangle.angle_rad);
  const double low_m = static_cast<double>(block.lowest_m);
  const double high_m = std::clamp((block.base_m3 + block.height_m3) / block.area_m2, low_m,
                                   std::max(low_m, static_cast<double>(block.highest_m)));
  const TileExtent& extent = node_.extent;
  // Counter-clockwise from above; never outside the tile.
  std::array<Vector, 4> low, high;
  for (size_t corner = 0; corner < 4; ++corner) {
    const double along = rectangle.length_m / 2 * (corner == 0 || corner == 3 ? -1 : 1),
                 across = rectangle.width_m / 2 * (corner < 2 ? -1 : 1);
    const double longitude = std::clamp(block.longitude_deg + (along * cosine - across * sine) / east,
                                        extent.west * degrees_per_unit, extent.east * degrees_per_unit);
    const double latitude = std::clamp(block.latitude_deg + (along * sine + across * cosine) / north,
                                       extent.south * degrees_per_unit, extent.north * degrees_per_unit);
    low[corner] = scene_.frame.local_of({longitude, latitude, low_m});
    high[corner] = scene_.frame.local_of({longitude, latitude, high_m});
  }
  Mesh& mesh = scene_.mesh;
  mesh.use(layer_.block_material);
  const auto add_quad = [&](const std::array<Vector, 4>& corners) {
    const Vector normal = cross(corners[1] - corners[0], corners[3] - corners[0]);
    const double size = length_of(normal);
    if (!(size > 1e-9)) return;
    const uint32_t first = mesh.add_vertex(corners[0], normal * (1 / size), feature);
    for (size_t i = 1; i < 4; ++i) mesh.add_vertex(corners[i], normal * (1 / size), feature);
    mesh.add_triangle(first, first + 1, first + 2);
    mesh.add_triangle(first, first + 2, first + 3);
  };
  for (size_t i = 0; i < 4; ++i) add_quad({low[i], low[(i + 1) % 4], high[(i + 1) % 4], high[i]});
  add_quad(high);
}

}  // namespace

base::Result<std::string> make_tile(const TileNode& node, const Layer& layer, const LayerContext& context,
                                    const TextPool& texts, const thread::Snapshot& snapshot, size_t landmarks_max,
                                    const GlbOptions& options) {
  TileMaker maker(node, layer, context, texts, snapshot);
  const base::Status status = node.is_leaf() ? maker.add_leaf() : maker.add_summary(*summary_of(node, landmarks_max));
  if (!status) return status.error();
  return make_glb(maker.scene(), options);
}

}  // namespace cityloom::space

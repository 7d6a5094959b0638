// From buildings to items of the tile tree, and the tileset in both of its spellings.
#include "space/tiles/tile_plan.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cmath>

namespace cityloom::space {

Known known_of(const BuildingShape& shape) {
  Known known;
  known.parent_id = shape.parent_id;
  known.is_part = shape.is_part;
  known.hash = shape.hash();
  known.can_be_drawn = shape.can_be_drawn();
  if (!known.can_be_drawn) return known;
  known.box = twin::bounds_of(shape.outline);
  known.lowest_m = shape.ground_m + shape.min_height_m;
  known.highest_m = shape.ground_m + shape.height_m;
  const twin::Position corner{known.box.west_deg, known.box.south_deg};
  const double width_m = distance_m(corner, {known.box.east_deg, known.box.south_deg});
  const double depth_m = distance_m(corner, {known.box.west_deg, known.box.north_deg});
  known.size_m = std::max(shape.height_m, std::sqrt(width_m * depth_m));
  return known;
}

namespace {

void include(TileItem& item, const Known& known, bool is_first) {
  if (is_first) {
    item.box = known.box;
    item.lowest_m = known.lowest_m;
    item.highest_m = known.highest_m;
  }
  item.box.west_deg = std::min(item.box.west_deg, known.box.west_deg);
  item.box.south_deg = std::min(item.box.south_deg, known.box.south_deg);
  item.box.east_deg = std::max(item.box.east_deg, known.box.east_deg);
  item.box.north_deg = std::max(item.box.north_deg, known.box.north_deg);
  item.lowest_m = std::min(item.lowest_m, known.lowest_m);
  item.highest_m = std::max(item.highest_m, known.highest_m);
  item.size_m = std::max(item.size_m, known.size_m);
}

// A part belongs to its building's picture if the record knows that building.
bool is_within_building(const Known& one, const KnownBuildings& known) {
  if (!one.is_part || one.parent_id.empty()) return false;
  const auto parent = known.find(one.parent_id);
  return parent != known.end() && !parent->second.is_part;
}

ContentPointer make_tileset(const std::vector<Tile>& tiles, std::string_view query) {
  auto tileset = std::make_shared<TileContent>();
  tileset->content_type = "application/json";
  tileset->bytes = tileset_json(tiles, query);
  tileset->etag = etag_of(XXH3_64bits(tileset->bytes.data(), tileset->bytes.size()));
  return tileset;
}

}  // namespace

std::shared_ptr<const Plan> make_plan(const KnownBuildings& known, thread::Offset offset,
                                      size_t buildings_per_tile_max) {
  std::map<std::string_view, std::map<std::string_view, const Known*>> parts_of;
  for (const auto& [id, one] : known) {
    if (one.can_be_drawn && is_within_building(one, known)) parts_of[one.parent_id][id] = &one;
  }
  auto plan = std::make_shared<Plan>();
  plan->offset = offset;
  for (const auto& [id, one] : known) {
    const auto parts = parts_of.find(id);
    const bool has_parts = parts != parts_of.end();
    if (is_within_building(one, known) || (!one.can_be_drawn && !has_parts)) continue;
    TileItem item;
    item.id = id;
    std::vector<uint64_t> versions{one.hash};
    std::vector<std::string> part_ids;
    if (!has_parts) include(item, one, true);
    if (has_parts) {
      for (const auto& [part_id, part] : parts->second) {
        include(item, *part, part_ids.empty());
        versions.push_back(part->hash);
        part_ids.emplace_back(part_id);
      }
    }
    item.version = XXH3_64bits(versions.data(), versions.size() * sizeof(uint64_t));
    plan->items.push_back(std::move(item));
    plan->part_ids.push_back(std::move(part_ids));
  }
  plan->tiles = share_out(plan->items, buildings_per_tile_max);
  for (uint32_t i = 0; i < plan->tiles.size(); ++i) plan->tile_of_path.emplace(plan->tiles[i].path(), i);
  plan->tileset = make_tileset(plan->tiles, "");
  plan->tileset_as_of = make_tileset(plan->tiles, "&asOf=" + std::to_string(offset.number));
  return plan;
}

}  // namespace cityloom::space

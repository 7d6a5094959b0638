// Where a building is drawn depends on the buildings alone, never on their order or history.
#include "space/tiles/tile_tree.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace cityloom::space {
namespace {

constexpr uint32_t level_max = 22;
// Room for rounding between the tileset's radians and the content's floats.
constexpr double margin_deg = 2e-8;
constexpr double margin_m = 0.05;
// A building that is missing is worse than one drawn a little off: it counts twice its size.
constexpr double error_per_size = 2;

struct Cell {
  uint32_t level = 0, x = 0, y = 0;
};

double cell_degrees(uint32_t level) {
  return 180.0 / std::exp2(level);
}

Cell cell_at(uint32_t level, double longitude_deg, double latitude_deg) {
  const double degrees = cell_degrees(level);
  const auto clamped = [&](double value, double cells) {
    return static_cast<uint32_t>(std::clamp(std::floor(value / degrees), 0.0, cells - 1));
  };
  return {level, clamped(longitude_deg + 180, std::exp2(level + 1)), clamped(latitude_deg + 90, std::exp2(level))};
}

Cell cell_of(const TileItem& item, uint32_t level) {
  return cell_at(level, (item.box.west_deg + item.box.east_deg) / 2, (item.box.south_deg + item.box.north_deg) / 2);
}

class TreeBuilder {
 public:
  TreeBuilder(const std::vector<TileItem>& items, size_t items_per_tile_max)
      : items_(items), max_(items_per_tile_max) {}

  std::vector<Tile> build() {
    std::vector<uint32_t> order(items_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return items_[a].size_m != items_[b].size_m ? items_[a].size_m > items_[b].size_m : items_[a].id < items_[b].id;
    });
    if (!order.empty()) add(root_cell(), std::move(order));
    return std::move(tiles_);
  }

 private:
  // The deepest cell that holds the middle of every item.
  Cell root_cell() const {
    uint32_t level = level_max;
    Cell cell = cell_of(items_.front(), level);
    for (const TileItem& item : items_) {
      Cell other = cell_of(item, level);
      while (level > 0 && (other.x != cell.x || other.y != cell.y)) {
        --level;
        cell = {level, cell.x / 2, cell.y / 2};
        other = {level, other.x / 2, other.y / 2};
      }
    }
    return cell;
  }

  uint32_t add(Cell cell, std::vector<uint32_t> order);
  void include(Tile& tile, const twin::Box& box, double lowest_m, double highest_m, bool is_first) const;

  const std::vector<TileItem>& items_;
  size_t max_;
  std::vector<Tile> tiles_;
};

void TreeBuilder::include(Tile& tile, const twin::Box& box, double lowest_m, double highest_m, bool is_first) const {
  if (is_first) {
    tile.box = box;
    tile.lowest_m = lowest_m;
    tile.highest_m = highest_m;
    return;
  }
  tile.box.west_deg = std::min(tile.box.west_deg, box.west_deg);
  tile.box.south_deg = std::min(tile.box.south_deg, box.south_deg);
  tile.box.east_deg = std::max(tile.box.east_deg, box.east_deg);
  tile.box.north_deg = std::max(tile.box.north_deg, box.north_deg);
  tile.lowest_m = std::min(tile.lowest_m, lowest_m);
  tile.highest_m = std::max(tile.highest_m, highest_m);
}

// `order`: largest first.
uint32_t TreeBuilder::add(Cell cell, std::vector<uint32_t> order) {
  const auto number = static_cast<uint32_t>(tiles_.size());
  Tile tile;
  tile.level = cell.level;
  tile.x = cell.x;
  tile.y = cell.y;
  const bool is_leaf = order.size() <= max_ || cell.level == level_max;
  const size_t kept = is_leaf ? order.size() : max_;
  std::vector<uint64_t> versions;
  for (size_t i = 0; i < kept; ++i) {
    const TileItem& item = items_[order[i]];
    tile.items.push_back(order[i]);
    include(tile, item.box, item.lowest_m, item.highest_m, i == 0);
    versions.push_back(item.version);
  }
  // Near the content, so that its floats keep their millimetres however large the cell is.
  tile.origin = {(tile.box.west_deg + tile.box.east_deg) / 2, (tile.box.south_deg + tile.box.north_deg) / 2, 0};
  tile.version = XXH3_64bits(versions.data(), versions.size() * sizeof(uint64_t));
  tiles_.push_back(std::move(tile));
  if (is_leaf) return number;

  std::vector<uint32_t> quarters[4];
  for (size_t i = kept; i < order.size(); ++i) {
    const Cell below = cell_of(items_[order[i]], cell.level + 1);
    // The middle may lie on the cell's edge by rounding: it stays within.
    const uint32_t x = std::clamp(below.x, cell.x * 2, cell.x * 2 + 1),
                   y = std::clamp(below.y, cell.y * 2, cell.y * 2 + 1);
    quarters[(y & 1) * 2 + (x & 1)].push_back(order[i]);
  }
  tiles_[number].geometric_error_m = error_per_size * items_[order[kept]].size_m;
  for (uint32_t quarter = 0; quarter < 4; ++quarter) {
    if (quarters[quarter].empty()) continue;
    const uint32_t child =
        add({cell.level + 1, cell.x * 2 + (quarter & 1), cell.y * 2 + quarter / 2}, std::move(quarters[quarter]));
    const Tile& added = tiles_[child];
    include(tiles_[number], added.box, added.lowest_m, added.highest_m, false);
    tiles_[number].children.push_back(child);
  }
  return number;
}

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void write_region(Writer& json, const twin::Box& box, double lowest_m, double highest_m) {
  json.Key("boundingVolume");
  json.StartObject();
  json.Key("region");
  json.StartArray();
  for (double degrees :
       {box.west_deg - margin_deg, box.south_deg - margin_deg, box.east_deg + margin_deg, box.north_deg + margin_deg}) {
    json.Double(degrees * radians_per_degree);
  }
  json.Double(lowest_m - margin_m);
  json.Double(highest_m + margin_m);
  json.EndArray();
  json.EndObject();
}

std::string version_text(uint64_t version) {
  const std::string etag = etag_of(version);
  return etag.substr(1, etag.size() - 2);
}

void write_tile(Writer& json, const std::vector<Tile>& tiles, uint32_t number, std::string_view query) {
  const Tile& tile = tiles[number];
  json.StartObject();
  write_region(json, tile.box, tile.lowest_m, tile.highest_m);
  json.Key("geometricError");
  json.Double(tile.geometric_error_m);
  if (number == 0) {
    json.Key("refine");
    json.String("ADD");
  }
  json.Key("content");
  json.StartObject();
  json.Key("uri");
  // The version lets a client keep content for ever, and see that it has changed.
  json.String((tile.path() + "?v=" + version_text(tile.version)).append(query).c_str());
  json.EndObject();
  if (!tile.children.empty()) {
    json.Key("children");
    json.StartArray();
    for (uint32_t child : tile.children) write_tile(json, tiles, child, query);
    json.EndArray();
  }
  json.EndObject();
}

}  // namespace

std::string Tile::path() const {
  return std::to_string(level) + "/" + std::to_string(x) + "/" + std::to_string(y) + ".glb";
}

std::string etag_of(uint64_t version) {
  char text[24];
  std::snprintf(text, sizeof text, "\"%016llx\"", static_cast<unsigned long long>(version));
  return text;
}

std::vector<Tile> share_out(const std::vector<TileItem>& items, size_t items_per_tile_max) {
  return TreeBuilder(items, std::max<size_t>(1, items_per_tile_max)).build();
}

std::string tileset_json(const std::vector<Tile>& tiles, std::string_view query) {
  // Each version says which buildings a tile draws and how; which tiles there are follows from the buildings.
  std::vector<uint64_t> versions;
  for (const Tile& tile : tiles) versions.push_back(tile.version);
  rapidjson::StringBuffer text;
  Writer json(text);
  json.StartObject();
  json.Key("asset");
  json.StartObject();
  json.Key("version");
  json.String("1.1");
  json.Key("tilesetVersion");
  json.String(version_text(XXH3_64bits(versions.data(), versions.size() * sizeof(uint64_t))).c_str());
  json.Key("generator");
  json.String("Cityloom");
  json.EndObject();
  json.Key("geometricError");
  // Of the whole, while not even the root is there.
  json.Double(tiles.empty() ? 0 : std::max(500.0, 2 * tiles.front().geometric_error_m));
  json.Key("root");
  if (tiles.empty()) {
    json.StartObject();
    write_region(json, {}, 0, 0);
    json.Key("geometricError");
    json.Double(0);
    json.Key("refine");
    json.String("ADD");
    json.EndObject();
  } else {
    write_tile(json, tiles, 0, query);
  }
  json.EndObject();
  return {text.GetString(), text.GetSize()};
}

}  // namespace cityloom::space

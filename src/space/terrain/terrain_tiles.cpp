// Every tile down to level 10 is there (below, a flat tile lies within a decimetre of the ellipsoid); deeper ones where
// models are.
#include "space/terrain/terrain_tiles.hpp"

#include <absl/container/flat_hash_map.h>
#include <xxhash.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <list>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "space/terrain/quantized_mesh.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using TilePointer = std::shared_ptr<const TerrainTile>;

constexpr uint32_t whole_earth_level = 10;

std::string text_of(uint64_t number) {
  std::array<char, 16> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return std::string(digits.data(), end);
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  constexpr int gzip_window_bits = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_SPEED + 3, Z_DEFLATED, gzip_window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const bool is_done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  packed.resize(is_done ? stream.total_out : 0);
  deflateEnd(&stream);
  return packed;
}

TilePointer make_tile(std::string content_type, std::string bytes) {
  auto tile = std::make_shared<TerrainTile>();
  tile->content_type = std::move(content_type);
  tile->etag = '"' + text_of(XXH3_64bits(bytes.data(), bytes.size())) + '"';
  tile->gzip_bytes = gzip(bytes);
  tile->bytes = std::move(bytes);
  return tile;
}

// "12/4265/3041.terrain"
std::optional<TerrainTileKey> key_of(std::string_view path) {
  constexpr std::string_view ending = ".terrain";
  if (!path.ends_with(ending)) return std::nullopt;
  path.remove_suffix(ending.size());
  TerrainTileKey key;
  uint32_t* const parts[3] = {&key.level, &key.x, &key.y};
  for (size_t i = 0; i < 3; ++i) {
    const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), *parts[i]);
    if (error != std::errc{} || end == path.data()) return std::nullopt;
    path.remove_prefix(static_cast<size_t>(end - path.data()));
    if (i < 2 && !path.starts_with('/')) return std::nullopt;
    if (i < 2) path.remove_prefix(1);
  }
  return path.empty() && key.exists() ? std::optional(key) : std::nullopt;
}

using Range = std::array<uint32_t, 4>;  // startX, startY, endX, endY

Range range_of(const twin::Box& box, uint32_t level) {
  const double side = 180.0 / static_cast<double>(uint64_t{1} << level);
  const auto cell = [&](double degrees, uint32_t count) {
    return static_cast<uint32_t>(std::clamp(std::floor(degrees / side), 0.0, count - 1.0));
  };
  const uint32_t columns = uint32_t{2} << level, rows = uint32_t{1} << level;
  constexpr double inside_deg = 1e-9;  // a model that ends on an edge has nothing beyond it
  return {cell(box.west_deg + 180 + inside_deg, columns), cell(box.south_deg + 90 + inside_deg, rows),
          cell(box.east_deg + 180 - inside_deg, columns), cell(box.north_deg + 90 - inside_deg, rows)};
}

uint32_t deepest_of(const Relief& relief) {
  uint32_t deepest = whole_earth_level;
  for (const Relief::Area& area : relief.areas()) deepest = std::max(deepest, deepest_level(area.step_deg));
  return deepest;
}

nlohmann::ordered_json available_in(const Relief& relief) {
  auto levels = nlohmann::ordered_json::array();
  for (uint32_t level = 0; level <= deepest_of(relief); ++level) {
    std::set<Range> ranges;
    if (level <= whole_earth_level) ranges.insert({0, 0, (uint32_t{2} << level) - 1, (uint32_t{1} << level) - 1});
    for (const Relief::Area& area : relief.areas()) {
      if (level > whole_earth_level && level <= deepest_level(area.step_deg)) ranges.insert(range_of(area.box, level));
    }
    auto list = nlohmann::ordered_json::array();
    for (const Range& range : ranges) {
      list.push_back({{"startX", range[0]}, {"startY", range[1]}, {"endX", range[2]}, {"endY", range[3]}});
    }
    levels.push_back(std::move(list));
  }
  return levels;
}

std::string layer_json(const Relief& relief, const std::string& version) {
  const nlohmann::ordered_json layer = {{"tilejson", "2.1.0"},
                                        {"name", "Cityloom terrain"},
                                        {"version", version},
                                        {"format", "quantized-mesh-1.0"},
                                        {"scheme", "tms"},
                                        {"projection", "EPSG:4326"},
                                        {"bounds", {-180, -90, 180, 90}},
                                        {"tiles", {"{z}/{x}/{y}.terrain?v={version}"}},
                                        {"minzoom", 0},
                                        {"maxzoom", deepest_of(relief)},
                                        {"extensions", {"octvertexnormals", "watermask"}},
                                        {"hasTerrain", !relief.empty()},
                                        {"available", available_in(relief)}};
  return layer.dump();
}

}  // namespace

struct TerrainTiles::Parts {
  Terrain& terrain;
  TerrainTilesOptions options;
  std::atomic<uint64_t> made = 0;

  std::mutex mutex;
  std::list<std::pair<std::string, TilePointer>> order;  // the least used last
  absl::flat_hash_map<std::string, decltype(order)::iterator> places;
  size_t bytes = 0;

  TilePointer find(const std::string& key) {
    const std::lock_guard lock(mutex);
    const auto found = places.find(key);
    if (found == places.end()) return nullptr;
    order.splice(order.begin(), order, found->second);
    return found->second->second;
  }
  void add(const std::string& key, const TilePointer& tile) {
    const std::lock_guard lock(mutex);
    if (places.contains(key)) return;
    order.emplace_front(key, tile);
    places[key] = order.begin();
    bytes += tile->bytes.size() + tile->gzip_bytes.size();
    while (bytes > options.cache_bytes_max && order.size() > 1) {
      bytes -= order.back().second->bytes.size() + order.back().second->gzip_bytes.size();
      places.erase(order.back().first);
      order.pop_back();
    }
  }
};

TerrainTiles::TerrainTiles(Terrain& terrain, TerrainTilesOptions options)
    : parts_(new Parts{terrain, options, {}, {}, {}, {}, 0}) {}
TerrainTiles::~TerrainTiles() = default;

uint64_t TerrainTiles::tiles_made() const {
  return parts_->made;
}

base::Result<TilePointer> TerrainTiles::find(std::string_view path, TerrainExtensions extensions) {
  const auto relief = parts_->terrain.relief();
  const auto water = parts_->terrain.water();
  const std::string version = text_of(relief->version() ^ (water->version() * 31));
  const std::string key = version + (extensions.normals ? "n" : "") + (extensions.water_mask ? "w" : "") + "/" +
                          std::string(path.substr(0, 64));
  const auto tile_key = key_of(path);
  if (!tile_key && path != "layer.json")
    return fail(Code::not_found, "There is no such tile", std::string(path.substr(0, 80)));
  if (TilePointer known = parts_->find(key)) return known;
  if (!tile_key) {
    const TilePointer layer = make_tile("application/json", layer_json(*relief, version));
    parts_->add(key, layer);
    return layer;
  }
  const auto mesh = make_terrain_mesh(*relief, *tile_key);
  if (!mesh) return mesh.error();
  std::optional<std::string> mask;
  if (extensions.water_mask) mask = water->mask(tile_key->box(), water_mask_side);
  const TilePointer tile =
      make_tile("application/vnd.quantized-mesh", encode_quantized_mesh(*mesh, extensions.normals, mask));
  ++parts_->made;
  parts_->add(key, tile);
  return tile;
}

}  // namespace cityloom::space

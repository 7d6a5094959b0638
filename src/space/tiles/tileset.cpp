// https://docs.ogc.org/cs/22-025r4/22-025r4.html, "Implicit Tiling" and "3D Metadata".
#include "space/tiles/tileset.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "space/earth.hpp"
#include "space/tiles/glb.hpp"
#include "space/tiles/tile_summary.hpp"

namespace cityloom::space {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;
constexpr double degrees_per_unit = 1e-7;

std::string root_name(const TileCell& root) {
  return std::to_string(root.level) + "-" + std::to_string(root.x) + "-" + std::to_string(root.y);
}

void write_asset(Writer& json, const TileNodePointer& tree) {
  json.Key("asset");
  json.StartObject();
  json.Key("version");
  json.String("1.1");
  json.Key("tilesetVersion");
  json.String(version_text(tree).c_str());
  json.Key("generator");
  json.String("Cityloom");
  json.EndObject();
}

void write_text(Writer& json, const char* key, const std::string& text) {
  json.Key(key);
  json.String(text.c_str(), static_cast<rapidjson::SizeType>(text.size()));
}

void write_root(Writer& json, const TileNode& root, std::string_view query) {
  const std::string address = root_name(root.cell) + "/{level}/{x}/{y}.";
  json.Key("content");
  json.StartObject();
  write_text(json, "uri", (address + "glb").append(query));
  json.EndObject();
  json.Key("implicitTiling");
  json.StartObject();
  write_text(json, "subdivisionScheme", "QUADTREE");
  json.Key("subtreeLevels");
  json.Uint(subtree_levels);
  json.Key("availableLevels");
  json.Uint(root.depth + 1);
  json.Key("subtrees");
  json.StartObject();
  write_text(json, "uri", (address + "subtree").append(query));
  json.EndObject();
  json.EndObject();
}

void write_schema(Writer& json) {
  constexpr std::string_view schema =
      R"({"id":"cityloom_tiles","classes":{"tile":{"properties":{"region":{"type":"SCALAR","componentType":"FLOAT64",)"
      R"("array":true,"count":6,"semantic":"TILE_BOUNDING_REGION","required":true}}}}})";
  json.Key("schema");
  json.RawValue(schema.data(), schema.size(), rapidjson::kObjectType);
}

// Tiles of one subtree, in the order of its bits.
class Subtree {
 public:
  explicit Subtree(const TileNode& root) { add_row({&root}); }

  std::string file() const;

 private:
  // Bits, the lowest of a byte first.
  struct Bits {
    std::string bytes;
    size_t count = 0, set = 0;
    void add(bool bit) {
      if (count % 8 == 0) bytes.push_back('\0');
      if (bit) bytes.back() = static_cast<char>(bytes.back() | 1 << count % 8);
      ++count;
      set += bit ? 1 : 0;
    }
  };
  void add_row(std::vector<const TileNode*> row);
  void write_json(Writer& json, size_t tiles_offset, size_t children_offset, size_t regions_offset,
                  size_t length) const;

  Bits tiles_, children_;
  std::vector<double> regions_;
};

void Subtree::add_row(std::vector<const TileNode*> row) {
  for (uint32_t level = 0; level < subtree_levels; ++level) {
    std::vector<const TileNode*> below;
    for (const TileNode* node : row) {
      tiles_.add(node != nullptr);
      for (uint32_t quarter = 0; quarter < 4; ++quarter) {
        below.push_back(node == nullptr ? nullptr : node->children[quarter].get());
      }
      if (node == nullptr) continue;
      const auto region = region_of(node->extent);
      regions_.insert(regions_.end(), region.begin(), region.end());
    }
    row = std::move(below);
  }
  for (const TileNode* node : row) children_.add(node != nullptr);
}

void Subtree::write_json(Writer& json, size_t tiles_offset, size_t children_offset, size_t regions_offset,
                         size_t length) const {
  json.StartObject();
  json.Key("buffers");
  json.StartArray();
  json.StartObject();
  json.Key("byteLength");
  json.Uint64(length);
  json.EndObject();
  json.EndArray();
  json.Key("bufferViews");
  json.StartArray();
  for (const auto& [offset, size] :
       {std::pair(tiles_offset, tiles_.bytes.size()), std::pair(children_offset, children_.bytes.size()),
        std::pair(regions_offset, regions_.size() * sizeof(double))}) {
    json.StartObject();
    json.Key("buffer");
    json.Int(0);
    json.Key("byteOffset");
    json.Uint64(offset);
    json.Key("byteLength");
    json.Uint64(size);
    json.EndObject();
  }
  json.EndArray();
  const auto availability = [&](const Bits& bits, int view) {
    json.StartObject();
    json.Key(bits.set == 0 ? "constant" : "bitstream");
    json.Int(bits.set == 0 ? 0 : view);
    if (bits.set != 0) json.Key("availableCount");
    if (bits.set != 0) json.Uint64(bits.set);
    json.EndObject();
  };
  json.Key("tileAvailability");
  availability(tiles_, 0);
  // Every tile draws something.
  json.Key("contentAvailability");
  json.StartArray();
  availability(tiles_, 0);
  json.EndArray();
  json.Key("childSubtreeAvailability");
  availability(children_, 1);
  const std::string table =
      R"([{"class":"tile","count":)" + std::to_string(tiles_.set) + R"(,"properties":{"region":{"values":2}}}])";
  json.Key("propertyTables");
  json.RawValue(table.data(), table.size(), rapidjson::kArrayType);
  json.Key("tileMetadata");
  json.Int(0);
  json.EndObject();
}

void pad(std::string& bytes, char padding) {
  bytes.resize((bytes.size() + 7) / 8 * 8, padding);
}

template <class T>
void append(std::string& to, T number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::string Subtree::file() const {
  std::string binary = tiles_.bytes;
  pad(binary, '\0');
  const size_t children_offset = binary.size();
  binary += children_.bytes;
  pad(binary, '\0');
  const size_t regions_offset = binary.size();
  binary.append(reinterpret_cast<const char*>(regions_.data()), regions_.size() * sizeof(double));
  rapidjson::StringBuffer text;
  Writer json(text);
  write_json(json, 0, children_offset, regions_offset, binary.size());
  std::string described(text.GetString(), text.GetSize());
  pad(described, ' ');
  std::string file = "subt";
  append(file, uint32_t{1});
  append(file, static_cast<uint64_t>(described.size()));
  append(file, static_cast<uint64_t>(binary.size()));
  return file + described + binary;
}

bool read_number(std::string_view& from, uint32_t& number) {
  const auto read = std::from_chars(from.data(), from.data() + from.size(), number);
  if (read.ec != std::errc{}) return false;
  from.remove_prefix(static_cast<size_t>(read.ptr - from.data()));
  return true;
}

bool read_character(std::string_view& from, char character) {
  if (from.empty() || from.front() != character) return false;
  from.remove_prefix(1);
  return true;
}

}  // namespace

std::array<double, 6> region_of(const TileExtent& extent) {
  const double north = earth_semi_major_m * radians_per_degree * degrees_per_unit;
  const double width = (extent.east - static_cast<double>(extent.west)) * degrees_per_unit,
               depth = (extent.north - static_cast<double>(extent.south)) * degrees_per_unit;
  const double size_m = std::max({width, depth, 0.0}) * north / degrees_per_unit +
                        static_cast<double>(extent.highest_m - extent.lowest_m);
  // Half a step of the grid, the rounding of floats, and the difference between the chord and the ellipsoid's curve.
  const double margin_m = 0.05 + quantisation_step_m(size_m) + size_m * 1e-6;
  const double latitude = std::max(std::abs(extent.south), std::abs(extent.north)) * degrees_per_unit;
  const double margin = margin_m / north * degrees_per_unit,
               margin_east = margin / std::max(0.01, std::cos(latitude * radians_per_degree));
  return {(extent.west * degrees_per_unit - margin_east) * radians_per_degree,
          (extent.south * degrees_per_unit - margin) * radians_per_degree,
          (extent.east * degrees_per_unit + margin_east) * radians_per_degree,
          (extent.north * degrees_per_unit + margin) * radians_per_degree,
          static_cast<double>(extent.lowest_m) - margin_m,
          static_cast<double>(extent.highest_m) + margin_m};
}

std::string etag_of(uint64_t version) {
  char text[24];
  std::snprintf(text, sizeof text, "\"%016llx\"", static_cast<unsigned long long>(version));
  return text;
}

std::string version_text(const TileNodePointer& tree) {
  const std::string etag = etag_of(tree ? tree->version() : 0);
  return etag.substr(1, etag.size() - 2);
}

namespace {

// The cell itself: clients quarter it for the volume of tiles whose subtree they have not read yet. What crosses the
// cell's edge is within the regions that subtrees tell. The cell of level 0 reaches beyond the pole.
std::array<double, 6> root_region(const TileNode& root) {
  std::array<double, 6> region = region_of(root.extent);
  if (root.cell.level == 0) return region;
  const twin::Box box = root.cell.box();
  const double sides_deg[] = {box.west_deg, box.south_deg, box.east_deg, box.north_deg};
  for (size_t i = 0; i < 4; ++i) region[i] = sides_deg[i] * radians_per_degree;
  return region;
}

}  // namespace

std::string tileset_json(const TileNodePointer& tree, std::string_view query) {
  const TileNodePointer root = tileset_root(tree);
  rapidjson::StringBuffer text;
  Writer json(text);
  json.StartObject();
  write_asset(json, tree);
  if (root) write_schema(json);
  const double error_m = root && !root->is_leaf() ? summary_error_m(root->cell.level) : 0;
  json.Key("geometricError");
  // Of the whole, while not even the root is there.
  json.Double(root ? std::max(500.0, 2 * error_m) : 0);
  json.Key("root");
  json.StartObject();
  json.Key("boundingVolume");
  json.StartObject();
  json.Key("region");
  json.StartArray();
  for (double value : root ? root_region(*root) : std::array<double, 6>{}) json.Double(value);
  json.EndArray();
  json.EndObject();
  json.Key("geometricError");
  json.Double(error_m);
  json.Key("refine");
  json.String("REPLACE");
  if (root) write_root(json, *root, query);
  json.EndObject();
  json.EndObject();
  return {text.GetString(), text.GetSize()};
}

std::string subtree_file(const TileNode& node) {
  return Subtree(node).file();
}

std::optional<TilePath> read_tile_path(std::string_view path) {
  TileCell root, below;
  const bool is_read = read_number(path, root.level) && read_character(path, '-') && read_number(path, root.x) &&
                       read_character(path, '-') && read_number(path, root.y) && read_character(path, '/') &&
                       read_number(path, below.level) && read_character(path, '/') && read_number(path, below.x) &&
                       read_character(path, '/') && read_number(path, below.y);
  if (!is_read || (path != ".glb" && path != ".subtree")) return {};
  if (root.level > TileCell::level_max || below.level > TileCell::level_max - root.level) return {};
  const uint32_t side = 1u << root.level, side_below = 1u << below.level;
  if (root.x >= side || root.y >= side || below.x >= side_below || below.y >= side_below) return {};
  return TilePath{{root.level + below.level, root.x << below.level | below.x, root.y << below.level | below.y},
                  path == ".subtree"};
}

std::string tile_path(const TileCell& root, const TileCell& cell, std::string_view kind) {
  const uint32_t levels = cell.level - root.level, mask = (1u << levels) - 1;
  return root_name(root) + "/" + std::to_string(levels) + "/" + std::to_string(cell.x & mask) + "/" +
         std::to_string(cell.y & mask) + "." + std::string(kind);
}

namespace {

// False where the tiles are not the same.
bool compare(const TileNodePointer& before, const TileNodePointer& after, const TileCell& root, size_t limit,
             std::vector<std::string>& changed) {
  if (before == after) return true;
  if (!before || !after || before->is_leaf() != after->is_leaf() || changed.size() >= limit) return false;
  if (before->version() != after->version()) changed.push_back(tile_path(root, after->cell, "glb"));
  for (uint32_t quarter = 0; quarter < 4; ++quarter) {
    if (!compare(before->children[quarter], after->children[quarter], root, limit, changed)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::vector<std::string>> changed_tiles(const TileNodePointer& before, const TileNodePointer& after,
                                                      size_t limit) {
  const TileNodePointer root_before = tileset_root(before), root_after = tileset_root(after);
  if (!root_before || !root_after || root_before->cell != root_after->cell) return {};
  std::vector<std::string> changed;
  if (!compare(root_before, root_after, root_after->cell, limit, changed)) return {};
  return changed;
}

}  // namespace cityloom::space

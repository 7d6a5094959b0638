// Reads subtrees by the text of the standard, not by our writer.
#include "space/tiles/tileset_walker_test.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace cityloom::space {
namespace {

void expect_within(const std::array<double, 6>& inner, const std::array<double, 6>& outer) {
  for (size_t low : {size_t{0}, size_t{1}, size_t{4}}) EXPECT_GE(inner[low], outer[low] - 1e-12);
  for (size_t high : {size_t{2}, size_t{3}, size_t{5}}) EXPECT_LE(inner[high], outer[high] + 1e-12);
}

bool is_within(const twin::Position& position, const std::array<double, 6>& region) {
  const double longitude = position.longitude_deg * radians_per_degree,
               latitude = position.latitude_deg * radians_per_degree;
  return longitude >= region[0] && latitude >= region[1] && longitude <= region[2] && latitude <= region[3] &&
         position.height_m >= region[4] && position.height_m <= region[5];
}

std::string replaced(std::string text, const std::string& from, uint32_t number) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << text;
  return at == std::string::npos ? text : text.replace(at, from.size(), std::to_string(number));
}

size_t tiles_above(size_t level) {
  return ((size_t{1} << (2 * level)) - 1) / 3;
}

}  // namespace

std::string TilesetWalker::path_of(const std::string& pattern, Place place) const {
  return replaced(replaced(replaced(pattern, "{level}", place.level), "{x}", place.x), "{y}", place.y);
}

base::Result<ContentPointer> TilesetWalker::ask(const std::string& path) {
  TileRequest request;
  request.layer = layer_;
  request.path = path;
  request.as_of = as_of_;
  return tiles_.find(request);
}

void TilesetWalker::walk() {
  const auto tileset = ask("tileset.json");
  ASSERT_TRUE(tileset.ok()) << tileset.error().text();
  const nlohmann::json json = nlohmann::json::parse((*tileset)->bytes);
  EXPECT_EQ(json["asset"]["version"], "1.1");
  version = json["asset"]["tilesetVersion"].get<std::string>();
  const auto& root = json["root"];
  EXPECT_LE(root["geometricError"].get<double>(), json["geometricError"].get<double>());
  if (!root.contains("content")) return;
  EXPECT_EQ(root["refine"], "REPLACE");
  EXPECT_EQ(root["implicitTiling"]["subdivisionScheme"], "QUADTREE");
  EXPECT_EQ(json["schema"]["classes"]["tile"]["properties"]["region"]["semantic"], "TILE_BOUNDING_REGION");
  content_pattern_ = root["content"]["uri"].get<std::string>();
  subtree_pattern_ = root["implicitTiling"]["subtrees"]["uri"].get<std::string>();
  subtree_levels_ = root["implicitTiling"]["subtreeLevels"].get<uint32_t>();
  levels_ = root["implicitTiling"]["availableLevels"].get<uint32_t>();
  const size_t moment = content_pattern_.find("?asOf=");
  EXPECT_EQ(moment != std::string::npos, as_of_.has_value()) << content_pattern_;
  // The tileset says itself as of when its contents are.
  if (as_of_) as_of_->number = std::stoull(content_pattern_.substr(moment + 6));
  for (std::string* pattern : {&content_pattern_, &subtree_pattern_})
    pattern->resize(pattern->rfind('?') != std::string::npos ? pattern->rfind('?') : pattern->size());
  root_ = root["boundingVolume"]["region"].get<Region>();
  walk_subtree({}, root["geometricError"].get<double>(), nullptr);
}

TilesetWalker::Subtree TilesetWalker::read_subtree(Place place) {
  Subtree subtree;
  const auto file = ask(path_of(subtree_pattern_, place));
  EXPECT_TRUE(file.ok());
  if (!file) return subtree;
  ++subtrees;
  const std::string& bytes = (*file)->bytes;
  EXPECT_EQ(bytes.substr(0, 4), "subt");
  uint32_t version_number = 0;
  uint64_t json_size = 0, binary_size = 0;
  std::memcpy(&version_number, bytes.data() + 4, 4);
  std::memcpy(&json_size, bytes.data() + 8, 8);
  std::memcpy(&binary_size, bytes.data() + 16, 8);
  EXPECT_EQ(version_number, 1u);
  EXPECT_EQ(json_size % 8, 0u);
  EXPECT_EQ(binary_size % 8, 0u);
  EXPECT_EQ(bytes.size(), 24 + json_size + binary_size);
  subtree.json = nlohmann::json::parse(bytes.substr(24, json_size));
  subtree.binary = bytes.substr(24 + json_size);
  EXPECT_EQ(subtree.json["buffers"][0]["byteLength"], binary_size);
  return subtree;
}

bool TilesetWalker::Subtree::available(const nlohmann::json& availability, size_t bit) const {
  if (availability.contains("constant")) return availability["constant"] == 1;
  const auto& view = json["bufferViews"][availability["bitstream"].get<size_t>()];
  EXPECT_LT(bit / 8, view["byteLength"].get<size_t>());
  const auto byte = static_cast<unsigned char>(binary[view["byteOffset"].get<size_t>() + bit / 8]);
  return (byte >> bit % 8 & 1) != 0;
}

TilesetWalker::Region TilesetWalker::Subtree::region(size_t row) const {
  const auto& table = json["propertyTables"][0];
  EXPECT_LT(row, table["count"].get<size_t>());
  const auto& view = json["bufferViews"][table["properties"]["region"]["values"].get<size_t>()];
  Region region;
  std::memcpy(region.data(), binary.data() + view["byteOffset"].get<size_t>() + row * sizeof region, sizeof region);
  return region;
}

double TilesetWalker::walk_subtree(Place place, double error_m, const Region* above) {
  const Subtree subtree = read_subtree(place);
  if (!subtree.json.is_object()) return 0;
  EXPECT_TRUE(subtree.available(subtree.json["tileAvailability"], 0)) << "a subtree without its root";
  return walk_tile(subtree, place, place, 0, 0, error_m, above);
}

// Gives the volume of what the tile draws at its finest.
double TilesetWalker::walk_tile(const Subtree& subtree, Place root, Place place, size_t level, size_t morton,
                                double error_m, const Region* above) {
  const auto& tiles = subtree.json["tileAvailability"];
  const size_t bit = tiles_above(level) + morton;
  EXPECT_LT(place.level, levels_) << "deeper than availableLevels";
  EXPECT_TRUE(subtree.available(subtree.json["contentAvailability"][0], bit));
  size_t row = 0;
  for (size_t before = 0; before < bit; ++before) row += subtree.available(tiles, before) ? 1 : 0;
  const Region region = subtree.region(row);
  if (above != nullptr) expect_within(region, *above);
  expect_in_its_quarter(place, region);
  double below = 0;
  bool is_finest = true;
  for (uint32_t quarter = 0; quarter < 4; ++quarter) {
    const Place child{place.level + 1, place.x * 2 + (quarter & 1), place.y * 2 + (quarter >> 1)};
    const size_t child_morton = morton * 4 + quarter;
    if (level + 1 < subtree_levels_) {
      if (!subtree.available(tiles, tiles_above(level + 1) + child_morton)) continue;
      below += walk_tile(subtree, root, child, level + 1, child_morton, error_m / 2, &region);
    } else {
      if (!subtree.available(subtree.json["childSubtreeAvailability"], child_morton)) continue;
      below += walk_subtree(child, error_m / 2, &region);
    }
    is_finest = false;
  }
  EXPECT_TRUE(is_finest || error_m > 0);
  const double here = see_content(place, region, is_finest);
  if (!is_finest && below > 0) upper_volume_worst = std::max(upper_volume_worst, std::abs(here / below - 1));
  return is_finest ? here : below;
}

// Until a subtree is read, its tiles stand where the root's volume is quartered: there the eye looks for them.
void TilesetWalker::expect_in_its_quarter(Place place, const Region& region) const {
  const double parts = std::exp2(place.level);
  const double west = root_[0] + (root_[2] - root_[0]) * place.x / parts,
               south = root_[1] + (root_[3] - root_[1]) * place.y / parts;
  const double middle_x = (region[0] + region[2]) / 2, middle_y = (region[1] + region[3]) / 2;
  EXPECT_TRUE(middle_x >= west && middle_x <= west + (root_[2] - root_[0]) / parts) << place.level << "/" << place.x;
  EXPECT_TRUE(middle_y >= south && middle_y <= south + (root_[3] - root_[1]) / parts) << place.level << "/" << place.y;
  EXPECT_GE(region[4], root_[4]);
  EXPECT_LE(region[5], root_[5]);
}

double TilesetWalker::see_content(Place place, const Region& region, bool is_finest) {
  const std::string path = path_of(content_pattern_, place);
  const auto found = ask(path);
  EXPECT_TRUE(found.ok()) << path;
  if (!found) return 0;
  paths.insert(path);
  etags[path] = (*found)->etag;
  EXPECT_EQ((*found)->content_type, "model/gltf-binary");
  const GlbReader content((*found)->bytes);
  const auto triangles = content.triangles();
  size_t outside = 0;
  // Of large contents some are enough.
  const size_t step = triangles.size() > 10'000 ? 7 : 1;
  for (size_t i = 0; i < triangles.size(); i += step) {
    for (const auto& corner : triangles[i].corners) outside += is_within(position_of(corner.ecef), region) ? 0 : 1;
  }
  EXPECT_EQ(outside, 0u) << path;
  std::map<size_t, double> volumes;
  for (const GlbReader::Triangle& triangle : triangles) {
    double height_sum = 0;
    for (const GlbReader::Corner& corner : triangle.corners) height_sum += position_of(corner.ecef).height_m;
    volumes[triangle.corners[0].feature] += triangle.double_area_seen_from_above() / 2 * height_sum / 3;
  }
  double sum = 0;
  for (const auto& [feature, volume] : volumes) sum += volume;
  const auto ids = content.texts("id");
  for (size_t i = 0; is_finest && i < ids.size(); ++i) {
    EXPECT_TRUE(tile_of_feature.emplace(ids[i], path).second) << ids[i] << " is in two tiles";
    volume_of_feature[ids[i]] = volumes.contains(i) ? volumes[i] : 0;
  }
  return sum;
}

}  // namespace cityloom::space

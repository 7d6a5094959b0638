// https://github.com/mapbox/vector-tile-spec/tree/master/2.1, written with protozero.
#include "space/vector/mvt.hpp"

#include <absl/container/flat_hash_map.h>
#include <protozero/pbf_writer.hpp>

#include <cmath>

namespace cityloom::space {
namespace {

constexpr uint32_t move_to = 1, line_to = 2, close_path = 7;
// Numbers of the messages' fields.
constexpr protozero::pbf_tag_type tile_layer = 3;
constexpr protozero::pbf_tag_type layer_name = 1, layer_feature = 2, layer_key = 3, layer_value = 4, layer_extent = 5,
                                  layer_version = 15;
constexpr protozero::pbf_tag_type feature_id = 1, feature_tags = 2, feature_type = 3, feature_geometry = 4;
constexpr protozero::pbf_tag_type value_string = 1, value_float = 2, value_double = 3, value_sint = 6, value_bool = 7;

uint32_t command(uint32_t kind, size_t count) {
  return kind | static_cast<uint32_t>(count << 3);
}

// Commands and zigzag differences from one position to the next.
class GeometryWriter {
 public:
  std::vector<uint32_t> write(const TileGeometry& geometry) {
    const bool are_rings = geometry.kind == TileGeometry::Kind::polygons;
    for (const TileLine& line : geometry.lines) {
      if (geometry.kind == TileGeometry::Kind::points) {
        numbers_.push_back(command(move_to, line.size()));
        for (const TilePoint& point : line) add(point);
        continue;
      }
      numbers_.push_back(command(move_to, 1));
      add(line.front());
      numbers_.push_back(command(line_to, line.size() - 1));
      for (size_t i = 1; i < line.size(); ++i) add(line[i]);
      if (are_rings) numbers_.push_back(command(close_path, 1));
    }
    return std::move(numbers_);
  }

 private:
  void add(const TilePoint& point) {
    numbers_.push_back(protozero::encode_zigzag32(point.x - last_.x));
    numbers_.push_back(protozero::encode_zigzag32(point.y - last_.y));
    last_ = point;
  }
  std::vector<uint32_t> numbers_;
  TilePoint last_;
};

std::string value_bytes(const TileValue& value) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  if (const auto* text = std::get_if<std::string>(&value)) {
    writer.add_string(value_string, *text);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    writer.add_bool(value_bool, *flag);
  } else {
    const double number = std::get<double>(value);
    const auto as_float = static_cast<float>(number);
    if (std::trunc(number) == number && std::abs(number) < 1e15) {
      writer.add_sint64(value_sint, static_cast<int64_t>(number));
    } else if (std::abs(static_cast<double>(as_float) - number) < 1e-3) {
      writer.add_float(value_float, as_float);
    } else {
      writer.add_double(value_double, number);
    }
  }
  return bytes;
}

class LayerWriter {
 public:
  explicit LayerWriter(protozero::pbf_writer& tile) : layer_(tile, tile_layer) {}

  void write(const TileLayer& layer) {
    layer_.add_uint32(layer_version, 2);
    layer_.add_string(layer_name, layer.name.data(), layer.name.size());
    for (const TileFeature& feature : layer.features) add(feature);
    for (const std::string_view key : keys_in_order_) layer_.add_string(layer_key, key.data(), key.size());
    for (const std::string& value : values_in_order_) layer_.add_message(layer_value, value);
    layer_.add_uint32(layer_extent, tile_extent);
  }

 private:
  void add(const TileFeature& feature) {
    protozero::pbf_writer writer(layer_, layer_feature);
    if (feature.id != 0) writer.add_uint64(feature_id, feature.id);
    std::vector<uint32_t> tags;
    for (const auto& [name, value] : feature.attributes) {
      const auto key = keys_.try_emplace(name, static_cast<uint32_t>(keys_.size()));
      if (key.second) keys_in_order_.push_back(name);
      std::string bytes = value_bytes(value);
      const auto place = values_.try_emplace(bytes, static_cast<uint32_t>(values_.size()));
      if (place.second) values_in_order_.push_back(std::move(bytes));
      tags.push_back(key.first->second);
      tags.push_back(place.first->second);
    }
    writer.add_packed_uint32(feature_tags, tags.begin(), tags.end());
    writer.add_enum(feature_type, static_cast<int32_t>(feature.geometry.kind));
    const std::vector<uint32_t> geometry = GeometryWriter().write(feature.geometry);
    writer.add_packed_uint32(feature_geometry, geometry.begin(), geometry.end());
  }

  protozero::pbf_writer layer_;
  absl::flat_hash_map<std::string_view, uint32_t> keys_;
  absl::flat_hash_map<std::string, uint32_t> values_;
  std::vector<std::string_view> keys_in_order_;
  std::vector<std::string> values_in_order_;
};

}  // namespace

std::string make_mvt(const std::vector<TileLayer>& layers) {
  std::string bytes;
  protozero::pbf_writer tile(bytes);
  for (const TileLayer& layer : layers) {
    if (!layer.features.empty()) LayerWriter(tile).write(layer);
  }
  return bytes;
}

}  // namespace cityloom::space

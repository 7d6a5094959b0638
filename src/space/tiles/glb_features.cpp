// https://github.com/CesiumGS/glTF/tree/3d-tiles-next/extensions/2.0/Vendor/EXT_structural_metadata
#include "space/tiles/glb_features.hpp"

#include <type_traits>

namespace cityloom::space {
namespace {

constexpr float no_number = -9999;
using Writer = rapidjson::Writer<rapidjson::StringBuffer>;
using Texts = std::vector<std::string>;

template <class T>
std::string bytes_of(const std::vector<uint32_t>& numbers) {
  const std::vector<T> narrow(numbers.begin(), numbers.end());
  return {reinterpret_cast<const char*>(narrow.data()), narrow.size() * sizeof(T)};
}

FeatureViews add_texts(const Texts& texts, GlbBuffers& buffers) {
  std::string all;
  std::vector<uint32_t> offsets{0};
  for (const std::string& text : texts) {
    all += text;
    offsets.push_back(static_cast<uint32_t>(all.size()));
  }
  FeatureViews views;
  views.values = buffers.add_bytes(all);
  const size_t last = all.size();
  views.offset_type = last <= 0xFF ? "UINT8" : last <= 0xFFFF ? "UINT16" : "UINT32";
  views.offsets = buffers.add_bytes(last <= 0xFF     ? bytes_of<uint8_t>(offsets)
                                    : last <= 0xFFFF ? bytes_of<uint16_t>(offsets)
                                                     : bytes_of<uint32_t>(offsets));
  return views;
}

FeatureViews add_numbers(const std::vector<std::optional<double>>& numbers, GlbBuffers& buffers) {
  std::vector<float> values;
  for (const auto& number : numbers) values.push_back(number ? static_cast<float>(*number) : no_number);
  return {buffers.add_bytes({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}), -1, ""};
}

void write_text(Writer& json, const char* key, const std::string& value) {
  json.Key(key);
  json.String(value.c_str(), static_cast<rapidjson::SizeType>(value.size()));
}

void write_property(Writer& json, const FeatureColumn& column) {
  const bool is_text = std::holds_alternative<Texts>(column.values);
  json.Key(column.name.c_str());
  json.StartObject();
  json.Key("type");
  json.String(is_text ? "STRING" : "SCALAR");
  if (!is_text) {
    json.Key("componentType");
    json.String("FLOAT32");
  }
  json.Key("noData");
  is_text ? json.String("") : json.Double(static_cast<double>(no_number));
  json.EndObject();
}

void write_schema(Writer& json, const FeatureTable& table) {
  json.Key("schema");
  json.StartObject();
  json.Key("id");
  json.String("cityloom");
  json.Key("classes");
  json.StartObject();
  json.Key(table.class_name().c_str());
  json.StartObject();
  json.Key("properties");
  json.StartObject();
  for (const FeatureColumn& column : table.columns()) write_property(json, column);
  json.EndObject();
  json.EndObject();
  json.EndObject();
  json.EndObject();
}

}  // namespace

std::vector<FeatureViews> add_feature_columns(const FeatureTable& table, GlbBuffers& buffers) {
  std::vector<FeatureViews> added;
  for (const FeatureColumn& column : table.columns()) {
    const auto* texts = std::get_if<Texts>(&column.values);
    added.push_back(texts != nullptr ? add_texts(*texts, buffers) : add_numbers(std::get<1>(column.values), buffers));
  }
  return added;
}

void write_feature_metadata(Writer& json, const FeatureTable& table, const std::vector<FeatureViews>& columns) {
  json.Key("EXT_structural_metadata");
  json.StartObject();
  write_schema(json, table);
  json.Key("propertyTables");
  json.StartArray();
  json.StartObject();
  write_text(json, "class", table.class_name());
  json.Key("count");
  json.Uint64(table.row_count());
  json.Key("properties");
  json.StartObject();
  for (size_t i = 0; i < columns.size(); ++i) {
    json.Key(table.columns()[i].name.c_str());
    json.StartObject();
    json.Key("values");
    json.Int(columns[i].values);
    if (columns[i].offsets >= 0) {
      json.Key("stringOffsets");
      json.Int(columns[i].offsets);
      json.Key("stringOffsetType");
      json.String(columns[i].offset_type);
    }
    json.EndObject();
  }
  json.EndObject();
  json.EndObject();
  json.EndArray();
  json.EndObject();
}

void write_feature_ids(Writer& json, size_t feature_count) {
  json.StartObject();
  json.Key("featureIds");
  json.StartArray();
  json.StartObject();
  json.Key("featureCount");
  json.Uint64(feature_count);
  json.Key("attribute");
  json.Int(0);
  json.Key("propertyTable");
  json.Int(0);
  json.EndObject();
  json.EndArray();
  json.EndObject();
}

}  // namespace cityloom::space

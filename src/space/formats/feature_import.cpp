// Types, ids and attributes of features.
#include "space/formats/feature_import.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "space/formats/underground_columns.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using twin::GeometryKind;
using twin::Value;

constexpr size_t json_depth_max = 60;
constexpr size_t json_bytes_max = 1u << 20;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

bool is_one_of(std::string_view word, auto... words) {
  return ((word == words) || ...);
}

// Whether a JSON text nests deeper than the record allows. Strings hold brackets too.
bool is_too_deep(std::string_view json) {
  size_t depth = 0;
  bool is_text = false;
  for (size_t i = 0; i < json.size(); ++i) {
    if (is_text) {
      if (json[i] == '\\')
        ++i;
      else if (json[i] == '"')
        is_text = false;
    } else if (json[i] == '"') {
      is_text = true;
    } else if (json[i] == '{' || json[i] == '[') {
      if (++depth > json_depth_max) return true;
    } else if (json[i] == '}' || json[i] == ']') {
      --depth;
    }
  }
  return false;
}

std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) {
    std::array<char, 40> written{};
    std::snprintf(written.data(), written.size(), "%.12g", *number);
    return written.data();
  }
  return {};
}

// A number, also where a table wrote it as text.
double number_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    const auto parsed = parse_number(*text);
    return parsed ? *parsed : unknown;
  }
  return twin::as_number(value);
}

std::string hash_text(const Feature& feature) {
  XXH3_state_t* const state = XXH3_createState();
  XXH3_64bits_reset(state);
  const auto take = [&](std::string_view text) { XXH3_64bits_update(state, text.data(), text.size()); };
  for (const auto& [key, value] : feature.properties) {
    take(key);
    take(text_of(value));
    if (const auto* json = std::get_if<twin::Json>(&value)) take(json->text);
    if (const auto* flag = std::get_if<bool>(&value)) take(*flag ? "t" : "f");
  }
  for (const auto* part : {&feature.geometry.area, &feature.geometry.lines, &feature.geometry.points}) {
    if (!*part) continue;
    for (const twin::Position& position : (*part)->positions) {
      const std::array<double, 3> numbers{position.longitude_deg, position.latitude_deg,
                                          position.has_height() ? position.height_m : -1e9};
      XXH3_64bits_update(state, numbers.data(), sizeof numbers);
    }
  }
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(XXH3_64bits_digest(state)));
  XXH3_freeState(state);
  return text.data();
}

bool is_building_property(std::string_view key) {
  return is_one_of(key, "building", "building:levels", "building_id", "buildingId", "bldg_id", "건물명", "건물용도",
                   "지상층수", "주용도", "GRND_FLR", "BULD_NM", "A16", "height", "measuredHeight");
}

}  // namespace

bool is_buried_type(std::string_view type) {
  return is_one_of(type, "Pipe", "Cable", "Tunnel", "Basement", "UndergroundStructure");
}

std::vector<std::pair<std::string, Value>> properties_of(const simdjson::dom::object& object,
                                                         const std::function<void(std::string)>& problem) {
  std::vector<std::pair<std::string, Value>> properties;
  for (const auto& [key, given] : object) {
    if (properties.size() == properties_max) {
      problem("it has more than 1000 properties: the others are left out");
      break;
    }
    Value value;
    switch (given.type()) {
      case simdjson::dom::element_type::NULL_VALUE:
        continue;
      case simdjson::dom::element_type::BOOL:
        value = bool(given);
        break;
      case simdjson::dom::element_type::INT64:
      case simdjson::dom::element_type::UINT64:
      case simdjson::dom::element_type::DOUBLE:
        value = twin::number_value(double(given));
        break;
      case simdjson::dom::element_type::STRING:
        value = std::string(std::string_view(given));
        break;
      default: {
        std::string json = simdjson::minify(given);
        if (json.size() > json_bytes_max || is_too_deep(json)) {
          problem("its property " + excerpt(key) + " is too large or nested too deep: left out");
          continue;
        }
        value = twin::Json{std::move(json)};
      }
    }
    properties.emplace_back(std::string(key), std::move(value));
  }
  return properties;
}

FeatureImport::FeatureImport(ImportBatch& batch) : batch_(batch), source_part_(source_part_of(batch.source())) {}

std::string FeatureImport::type_of(const Feature& feature) const {
  if (!batch_.options().type.empty()) return batch_.options().type;
  if (!feature.type.empty()) return feature.type;
  bool has_depth = false, has_pipe = false, is_building = false, is_utility = false;
  std::string_view network;
  for (const auto& [key, value] : feature.properties) {
    is_building = is_building || is_building_property(key);
    const auto meaning = buried_meaning_of(key);
    if (!meaning) continue;
    using C = BuriedColumn;
    has_depth =
        has_depth || meaning->column == C::depth || meaning->column == C::depth_min || meaning->column == C::depth_max;
    has_pipe = has_pipe || meaning->column == C::diameter || meaning->column == C::pressure;
    if (meaning->column == C::network) network = network_of(text_of(value));
    is_utility = is_utility || !network.empty();
  }
  if (feature.geometry.area) {
    if (is_utility && has_depth) return network == "transport" ? "Tunnel" : "UndergroundStructure";
    return is_building ? "Building" : "GeographicFeature";
  }
  // A depth alone may be that of a lake.
  if (feature.geometry.lines && ((has_depth && (has_pipe || is_utility)) || (has_pipe && is_utility))) {
    if (network == "transport") return "Tunnel";
    return is_one_of(network, "electricity", "telecom") && !has_pipe ? "Cable" : "Pipe";
  }
  if (feature.geometry.points && has_depth && is_utility) return "UndergroundStructure";
  return "GeographicFeature";
}

std::string FeatureImport::unique_id_part(const Feature& feature, const std::string& own) {
  const std::string part = source_part_ + "-" + own;
  std::string unique = part;
  for (size_t count = 2; !id_parts_.insert(unique).second; ++count) unique = part + "-" + std::to_string(count);
  if (unique != part && !feature.id.empty()) {
    batch_.warn(feature.object, "another has the same id \"" + excerpt(feature.id) + "\": this one is numbered");
  }
  return unique;
}

bool FeatureImport::state_buried(EntityStatement& statement, const std::string& key, const Value& value) {
  const auto meaning = buried_meaning_of(key);
  if (!meaning) return false;
  const std::string text = text_of(value);
  const double number = number_of(value);
  using C = BuriedColumn;
  switch (meaning->column) {
    case C::depth:
      depth_m_ = number * meaning->factor;
      return std::isfinite(number);
    case C::depth_min:
      depth_min_m_ = number * meaning->factor;
      return std::isfinite(number);
    case C::depth_max:
      depth_max_m_ = number * meaning->factor;
      return std::isfinite(number);
    case C::diameter:
      if (!(number > 0)) return false;
      statement.number("diameter", std::round(number * meaning->factor * 1e6) / 1e3, "MMT");
      return true;
    case C::width:
    case C::height:
      if (!(number > 0)) return false;
      statement.number(meaning->column == C::width ? "width" : "height", number * meaning->factor, "MTR");
      return true;
    case C::material:
      statement.text("material", text);
      return true;
    case C::installed:
      statement.text("installedAt", installation_date_of(text));
      return true;
    case C::owner:
      statement.text("owner", text);
      return true;
    case C::phone:
      statement.text("ownerPhone", text);
      return true;
    case C::network: {
      const std::string_view network = network_of(text);
      if (network.empty()) return false;
      statement.text("network", network);
      return network == text;
    }
    case C::pressure:
    case C::voltage:
      if (!std::isfinite(number)) return false;
      statement.number(meaning->column == C::pressure ? "pressure" : "voltage", number,
                       meaning->column == C::pressure ? "KPA" : "VLT");
      return true;
    case C::accuracy:
      statement.text("accuracyClass", accuracy_class_of(text));
      return true;
    case C::status:
      statement.text("status", text);
      return true;
  }
  return false;
}

void FeatureImport::state_property(EntityStatement& statement, const std::string& key, const Value& value,
                                   bool is_buried) {
  if (const auto* text = std::get_if<std::string>(&value); text != nullptr) {
    if (key == "name") return statement.name(*text);
    if (key.starts_with("name:") && is_language_tag(std::string_view(key).substr(5))) {
      return statement.name(*text, std::string_view(key).substr(5));
    }
  }
  if (is_buried && state_buried(statement, key, value)) return;
  const std::string name = attribute_name_of(key);
  if (name.empty()) return;
  if (const auto* text = std::get_if<std::string>(&value)) return statement.text(name, *text);
  if (const auto* flag = std::get_if<bool>(&value)) return statement.flag(name, *flag);
  if (const auto* json = std::get_if<twin::Json>(&value)) return statement.json(name, json->text);
  const bool is_height = name == "height" || name == "minHeight" || name == "roofHeight";
  statement.number(name, twin::as_number(value), is_height ? "MTR" : "");
}

// As city/city_export.cpp writes them.
void FeatureImport::state_exported(EntityStatement& statement, const Feature& feature, const std::string& key,
                                   const Value& value) const {
  // Only names that are names of attributes: anybody may write such a file.
  const std::string name = key == "name" ? key : attribute_name_of(key);
  if (name.empty()) return;
  const auto* text = std::get_if<std::string>(&value);
  const auto* json = std::get_if<twin::Json>(&value);
  using Kind = twin::AttributeKind;
  Kind kind = Kind::property;
  if (json != nullptr) kind = key == "name" ? Kind::language_property : Kind::json_property;
  const std::string_view shown = text != nullptr ? *text : json != nullptr ? json->text : std::string_view();
  if (shown.starts_with(text != nullptr ? "urn:ngsi-ld:" : "[\"urn:ngsi-ld:")) kind = Kind::relationship;
  const auto unit =
      std::find_if(feature.units.begin(), feature.units.end(), [&](const auto& one) { return one.first == key; });
  statement.add(batch_.term(name), kind, value, unit == feature.units.end() ? twin::Term() : batch_.unit(unit->second));
}

void FeatureImport::state_depths(EntityStatement& statement) {
  double least = depth_min_m_, greatest = depth_max_m_;
  if (least > greatest) std::swap(least, greatest);
  if (std::isfinite(depth_m_)) {
    statement.number("depth", depth_m_, "MTR");
  } else if (std::isfinite(least) && std::isfinite(greatest)) {
    statement.number("depth", (least + greatest) / 2, "MTR");
  }
  statement.number("depthMin", least, "MTR");
  statement.number("depthMax", greatest, "MTR");
}

base::Status FeatureImport::add(Feature feature) {
  const std::string type = type_of(feature);
  const bool is_buried = is_buried_type(type);
  const bool has_urn = feature.id.starts_with("urn:ngsi-ld:") && feature.id.size() <= 500;
  // Not by its number in the file: a row put in front would change all others.
  const std::string own = feature.id.empty() ? hash_text(feature) : feature.id;
  EntityStatement statement(batch_, type, has_urn ? "" : unique_id_part(feature, own), "feature " + excerpt(own));
  if (has_urn) {
    if (!id_parts_.insert(feature.id).second) {
      batch_.warn(feature.object, "another has the same id: this one is left out");
      return {};
    }
    statement.set_id("urn:ngsi-ld:" + id_part_of(std::string_view(feature.id).substr(12)));
  }
  for (const std::string& repair : feature.geometry.repairs) batch_.warn(feature.object, repair);
  if (auto* location = feature.geometry.main(); location != nullptr) {
    statement.geometry("location", std::move(**location));
    location->reset();
  } else {
    batch_.warn(feature.object, "it has no geometry: it is imported without a place");
  }
  if (feature.geometry.lines) statement.geometry("lines", std::move(*feature.geometry.lines));
  if (feature.geometry.points) statement.geometry("points", std::move(*feature.geometry.points));
  depth_m_ = depth_min_m_ = depth_max_m_ = unknown;
  for (const auto& [key, value] : feature.properties) {
    if (feature.is_exported)
      state_exported(statement, feature, key, value);
    else
      state_property(statement, key, value, is_buried);
  }
  if (is_buried) state_depths(statement);
  return statement.finish();
}

}  // namespace cityloom::space

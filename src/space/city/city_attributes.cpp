// Names that the twin has for itself; everything else stays findable under `genericAttributes`.
#include "space/city/city_attributes.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

constexpr size_t generic_max = 500;
constexpr size_t generic_bytes_max = 16'384;  // of one value
constexpr size_t text_bytes_max = 4'096;

struct FieldName {
  std::string_view source;
  std::string_view ours;
  bool is_number;
};
constexpr FieldName field_names[] = {
    {"class", "class", false},
    {"function", "function", false},
    {"usage", "usage", false},
    {"storeysAboveGround", "levels", true},
    {"storeysBelowGround", "levelsBelowGround", true},
    {"yearOfConstruction", "yearOfConstruction", true},
    {"yearOfDemolition", "yearOfDemolition", true},
    {"dateOfConstruction", "yearOfConstruction", true},
    {"dateOfDemolition", "yearOfDemolition", true},
    {"creationDate", "creationDate", false},
    {"terminationDate", "terminationDate", false},
    {"species", "species", false},
    {"trunkDiameter", "trunkDiameter", true},
    {"crownDiameter", "crownDiameter", true},
    {"averageHeight", "averageHeight", true},
    {"surfaceMaterial", "surfaceMaterial", false},
    {"conditionOfConstruction", "conditionOfConstruction", false},
    {"isMovable", "isMovable", false},
};

std::string text_of(const twin::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* whole = std::get_if<int64_t>(&value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) return number_text(*number);
  return {};
}

// 1994 of "1994" and of "1994-05-01".
twin::Value year_of(const twin::Value& value) {
  const std::string text = text_of(value);
  return value_of_text(text.size() >= 4 && text.find('-') == 4 ? std::string_view(text).substr(0, 4) : text, true);
}

bool take_special(CityObject& object, std::string_view name, const twin::Value& value) {
  if (name == "measuredHeight" || (name == "height" && object.type == "SolitaryVegetationObject")) {
    const double height_m = twin::as_number(value);
    if (!(height_m > 0) || height_m > 3'000) return false;
    if (!object.measured_height_m) object.measured_height_m = height_m;
    return true;
  }
  std::string* text = name == "name"          ? &object.name
                      : name == "description" ? &object.description
                      : name == "roofType"    ? &object.roof_type
                                              : nullptr;
  if (text == nullptr || text_of(value).empty()) return false;
  if (text->empty()) *text = excerpt(text_of(value), text_bytes_max);
  return true;
}

}  // namespace

std::string number_text(double number) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return {text, end};
}

std::string json_of(const twin::Value& value) {
  if (const auto* json = std::get_if<twin::Json>(&value)) return json->text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&value)) return json_string(*text);
  const std::string text = text_of(value);
  return text.empty() ? "null" : text;
}

std::string json_string(std::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {buffer.GetString(), buffer.GetSize()};
}

twin::Value value_of_text(std::string_view text, bool is_number) {
  if (is_number) {
    double number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && stop == text.data() + text.size() && std::isfinite(number)) {
      return twin::number_value(number);
    }
  }
  return std::string(text);
}

bool is_known_attribute(std::string_view name) {
  for (std::string_view special :
       {"measuredHeight", "height", "name", "description", "roofType", "genericAttributes"}) {
    if (name == special) return true;
  }
  return std::any_of(std::begin(field_names), std::end(field_names),
                     [&](const FieldName& field) { return field.source == name; });
}

void take_generic(CityObject& object, std::string_view name, std::string json) {
  if (json.size() > generic_bytes_max) json = json_string(excerpt(json, 200));
  const std::string key = json_string(excerpt(name, 200));
  const auto found =
      std::find_if(object.generic.begin(), object.generic.end(), [&](const auto& one) { return one.first == key; });
  if (found == object.generic.end()) {
    if (object.generic.size() < generic_max) object.generic.emplace_back(key, std::move(json));
    return;
  }
  if (found->second == json || found->second.size() > generic_bytes_max) return;
  if (found->second.starts_with("[")) {
    found->second.back() = ',';
    found->second += json + "]";
  } else {
    found->second = "[" + found->second + "," + json + "]";
  }
}

void take_attribute(CityObject& object, std::string_view name, twin::Value value) {
  if (twin::is_null(value)) return;
  if (take_special(object, name, value)) return;
  for (const FieldName& field : field_names) {
    if (field.source != name) continue;
    const auto known = [&](const auto& one) { return one.first == field.ours; };
    if (std::any_of(object.fields.begin(), object.fields.end(), known)) return;
    if (std::holds_alternative<twin::Json>(value)) break;
    const bool is_year = field.ours.starts_with("year");
    twin::Value taken = is_year ? year_of(value) : field.is_number ? value_of_text(text_of(value), true) : value;
    // 9999 stands for "not known" in many files.
    if (field.ours.starts_with("levels") && !(twin::as_number(taken) <= 300)) break;
    if (!field.is_number && !std::holds_alternative<bool>(taken)) taken = excerpt(text_of(value), text_bytes_max);
    object.fields.emplace_back(field.ours, std::move(taken));
    return;
  }
  take_generic(object, name, json_of(value));
}

void settle_category(CityObject& object) {
  for (const char* name : {"function", "usage", "class"}) {
    for (const auto& [field, value] : object.fields) {
      if (field != name || text_of(value).empty()) continue;
      object.fields.emplace_back("category", text_of(value));
      return;
    }
  }
}

std::string CityAddress::json() const {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  std::string street_address = street;
  if (!number.empty()) street_address += (street_address.empty() ? "" : " ") + number;
  if (street_address.empty()) street_address = text;
  const std::pair<const char*, const std::string*> members[] = {{"streetAddress", &street_address},
                                                                {"addressLocality", &locality},
                                                                {"postalCode", &postcode},
                                                                {"addressCountry", &country}};
  bool any = false;
  writer.StartObject();
  for (const auto& [key, value] : members) {
    if (value->empty()) continue;
    const std::string shown = excerpt(*value, text_bytes_max);
    writer.Key(key);
    writer.String(shown.data(), static_cast<rapidjson::SizeType>(shown.size()));
    any = true;
  }
  writer.EndObject();
  return any ? std::string(buffer.GetString(), buffer.GetSize()) : std::string();
}

}  // namespace cityloom::space

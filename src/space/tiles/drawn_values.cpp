// Lenient on purpose: anybody may write what is drawn, not only our importers.
#include "space/tiles/drawn_values.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace cityloom::space {
namespace {

// The string of a language, or the first of its strings.
std::string string_in(const nlohmann::ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_array() && !value.empty() && value[0].is_string() ? value[0].get<std::string>() : std::string();
}

}  // namespace

std::string text_of(const twin::Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : std::string();
}

std::optional<double> number_of(const twin::Value& value) {
  const double number = twin::as_number(value);
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::string shown_name_of(const twin::Attribute& attribute) {
  if (attribute.kind == twin::AttributeKind::property) return text_of(attribute.value);
  const auto* json = std::get_if<twin::Json>(&attribute.value);
  if (json == nullptr) return {};
  const auto names = nlohmann::ordered_json::parse(json->text, nullptr, false);
  if (!names.is_object()) return {};
  for (const char* language : {"@none", "ko", "en"}) {
    if (const auto found = names.find(language); found != names.end()) return string_in(*found);
  }
  return names.empty() ? std::string() : string_in(*names.begin());
}

}  // namespace cityloom::space

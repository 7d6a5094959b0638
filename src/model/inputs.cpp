// What a model is given is looked at once, here, so that no kernel sees anything that is not as it declared.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/instant.hpp"
#include "base/nearest.hpp"
#include "base/units.hpp"
#include "model/model.hpp"

namespace cityloom::model {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr size_t text_bytes_max = 4'096;
constexpr size_t series_points_max = 100'000;
constexpr size_t document_bytes_max = 8u << 20;

std::string number_text(double value) {
  return fmt::format("{}", value);
}

std::string bounds_text(const Input& input) {
  const bool low = std::isfinite(input.least), high = std::isfinite(input.greatest);
  std::string text = low && high ? fmt::format("from {} to {}", input.least, input.greatest)
                     : low       ? fmt::format("from {} up", input.least)
                     : high      ? fmt::format("up to {}", input.greatest)
                                 : "any";
  return text + (input.unit.empty() ? "" : " " + input.unit);
}

// {"value": 3, "unit": "in/h"}: the value in the unit of the declaration; anything else as it is.
Result<Json> in_own_unit(const Input& input, const Json& given) {
  if (!given.is_object() || !given.contains("value") || input.kind == Input::Kind::document || input.is_file())
    return given;
  const Json& value = given.at("value");
  const auto unit = given.find("unit");
  if (unit == given.end()) return value;
  if (!unit->is_string()) return fail(Code::invalid, "a unit is a text", input.name);
  const std::string name = unit->get<std::string>();
  if (name == input.unit) return value;
  const auto wrong = [&](const std::string& why) {
    return fail(Code::invalid, why, input.name, input.unit.empty() ? "leave the unit out" : "give it in " + input.unit);
  };
  if (input.unit.empty()) return wrong("it has no unit, and one was given: " + name.substr(0, 40));
  const auto way = base::conversion(name, input.unit);
  if (!way || !value.is_number()) return wrong("\"" + name.substr(0, 40) + "\" is no unit of what is asked for");
  return Json(value.get<double>() * way->scale + way->offset);
}

Result<Json> checked_number(const Input& input, const Json& value) {
  const bool is_whole = input.kind == Input::Kind::integer;
  if (!value.is_number() || !std::isfinite(value.get<double>()) ||
      (is_whole && value.get<double>() != std::floor(value.get<double>())))
    return fail(Code::invalid, is_whole ? "not a whole number" : "not a number", input.name, bounds_text(input));
  const double number = value.get<double>();
  if (number < input.least || number > input.greatest)
    return fail(Code::invalid, number_text(number) + " lies outside of what the model holds for", input.name,
                "give a number " + bounds_text(input));
  return is_whole ? Json(static_cast<int64_t>(number)) : value;
}

Result<Json> checked_series(const Input& input, const Json& value) {
  if (value.is_number()) return checked_number(input, value);
  const auto wrong = [&](const std::string& why) {
    return fail(Code::invalid, why, input.name, "give a number, or [[seconds, number], ...] with ascending seconds");
  };
  if (!value.is_array() || value.empty()) return wrong("neither a number nor a series");
  if (value.size() > series_points_max) return fail(Code::too_large, "over 100,000 points", input.name, "give fewer");
  double last_s = -std::numeric_limits<double>::infinity();
  for (const Json& point : value) {
    if (!point.is_array() || point.size() != 2 || !point[0].is_number() || !point[1].is_number())
      return wrong("a point is not a pair of numbers");
    const double time_s = point[0].get<double>();
    if (!(time_s > last_s) || !std::isfinite(time_s)) return wrong("its seconds do not ascend");
    last_s = time_s;
    if (const auto number = checked_number(input, point[1]); !number) return number.error();
  }
  return value;
}

Result<Json> checked_numbers(const Input& input, const Json& value) {
  if (!value.is_array()) return fail(Code::invalid, "not a list of numbers", input.name, "write [1.5, 2, ...]");
  if (value.size() > series_points_max) return fail(Code::too_large, "over 100,000 numbers", input.name, "give fewer");
  for (const Json& each : value) {
    if (const auto number = checked_number(input, each); !number) return number.error();
  }
  return value;
}

// OGC writes {"bbox": [...]}; both are taken.
Result<Json> checked_box(const Input& input, const Json& given) {
  const Json& value = given.is_object() && given.contains("bbox") ? given.at("bbox") : given;
  const auto wrong = [&] {
    return fail(Code::invalid, "not a box", input.name, "give [west, south, east, north] in degrees");
  };
  if (!value.is_array() || value.size() != 4) return wrong();
  for (const Json& edge : value) {
    if (!edge.is_number() || !std::isfinite(edge.get<double>())) return wrong();
  }
  const double west = value[0].get<double>(), south = value[1].get<double>();
  const double east = value[2].get<double>(), north = value[3].get<double>();
  if (!(west < east && south < north && west >= -180 && east <= 180 && south >= -90 && north <= 90)) return wrong();
  return value;
}

Result<Json> checked_text(const Input& input, const Json& value) {
  if (!value.is_string()) return fail(Code::invalid, "not a text", input.name);
  const std::string text = value.get<std::string>();
  if (text.size() > text_bytes_max)
    return fail(Code::too_large, fmt::format("longer than {} bytes", text_bytes_max), input.name);
  if (input.kind == Input::Kind::time) {
    if (!base::Instant::parse(text)) return fail(Code::invalid, "not a time", input.name, "write 2026-11-28T09:00:00Z");
  }
  const bool is_known = std::ranges::find(input.choices, text) != input.choices.end();
  if (input.kind == Input::Kind::choice && !is_known) {
    std::string all;
    for (const std::string& choice : input.choices) all += (all.empty() ? "" : ", ") + choice;
    return fail(Code::invalid, "there is no choice \"" + text.substr(0, 40) + "\"", input.name, "choose one of " + all);
  }
  return value;
}

Result<Json> checked_input(const Input& input, const Json& given) {
  auto own = in_own_unit(input, given);
  if (!own) return own.error();
  switch (input.kind) {
    case Input::Kind::number:
    case Input::Kind::integer:
      return checked_number(input, *own);
    case Input::Kind::boolean:
      return own->is_boolean() ? *own : Result<Json>(fail(Code::invalid, "neither true nor false", input.name));
    case Input::Kind::numbers:
      return checked_numbers(input, *own);
    case Input::Kind::series:
      return checked_series(input, *own);
    case Input::Kind::box:
      return checked_box(input, *own);
    case Input::Kind::text:
    case Input::Kind::choice:
    case Input::Kind::time:
      return checked_text(input, *own);
    case Input::Kind::terrain:
    case Input::Kind::features:
    case Input::Kind::table:
      if (!own->is_string()) return fail(Code::invalid, "not the name of a file", input.name);
      return *own;
    case Input::Kind::document:
      break;
  }
  if (own->dump().size() > document_bytes_max) return fail(Code::too_large, "over 8 MiB of JSON", input.name);
  return *own;
}

}  // namespace

Result<Json> checked_inputs(const Declaration& declaration, const Json& given) {
  if (!given.is_object())
    return fail(Code::invalid, "the inputs are not a JSON object", "inputs", "write {\"name\": value, ...}");
  std::vector<std::string> names;
  for (const Input& input : declaration.inputs) names.push_back(input.name);
  for (const auto& [name, value] : given.items()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    const std::string meant = base::nearest(name, names);
    return fail(Code::invalid, "the model " + declaration.id + " has no such input", name.substr(0, 100),
                meant.empty() ? "see its description" : "did you mean " + meant + "?");
  }
  Json inputs = Json::object();
  for (const Input& input : declaration.inputs) {
    const auto found = given.find(input.name);
    if (found == given.end() || found->is_null()) {
      if (input.fallback) inputs[input.name] = *input.fallback;
      if (input.fallback || !input.is_needed) continue;
      return fail(Code::invalid, "the model " + declaration.id + " needs it", input.name,
                  input.title.en.empty() ? "see its description" : "give it: " + input.title.en);
    }
    auto checked = checked_input(input, *found);
    if (!checked) return checked.error();
    inputs[input.name] = std::move(*checked);
  }
  return inputs;
}

}  // namespace cityloom::model

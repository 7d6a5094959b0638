#include "link/fields.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace cityloom::link {
namespace {

using base::Code;
using base::fail;

constexpr size_t steps_max = 32;
constexpr std::string_view key_path = "@key";

FieldValue value_of(simdjson::dom::element element) {
  switch (element.type()) {
    case simdjson::dom::element_type::NULL_VALUE:
      return Nothing{};
    case simdjson::dom::element_type::BOOL:
      return bool(element);
    case simdjson::dom::element_type::INT64:
      return int64_t(element);
    case simdjson::dom::element_type::UINT64:
      return static_cast<double>(uint64_t(element));
    case simdjson::dom::element_type::DOUBLE:
      return double(element);
    case simdjson::dom::element_type::STRING:
      return std::string(std::string_view(element));
    case simdjson::dom::element_type::ARRAY:
    case simdjson::dom::element_type::OBJECT:
      return twin::Json{simdjson::minify(element)};
  }
  return Absent{};
}

/// A view of one element of a parsed document.
class JsonFields final : public Fields {
 public:
  JsonFields(simdjson::dom::element root, simdjson::dom::element here, std::string key)
      : root_(root), here_(here), key_(std::move(key)) {}

  FieldValue find(const FieldPath& path) const override {
    if (path.text == key_path) return key_.empty() ? FieldValue{Absent{}} : FieldValue{key_};
    simdjson::dom::element found;
    return follow(path, found) ? value_of(found) : FieldValue{Absent{}};
  }

  std::optional<std::vector<std::unique_ptr<Fields>>> elements(const FieldPath& path, size_t limit) const override {
    simdjson::dom::element found;
    if (!follow(path, found)) return std::nullopt;
    std::vector<std::unique_ptr<Fields>> result;
    if (simdjson::dom::array array; found.get(array) == simdjson::SUCCESS) {
      for (const simdjson::dom::element element : array) {
        if (result.size() > limit) break;
        result.push_back(std::make_unique<JsonFields>(root_, element, std::to_string(result.size())));
      }
      return result;
    }
    if (simdjson::dom::object object; found.get(object) == simdjson::SUCCESS) {
      for (const auto member : object) {
        if (result.size() > limit) break;
        result.push_back(std::make_unique<JsonFields>(root_, member.value, std::string(member.key)));
      }
      return result;
    }
    return std::nullopt;
  }

 private:
  bool follow(const FieldPath& path, simdjson::dom::element& found) const {
    found = path.from_root ? root_ : here_;
    for (const FieldPath::Step& step : path.steps) {
      if (step.index) {
        simdjson::dom::array array;
        if (found.get(array) != simdjson::SUCCESS || array.at(*step.index).get(found) != simdjson::SUCCESS)
          return false;
      } else {
        simdjson::dom::object object;
        if (found.get(object) != simdjson::SUCCESS || object.at_key(step.name).get(found) != simdjson::SUCCESS) {
          return false;
        }
      }
    }
    return true;
  }

  simdjson::dom::element root_;
  simdjson::dom::element here_;
  std::string key_;
};

base::Error path_error(std::string_view text, size_t at, std::string_view what) {
  return fail(Code::invalid, fmt::format("the path '{}' is wrong at character {}: {}", text, at + 1, what), {},
              R"(write names with dots and [number], as in a.b[0].c, and odd names as ["a.b"])");
}

/// Reads `["name"]` or `[3]` at `at` and moves past it.
base::Result<FieldPath::Step> parse_bracket(std::string_view text, size_t& at) {
  const size_t start = at++;
  FieldPath::Step step;
  if (at < text.size() && text[at] == '"') {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      step.name += text[at];
    }
    ++at;
  } else {
    size_t index = 0;
    const size_t first = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && at - first < 9; ++at) {
      index = index * 10 + static_cast<size_t>(text[at] - '0');
    }
    if (at == first) return path_error(text, at, "a number or a quoted name must follow '['");
    step.index = index;
  }
  if (at >= text.size() || text[at] != ']') return path_error(text, start, "the '[' is not closed");
  ++at;
  return step;
}

}  // namespace

std::string text_of(const FieldValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* json = std::get_if<twin::Json>(&value)) return json->text;
  return std::holds_alternative<Nothing>(value) ? "null" : "";
}

base::Result<FieldPath> FieldPath::parse(std::string_view text) {
  FieldPath path;
  path.text = std::string(text);
  if (text.empty()) return path_error(text, 0, "it is empty");
  if (text == "." || text == key_path) return path;
  size_t at = 0;
  if (text == "$" || text.substr(0, 2) == "$." || text.substr(0, 2) == "$[") {
    path.from_root = true;
    at = 1;
    if (text == "$") return path;
    if (text[1] == '.') at = 2;
  }
  bool name_must_follow = true;
  while (at < text.size() || name_must_follow) {
    if (path.steps.size() == steps_max) {
      return fail(Code::too_complex, fmt::format("the path '{}' has more than {} steps", text, steps_max));
    }
    if (at < text.size() && text[at] == '[') {
      auto step = parse_bracket(text, at);
      if (!step) return step.error();
      path.steps.push_back(std::move(*step));
    } else {
      if (!name_must_follow) return path_error(text, at, "a '.' or '[' must stand here");
      const size_t end = std::min(text.find_first_of(".[", at), text.size());
      if (end == at) return path_error(text, at, "a name must stand here");
      path.steps.push_back({std::string(text.substr(at, end - at)), {}});
      at = end;
    }
    name_must_follow = at < text.size() && text[at] == '.';
    if (name_must_follow) ++at;
  }
  return path;
}

std::optional<std::vector<std::unique_ptr<Fields>>> Fields::elements(const FieldPath&, size_t) const {
  return std::nullopt;
}

struct JsonReader::Parts {
  simdjson::dom::parser parser{payload_bytes_max};
};

JsonReader::JsonReader() : parts_(std::make_unique<Parts>()) {
  // Sets the depth; later growth keeps it.
  [[maybe_unused]] const auto error = parts_->parser.allocate(1024, payload_depth_max);
  assert(error == simdjson::SUCCESS);
}
JsonReader::~JsonReader() = default;

base::Result<std::unique_ptr<Fields>> JsonReader::parse(std::string_view payload) {
  if (payload.size() > payload_bytes_max) {
    return fail(Code::too_large,
                fmt::format("the payload has {} bytes, at most {} are read", payload.size(), payload_bytes_max));
  }
  // An empty view may have no address, which simdjson must not be given.
  if (payload.empty()) return fail(Code::invalid, "the payload is empty");
  simdjson::dom::element root;
  const auto error = parts_->parser.parse(payload.data(), payload.size(), true).get(root);
  if (error == simdjson::DEPTH_ERROR) {
    return fail(Code::too_complex, fmt::format("the payload is nested deeper than {} levels", payload_depth_max));
  }
  if (error == simdjson::EMPTY) return fail(Code::invalid, "the payload is empty");
  if (error == simdjson::UTF8_ERROR) return fail(Code::invalid, "the payload is not UTF-8");
  if (error != simdjson::SUCCESS) {
    return fail(Code::invalid, fmt::format("the payload is not JSON: {}", simdjson::error_message(error)));
  }
  return std::unique_ptr<Fields>(std::make_unique<JsonFields>(root, root, std::string()));
}

void TextFields::set(std::string name, std::string text) {
  entries_.emplace_back(std::move(name), std::move(text));
}

FieldValue TextFields::find(const FieldPath& path) const {
  for (const auto& [name, text] : entries_) {
    if (name == path.text) return text;
  }
  return Absent{};
}

}  // namespace cityloom::link

#include "ngsi/body.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "ngsi/body_parts.hpp"

namespace cityloom::ngsi {
namespace {

base::Error refused(simdjson::error_code code, const BodyLimits& limits) {
  switch (code) {
    case simdjson::DEPTH_ERROR:
      return base::fail(base::Code::too_complex,
                        "the JSON is nested more than " + std::to_string(limits.depth_max) + " levels deep", "body");
    case simdjson::NUMBER_ERROR:
      return base::fail(base::Code::invalid, "a number is malformed, too large or not finite", "body",
                        "write numbers as JSON does, within the range of a double");
    case simdjson::UTF8_ERROR:
      return base::fail(base::Code::invalid, "the text is not valid UTF-8", "body");
    case simdjson::EMPTY:
      return base::fail(base::Code::invalid, "the body is empty", "body", "send a JSON document");
    case simdjson::STRING_ERROR:
      return base::fail(base::Code::invalid, "a text is malformed, or has half of a surrogate pair", "body",
                        "escape texts as JSON does");
    default:
      return base::fail(base::Code::invalid, std::string("not a JSON document: ") + simdjson::error_message(code),
                        "body");
  }
}

// The name of a member that an object holds twice. Which of the two was meant nobody can know (RFC 8259 clause 4).
std::optional<std::string_view> repeated_name(simdjson::dom::element value) {
  if (value.is_array()) {
    for (const auto item : simdjson::dom::array(value)) {
      if (const auto name = repeated_name(item)) return name;
    }
    return {};
  }
  if (!value.is_object()) return {};
  // Nearly all objects have few members, for which comparing each with each is the fastest.
  std::array<std::string_view, 12> few;
  size_t count = 0;
  std::unordered_set<std::string_view> many;
  for (const auto [name, member] : simdjson::dom::object(value)) {
    bool is_new = true;
    if (count < few.size()) {
      is_new = std::find(few.begin(), few.begin() + count, name) == few.begin() + count;
      few[count++] = name;
    } else {
      if (many.empty()) many.insert(few.begin(), few.end());
      is_new = many.insert(name).second;
    }
    if (!is_new) return name;
    if (const auto inner = repeated_name(member)) return inner;
  }
  return {};
}

}  // namespace

Body::Body(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Body::Body(Body&&) noexcept = default;
Body& Body::operator=(Body&&) noexcept = default;
Body::~Body() = default;

base::Result<Body> Body::read(std::string_view text, const BodyLimits& limits) {
  if (text.starts_with("\xef\xbb\xbf")) {
    return base::fail(base::Code::invalid, "the body begins with a byte order mark, which JSON does not allow", "body",
                      "send it as UTF-8 without one");
  }
  if (text.size() > limits.bytes_max) {
    return base::fail(base::Code::too_large, "the body has more than " + std::to_string(limits.bytes_max) + " bytes",
                      "body");
  }
  auto parts = std::make_unique<Parts>();
  simdjson::error_code error = parts->parser.allocate(std::max<size_t>(text.size(), 64), limits.depth_max);
  if (error == simdjson::SUCCESS) error = parts->parser.parse(simdjson::padded_string(text)).get(parts->root);
  if (error != simdjson::SUCCESS) return refused(error, limits);
  if (const auto name = repeated_name(parts->root)) {
    return base::fail(base::Code::invalid, "an object has two members of one name", std::string(name->substr(0, 100)),
                      "leave one of them out");
  }
  if (parts->root.is_array()) {
    const simdjson::dom::array array = parts->root;
    if (array.size() > limits.items_max) {
      return base::fail(base::Code::too_large, "more than " + std::to_string(limits.items_max) + " items", "body",
                        "send them in several requests");
    }
    for (const auto item : array) parts->items.push_back(item);
  } else {
    parts->items.push_back(parts->root);
  }
  return Body(std::move(parts));
}

bool Body::is_array() const {
  return parts_->root.is_array();
}
bool Body::is_object() const {
  return parts_->root.is_object();
}
size_t Body::items() const {
  return parts_->items.size();
}

std::optional<std::string> Body::context_json(size_t item) const {
  simdjson::dom::element value;
  if (item >= items() || parts_->items[item]["@context"].get(value) != simdjson::SUCCESS) return std::nullopt;
  return compact_json(value);
}

std::optional<std::string> Body::string_member(std::string_view name, size_t item) const {
  std::string_view value;
  if (item >= items() || parts_->items[item][name].get(value) != simdjson::SUCCESS) return std::nullopt;
  return std::string(value);
}

std::string compact_json(simdjson::dom::element value) {
  return simdjson::minify(value);
}

}  // namespace cityloom::ngsi

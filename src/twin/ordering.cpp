// Values that entities are ordered by, read from packed records.
#include "twin/ordering.hpp"

#include <simdjson.h>

#include <algorithm>

#include "twin/packed.hpp"

namespace cityloom::twin {
namespace {

using Element = simdjson::dom::element;
using Kind = OrderValue::Kind;

OrderValue instant_value(base::Instant instant) {
  if (!instant.exists()) return {};
  return {Kind::date_time, static_cast<double>(instant.microseconds), {}};
}

// A typed value {"@type": "DateTime", "@value": "..."}; nothing if the object is none.
std::optional<OrderValue> typed_value(const Element& object) {
  std::string_view type, text;
  if (object["@type"].get(type) != simdjson::SUCCESS || object["@value"].get(text) != simdjson::SUCCESS) return {};
  if (type.ends_with("DateTime")) {
    const auto instant = base::Instant::parse(text);
    return instant ? instant_value(*instant) : OrderValue{Kind::date_time, 0, std::string(text)};
  }
  if (type.ends_with("Date")) return OrderValue{Kind::date, 0, std::string(text)};
  if (type.ends_with("Time")) return OrderValue{Kind::time, 0, std::string(text)};
  return {};
}

OrderValue json_value(const Element& element) {
  switch (element.type()) {
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
    case simdjson::dom::element_type::DOUBLE:
      return {Kind::number, element.get_double(), {}};
    case simdjson::dom::element_type::STRING:
      return {Kind::string, 0, std::string(std::string_view(element.get_string()))};
    case simdjson::dom::element_type::BOOL:
      return {Kind::boolean, element.get_bool() ? 1.0 : 0.0, {}};
    case simdjson::dom::element_type::OBJECT:
      if (auto typed = typed_value(element)) return std::move(*typed);
      return {Kind::object, 0, simdjson::minify(element)};
    case simdjson::dom::element_type::ARRAY:
      return {Kind::array, 0, simdjson::minify(element)};
    case simdjson::dom::element_type::NULL_VALUE:
      return {Kind::null, 0, {}};
  }
  return {};
}

OrderValue json_value(std::string_view json, const std::vector<std::string>& path) {
  simdjson::dom::parser parser;
  Element element;
  if (parser.parse(json.data(), json.size()).get(element) != simdjson::SUCCESS) return {};
  for (const std::string& member : path) {
    Element inner;
    if (element[member].get(inner) != simdjson::SUCCESS) return {};
    element = inner;
  }
  return json_value(element);
}

OrderValue value_of(const AttributeView& view, const AttributePath& path) {
  using ValueKind = AttributeView::ValueKind;
  if (view.value_kind == ValueKind::json) return json_value(view.text, path.json_path);
  if (!path.json_path.empty()) return {};
  switch (view.value_kind) {
    case ValueKind::true_:
    case ValueKind::false_:
      return {Kind::boolean, view.value_kind == ValueKind::true_ ? 1.0 : 0.0, {}};
    case ValueKind::integer:
      return {Kind::number, static_cast<double>(view.integer), {}};
    case ValueKind::number:
      return {Kind::number, view.number, {}};
    case ValueKind::string:
      return {Kind::string, 0, std::string(view.text)};
    case ValueKind::geometry:
      return {Kind::object, 0, std::string(view.text)};
    default:
      return {Kind::null, 0, {}};
  }
}

// The instance of this name that counts; false: there is none.
bool find_instance(std::string_view attributes_bytes, Term name, AttributeView& found) {
  PackedAttributes all(attributes_bytes);
  bool has_any = false;
  for (AttributeView view; all.next(view);) {
    if (view.name != name || (has_any && view.dataset.exists())) continue;
    found = view;
    has_any = true;
    if (!view.dataset.exists()) break;
  }
  return has_any;
}

// Times that are members of an attribute and no sub-attributes.
std::optional<OrderValue> time_member(const AttributeView& view, Term member) {
  if (member == terms::observed_at) return instant_value(view.observed_at);
  if (member == terms::created_at) return instant_value(view.created_at);
  if (member == terms::modified_at) return instant_value(view.modified_at);
  return {};
}

}  // namespace

Sorter::Sorter(Ordering ordering, std::function<std::string_view(Term)> text_of)
    : ordering_(std::move(ordering)), text_of_(std::move(text_of)) {
  if (!ordering_.from) return;
  Query query;
  query.geo.emplace().reference = *ordering_.from;
  distance_ = std::make_unique<const Matcher>(std::move(query));
}

OrderValue Sorter::text_value(std::string_view text) const {
  return {Kind::string, 0, ordering_.collated ? ordering_.collated(text) : std::string(text)};
}

OrderValue Sorter::value(const EntityRecord& record, const OrderKey& key) const {
  if (key.of == OrderKey::Of::id) return text_value(record.id());
  if (key.of == OrderKey::Of::type) {
    const std::vector<Term> types = record.types();
    return types.empty() ? OrderValue{} : text_value(text_of_(types.front()));
  }
  if (key.of == OrderKey::Of::scope) {
    const std::vector<std::string> scopes = record.scopes();
    return scopes.empty() ? OrderValue{} : text_value(scopes.front());
  }
  const AttributePath& path = key.path;
  if (path.members.empty() && path.name == terms::created_at) return instant_value(record.created_at());
  if (path.members.empty() && path.name == terms::modified_at) return instant_value(record.modified_at());
  AttributeView view;
  if (!find_instance(record.attributes_bytes(), path.name, view)) return {};
  for (size_t depth = 0; depth < path.members.size(); ++depth) {
    const bool is_last = depth + 1 == path.members.size();
    if (const auto time = is_last ? time_member(view, path.members[depth]) : std::nullopt) return *time;
    const std::string_view members = view.members_bytes;
    if (members.empty() || !find_instance(members, path.members[depth], view)) return {};
  }
  if (key.by_distance && distance_ && view.value_kind == AttributeView::ValueKind::geometry) {
    const auto geometry = unpack_geometry(view.text);
    return geometry ? OrderValue{Kind::distance, distance_->distance_m(*geometry), {}} : OrderValue{};
  }
  OrderValue made = value_of(view, path);
  if (made.kind == Kind::string && ordering_.collated) made.text = ordering_.collated(made.text);
  return made;
}

std::vector<OrderValue> Sorter::values(const EntityRecord& record) const {
  std::vector<OrderValue> made;
  made.reserve(ordering_.keys.size());
  for (const OrderKey& key : ordering_.keys) made.push_back(value(record, key));
  return made;
}

bool Sorter::before(const std::vector<OrderValue>& left, const std::vector<OrderValue>& right) const {
  for (size_t i = 0; i < ordering_.keys.size(); ++i) {
    const OrderValue &a = left[i], &b = right[i];
    const bool a_absent = a.kind == Kind::absent, b_absent = b.kind == Kind::absent;
    if (a_absent != b_absent) return b_absent;
    const OrderValue &first = ordering_.keys[i].descending ? b : a, &second = ordering_.keys[i].descending ? a : b;
    if (first.kind != second.kind) return first.kind < second.kind;
    if (first.number != second.number) return first.number < second.number;
    if (first.text != second.text) return first.text < second.text;
  }
  return false;
}

}  // namespace cityloom::twin

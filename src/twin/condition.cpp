// Evaluation of conditions (NGSI-LD's q) on packed records.
#include <simdjson.h>

#include <algorithm>

#include "twin/packed.hpp"
#include "twin/query.hpp"

namespace cityloom::twin {
namespace {

using Element = simdjson::dom::element;

// What a path leads to, reduced to what literals can be compared with.
struct Operand {
  enum class Kind : uint8_t { none, boolean, number, string, instant };
  Kind kind = Kind::none;
  bool boolean = false;
  double number = 0;
  std::string_view text;
  base::Instant instant;
};

bool order_holds(Comparator comparator, std::partial_ordering order) {
  switch (comparator) {
    case Comparator::equal:
      return order == 0;
    case Comparator::not_equal:
      return order != 0;
    case Comparator::greater:
      return order > 0;
    case Comparator::greater_or_equal:
      return order >= 0;
    case Comparator::less:
      return order < 0;
    case Comparator::less_or_equal:
      return order <= 0;
    default:
      return false;
  }
}

// Unordered when the two are of kinds that cannot be compared.
std::partial_ordering compare(const Operand& operand, const Literal& literal) {
  if (const auto* boolean = std::get_if<bool>(&literal)) {
    return operand.kind == Operand::Kind::boolean && operand.boolean == *boolean ? std::partial_ordering::equivalent
                                                                                 : std::partial_ordering::unordered;
  }
  if (const auto* number = std::get_if<double>(&literal)) {
    return operand.kind == Operand::Kind::number ? operand.number <=> *number : std::partial_ordering::unordered;
  }
  if (const auto* text = std::get_if<std::string>(&literal)) {
    if (operand.kind != Operand::Kind::string) return std::partial_ordering::unordered;
    return operand.text.compare(*text) <=> 0;
  }
  const base::Instant instant = std::get<base::Instant>(literal);
  if (operand.kind == Operand::Kind::instant) return operand.instant <=> instant;
  if (operand.kind == Operand::Kind::string) {
    if (const auto parsed = base::Instant::parse(operand.text)) return *parsed <=> instant;
  }
  return std::partial_ordering::unordered;
}

bool equals(const Operand& operand, const std::variant<Literal, LiteralRange>& wanted) {
  if (const auto* literal = std::get_if<Literal>(&wanted)) return compare(operand, *literal) == 0;
  const auto& range = std::get<LiteralRange>(wanted);
  return compare(operand, range.from) >= 0 && compare(operand, range.to) <= 0;
}

bool holds(const Operand& operand, const Comparison& comparison) {
  if (!comparison.comparator) return true;
  switch (*comparison.comparator) {
    case Comparator::matches:
      return operand.kind == Operand::Kind::string && found_in(comparison.pattern, operand.text);
    case Comparator::not_matches:
      return operand.kind == Operand::Kind::string && !found_in(comparison.pattern, operand.text);
    case Comparator::equal:
      return std::any_of(comparison.operands.begin(), comparison.operands.end(),
                         [&](const auto& wanted) { return equals(operand, wanted); });
    case Comparator::not_equal:
      return std::none_of(comparison.operands.begin(), comparison.operands.end(),
                          [&](const auto& wanted) { return equals(operand, wanted); });
    default:
      break;
  }
  const auto* literal = comparison.operands.empty() ? nullptr : std::get_if<Literal>(&comparison.operands.front());
  return literal != nullptr && order_holds(*comparison.comparator, compare(operand, *literal));
}

// Whether "one of several values satisfies" means "all do": where none of them may be what is named (clause 4.9).
bool is_of_all(const Comparison& comparison) {
  return comparison.comparator == Comparator::not_equal || comparison.comparator == Comparator::not_matches;
}

// Of several values one must satisfy, or all.
template <class Values, class Holds>
bool several_hold(const Values& values, const Comparison& comparison, const Holds& one_holds) {
  return is_of_all(comparison) ? std::all_of(values.begin(), values.end(), one_holds)
                               : std::any_of(values.begin(), values.end(), one_holds);
}

// A JSON value satisfies if it does itself or, for an array, its elements do.
bool json_holds(const Element& element, const Comparison& comparison) {
  Operand operand;
  switch (element.type()) {
    case simdjson::dom::element_type::ARRAY: {
      if (!comparison.comparator) return true;
      const simdjson::dom::array array = element;
      return several_hold(array, comparison, [&](const Element& one) { return json_holds(one, comparison); });
    }
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
    case simdjson::dom::element_type::DOUBLE:
      operand.kind = Operand::Kind::number;
      operand.number = element.get_double();
      break;
    case simdjson::dom::element_type::STRING:
      operand.kind = Operand::Kind::string;
      operand.text = element.get_string();
      break;
    case simdjson::dom::element_type::BOOL:
      operand.kind = Operand::Kind::boolean;
      operand.boolean = element.get_bool();
      break;
    default:
      break;
  }
  return holds(operand, comparison);
}

bool json_path_holds(std::string_view json, const Comparison& comparison, bool language) {
  simdjson::dom::parser parser;
  Element element;
  if (parser.parse(json.data(), json.size()).get(element) != simdjson::SUCCESS) return false;
  const auto& path = comparison.path.json_path;
  if (language && (path.empty() || (path.size() == 1 && path[0] == "*"))) {
    simdjson::dom::object tags;
    if (element.get(tags) != simdjson::SUCCESS) return false;
    return several_hold(tags, comparison, [&](const auto& tag) { return json_holds(tag.value, comparison); });
  }
  for (const std::string& member : path) {
    Element inner;
    if (element[member].get(inner) != simdjson::SUCCESS) return false;
    element = inner;
  }
  return json_holds(element, comparison);
}

// Clause 4.9: what relationships lead to is the same or is not; no other comparison holds.
bool fits_kind(AttributeKind kind, const Comparison& comparison) {
  if (kind != AttributeKind::relationship && kind != AttributeKind::list_relationship) return true;
  return !comparison.comparator || comparison.comparator == Comparator::equal ||
         comparison.comparator == Comparator::not_equal;
}

bool value_holds(const AttributeView& view, const Comparison& comparison) {
  using ValueKind = AttributeView::ValueKind;
  if (!fits_kind(view.kind, comparison)) return false;
  const bool is_json = view.value_kind == ValueKind::json;
  if (!comparison.path.json_path.empty() || (is_json && comparison.comparator)) {
    return is_json && json_path_holds(view.text, comparison, view.kind == AttributeKind::language_property);
  }
  Operand operand;
  switch (view.value_kind) {
    case ValueKind::true_:
    case ValueKind::false_:
      operand.kind = Operand::Kind::boolean;
      operand.boolean = view.value_kind == ValueKind::true_;
      break;
    case ValueKind::integer:
      operand.kind = Operand::Kind::number;
      operand.number = static_cast<double>(view.integer);
      break;
    case ValueKind::number:
      operand.kind = Operand::Kind::number;
      operand.number = view.number;
      break;
    case ValueKind::string:
      operand.kind = Operand::Kind::string;
      operand.text = view.text;
      break;
    default:
      break;
  }
  return holds(operand, comparison);
}

bool instant_holds(base::Instant instant, const Comparison& comparison) {
  Operand operand;
  operand.kind = Operand::Kind::instant;
  operand.instant = instant;
  return instant.exists() && holds(operand, comparison);
}

// The members of an attribute that are no sub-attributes, by the last part of a path.
bool system_member_holds(const AttributeView& view, Term member, const Comparison& comparison) {
  if (member == terms::observed_at) return instant_holds(view.observed_at, comparison);
  if (member == terms::created_at) return instant_holds(view.created_at, comparison);
  if (member == terms::modified_at) return instant_holds(view.modified_at, comparison);
  return false;
}

// Units and datasets are terms: equal, not equal, or just there; else their texts are looked at.
bool term_holds(Term term, const Comparison& comparison) {
  if (!term.exists()) return false;
  if (!comparison.comparator) return true;
  if (comparison.operand_terms.empty()) {
    Operand operand;
    operand.kind = Operand::Kind::string;
    operand.text = comparison.terms->text(term);
    return holds(operand, comparison);
  }
  const auto& wanted = comparison.operand_terms;
  const bool is_one_of_them = std::find(wanted.begin(), wanted.end(), term) != wanted.end();
  return is_one_of_them == (comparison.comparator == Comparator::equal);
}

bool attribute_holds(const AttributeView& view, const Comparison& comparison) {
  switch (comparison.path.about) {
    case AttributePath::About::unit:
      return term_holds(view.unit, comparison);
    case AttributePath::About::dataset:
      return term_holds(view.dataset, comparison);
    case AttributePath::About::value:
      break;
  }
  return value_holds(view, comparison);
}

bool path_holds(std::string_view attributes_bytes, const Comparison& comparison, Term name, size_t depth) {
  PackedAttributes all(attributes_bytes);
  for (AttributeView view; all.next(view);) {
    if (view.name != name) continue;
    if (depth == comparison.path.members.size()) {
      if (attribute_holds(view, comparison)) return true;
      continue;
    }
    const Term member = comparison.path.members[depth];
    if (depth + 1 == comparison.path.members.size() && system_member_holds(view, member, comparison)) return true;
    if (path_holds(view.members_bytes, comparison, member, depth + 1)) return true;
  }
  return false;
}

bool comparison_holds(const EntityRecord& record, const Comparison& comparison) {
  const AttributePath& path = comparison.path;
  if (path.members.empty() && path.name == terms::created_at) return instant_holds(record.created_at(), comparison);
  if (path.members.empty() && path.name == terms::modified_at) return instant_holds(record.modified_at(), comparison);
  return path_holds(record.attributes_bytes(), comparison, path.name, 0);
}

// The entity of an id: empty if there is none, or if no more may be looked up.
EntityRecord look_up(Linked& linked, std::string_view id) {
  if (!linked.status.ok()) return {};
  if (linked.left == 0) {
    linked.status = base::fail(base::Code::too_complex, "the query looks up too many linked entities", "q",
                               "narrow it by type, id or attributes of the entity itself");
    return {};
  }
  --linked.left;
  auto found = linked.find(id);
  if (!found.ok()) linked.status = found.error();
  return found.ok() ? std::move(*found) : EntityRecord();
}

bool target_holds(std::string_view id, const Condition& condition, Linked& linked) {
  const EntityRecord target = look_up(linked, id);
  return target && !target.ended() && satisfies(target, condition.types) &&
         satisfies(target, condition.children.front(), &linked);
}

// Whether one of the entities that a relationship, or a list of them, leads to satisfies the condition.
bool view_leads_to(const AttributeView& view, const Condition& condition, Linked& linked) {
  if (view.kind != AttributeKind::relationship && view.kind != AttributeKind::list_relationship) return false;
  if (view.value_kind == AttributeView::ValueKind::string) return target_holds(view.text, condition, linked);
  if (view.value_kind != AttributeView::ValueKind::json) return false;
  simdjson::dom::parser parser;
  simdjson::dom::array ids;
  if (parser.parse(view.text.data(), view.text.size()).get(ids) != simdjson::SUCCESS) return false;
  return std::any_of(ids.begin(), ids.end(), [&](const Element& element) {
    std::string_view id;
    return element.get(id) == simdjson::SUCCESS && target_holds(id, condition, linked);
  });
}

bool leads_to(const EntityRecord& record, const Condition& condition, Linked* linked) {
  if (linked == nullptr) return false;
  PackedAttributes all(record.attributes_bytes());
  for (AttributeView view; all.next(view);) {
    if (view.name == condition.comparison.path.name && view_leads_to(view, condition, *linked)) return true;
  }
  return false;
}

}  // namespace

unsigned links_of(const Condition& condition) {
  unsigned links = 0;
  for (const Condition& child : condition.children) links = std::max(links, links_of(child));
  return links + (condition.kind == Condition::Kind::linked ? 1 : 0);
}

bool satisfies(const EntityRecord& record, const Condition& condition, Linked* linked) {
  const auto child_holds = [&](const Condition& child) { return satisfies(record, child, linked); };
  switch (condition.kind) {
    case Condition::Kind::all:
      return std::all_of(condition.children.begin(), condition.children.end(), child_holds);
    case Condition::Kind::any:
      return std::any_of(condition.children.begin(), condition.children.end(), child_holds);
    case Condition::Kind::linked:
      return leads_to(record, condition, linked);
    case Condition::Kind::comparison:
      break;
  }
  return comparison_holds(record, condition.comparison);
}

}  // namespace cityloom::twin

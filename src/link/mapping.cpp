#include "link/mapping.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "link/text.hpp"
#include "link/value_rule.hpp"
#include "ngsi/context.hpp"

namespace cityloom::link {
namespace {

using base::Code;
using base::fail;

constexpr size_t refusals_of_message_max = 20;

/// An attribute rule with its names as terms.
struct BoundAttribute {
  const AttributeRule* rule = nullptr;
  twin::Term name;
  twin::Term unit;
  twin::Term dataset;  // when the rule's is constant
  std::vector<BoundAttribute> members;
  bool states_source = false;  // it says itself who provided it
};

struct BoundMapping {
  const Mapping* mapping = nullptr;
  std::vector<twin::Term> types;
  std::vector<BoundAttribute> attributes;
  bool needs_message = false;  // something in it comes from the message
};

/// The short end of an IRI, for reasons.
std::string_view short_name(std::string_view name) {
  const size_t cut = name.find_last_of("/#");
  return cut == std::string_view::npos ? name : name.substr(cut + 1);
}

base::Result<BoundAttribute> bind_attribute(const AttributeRule& rule, twin::TermTable& terms,
                                            std::string_view source_name) {
  BoundAttribute bound;
  bound.rule = &rule;
  auto name = terms.intern(rule.name);
  if (!name) return name.error();
  bound.name = *name;
  if (!rule.unit.empty()) {
    auto unit = terms.intern(rule.unit);
    if (!unit) return unit.error();
    bound.unit = *unit;
  }
  if (rule.dataset && rule.dataset->is_constant()) {
    auto dataset = terms.intern(rule.dataset->text());
    if (!dataset) return dataset.error();
    bound.dataset = *dataset;
  }
  for (const AttributeRule& member : rule.members) {
    auto made = bind_attribute(member, terms, source_name);
    if (!made) return made.error();
    bound.states_source = bound.states_source || member.name == source_name;
    bound.members.push_back(std::move(*made));
  }
  return bound;
}

}  // namespace

struct Mapper::Parts {
  std::vector<Mapping> mappings;
  twin::TermTable* terms = nullptr;
  std::vector<BoundMapping> bound;
  twin::Attribute provided_by;  // no name: none is set
  uint32_t terms_from_payload = 0;
  JsonReader json;

  struct Element {
    const BoundMapping& bound;
    const Captures& captures;
    const Fields& fields;
    base::Instant received_at;
    base::Instant observed_at;  // by the mapping's rule
  };

  void map_entities(const BoundMapping& one, const Captures& captures, const Fields& fields, base::Instant received_at,
                    Mapped& mapped);
  void map_entity(Element element, Mapped& mapped);
  base::Status describe(const Element& element, thread::Change& change) const;
  base::Result<base::Instant> time_of(const TimeRule& rule, const Element& element) const;
  base::Result<std::optional<twin::Attribute>> make(const BoundAttribute& attribute, const Element& element,
                                                    bool is_member);
  base::Result<twin::Term> dataset_of(const BoundAttribute& attribute, const Element& element);
};

base::Result<base::Instant> Mapper::Parts::time_of(const TimeRule& rule, const Element& element) const {
  switch (rule.source) {
    case TimeRule::Source::inherit:
    case TimeRule::Source::absent:
      break;
    case TimeRule::Source::received:
      return element.received_at;
    case TimeRule::Source::field:
      return rule.format.parse(element.fields.find(rule.field));
  }
  return base::Instant::none();
}

base::Result<twin::Term> Mapper::Parts::dataset_of(const BoundAttribute& attribute, const Element& element) {
  if (!attribute.rule->dataset || attribute.rule->dataset->is_constant()) return attribute.dataset;
  auto text = attribute.rule->dataset->fill(element.captures, element.fields, Template::Escape::uri);
  if (!text) return text.error();
  const twin::Term known = terms->find(*text);
  if (known != twin::Term::unknown()) return known;
  if (terms_from_payload >= terms_from_payload_max) {
    return fail(Code::too_large, fmt::format("the link has made {} data set ids already; '{}' is one too many",
                                             terms_from_payload_max, *text));
  }
  ++terms_from_payload;
  return terms->intern(*text);
}

/// Nothing when the message has no value for it; an Error when it has one that cannot be taken.
base::Result<std::optional<twin::Attribute>> Mapper::Parts::make(const BoundAttribute& attribute,
                                                                 const Element& element, bool is_member) {
  const AttributeRule& rule = *attribute.rule;
  auto value = value_of(rule, element.captures, element.fields);
  if (!value) return value.error();
  if (!value->has_value()) return std::optional<twin::Attribute>{};
  twin::Attribute made;
  made.name = attribute.name;
  made.kind = rule.kind;
  made.value = std::move(**value);
  made.unit = attribute.unit;
  auto dataset = dataset_of(attribute, element);
  if (!dataset) return dataset.error();
  made.dataset = *dataset;
  if (rule.observed_at.source == TimeRule::Source::inherit) {
    if (!is_member && is_from_message(rule)) made.observed_at = element.observed_at;
  } else {
    auto time = time_of(rule.observed_at, element);
    if (!time) return time.error();
    made.observed_at = *time;
  }
  for (const BoundAttribute& member : attribute.members) {
    auto sub = make(member, element, true);
    if (!sub) return fail(Code::invalid, fmt::format("{}: {}", short_name(member.rule->name), sub.error().what));
    if (sub->has_value()) {
      made.members.push_back(std::move(**sub));
    } else if (member.rule->required) {
      return fail(Code::invalid, fmt::format("{} is required and has no value", short_name(member.rule->name)));
    }
  }
  if (!is_member && provided_by.name.exists() && !attribute.states_source) made.members.push_back(provided_by);
  return std::optional<twin::Attribute>{std::move(made)};
}

/// Id, types and scopes.
base::Status Mapper::Parts::describe(const Element& element, thread::Change& change) const {
  const Mapping& mapping = *element.bound.mapping;
  auto id = mapping.entity_id.fill(element.captures, element.fields, Template::Escape::uri);
  if (!id) return fail(Code::invalid, "no entity id: " + id.error().what);
  if (id->size() > twin::entity_id_bytes_max) return fail(Code::too_large, "the entity id is longer than 2048 bytes");
  change.kind = thread::Change::Kind::create_or_append;
  change.only_differences = true;  // a message that a broker sends twice changes nothing the second time
  change.entity_id = std::move(*id);
  change.types = element.bound.types;
  for (const Template& scope : mapping.scopes) {
    auto filled = scope.fill(element.captures, element.fields, Template::Escape::none);
    if (!filled) return fail(Code::invalid, "no scope: " + filled.error().what);
    change.scopes.push_back(std::move(*filled));
  }
  return {};
}

void Mapper::Parts::map_entity(Element element, Mapped& mapped) {
  const auto refuse = [&](std::string reason, bool whole) {
    if (mapped.refusals.size() < refusals_of_message_max) mapped.refusals.push_back({std::move(reason), whole});
  };
  thread::Change change;
  if (auto described = describe(element, change); !described) return refuse(described.error().what, true);
  auto time = time_of(element.bound.mapping->observed_at, element);
  if (!time) return refuse("no observed time: " + time.error().what, true);
  element.observed_at = *time;

  bool has_message = false;
  bool has_refusal = false;
  for (const BoundAttribute& attribute : element.bound.attributes) {
    const std::string_view name = short_name(attribute.rule->name);
    auto made = make(attribute, element, false);
    const bool has_value = made.ok() && made->has_value();
    if (attribute.rule->required && !has_value) {
      return refuse(fmt::format("{} is required: {}", name, made.ok() ? "the message has no value" : made.error().what),
                    true);
    }
    if (!made.ok()) {
      refuse(fmt::format("{}: {}", name, made.error().what), false);
      has_refusal = true;
    }
    if (!has_value) continue;
    has_message = has_message || is_from_message(*attribute.rule);
    change.attributes.push_back(std::move(**made));
  }
  if (element.bound.needs_message && !has_message) {
    if (!has_refusal) refuse("the message has a value for none of the attributes that the mapping names", true);
    return;
  }
  mapped.changes.push_back(std::move(change));
}

void Mapper::Parts::map_entities(const BoundMapping& one, const Captures& captures, const Fields& fields,
                                 base::Instant received_at, Mapped& mapped) {
  if (!one.mapping->each) return map_entity({one, captures, fields, received_at, {}}, mapped);
  const auto elements = fields.elements(*one.mapping->each, elements_max);
  if (!elements || elements->size() > elements_max) {
    mapped.refusals.push_back(
        {elements ? fmt::format("'{}' has more than {} elements", one.mapping->each->text, elements_max)
                  : fmt::format("the message has no array '{}'", one.mapping->each->text),
         true});
    return;
  }
  for (const auto& element : *elements) map_entity({one, captures, *element, received_at, {}}, mapped);
}

base::Result<Mapper> Mapper::bind(std::vector<Mapping> mappings, twin::TermTable& terms, std::string provided_by) {
  auto parts = std::make_unique<Parts>();
  parts->mappings = std::move(mappings);
  parts->terms = &terms;
  const std::string source_name = expand_name("providedBy");
  if (!provided_by.empty()) {
    auto name = terms.intern(source_name);
    if (!name) return name.error();
    parts->provided_by.name = *name;
    parts->provided_by.value = std::move(provided_by);
  }
  for (const Mapping& mapping : parts->mappings) {
    BoundMapping bound;
    bound.mapping = &mapping;
    for (const std::string& type : mapping.types) {
      auto term = terms.intern(type);
      if (!term) return term.error();
      bound.types.push_back(*term);
    }
    for (const AttributeRule& rule : mapping.attributes) {
      auto made = bind_attribute(rule, terms, source_name);
      if (!made) return made.error();
      bound.attributes.push_back(std::move(*made));
      bound.needs_message = bound.needs_message || is_from_message(rule);
    }
    parts->bound.push_back(std::move(bound));
  }
  return Mapper(std::move(parts));
}

Mapper::Mapper(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Mapper::Mapper(Mapper&&) noexcept = default;
Mapper& Mapper::operator=(Mapper&&) noexcept = default;
Mapper::~Mapper() = default;

Mapped Mapper::map(std::string_view topic, std::string_view payload, base::Instant received_at) {
  Mapped mapped;
  base::Result<std::unique_ptr<Fields>> fields = std::unique_ptr<Fields>();
  bool is_known = false;
  for (const BoundMapping& one : parts_->bound) {
    Captures captures;
    const auto& topics = one.mapping->topics;
    if (!topics.empty() && std::none_of(topics.begin(), topics.end(),
                                        [&](const TopicPattern& pattern) { return pattern.match(topic, captures); })) {
      continue;
    }
    is_known = true;
    if (one.mapping->is_text) {
      if (payload.size() > payload_bytes_max || !simdjson::validate_utf8(payload.data(), payload.size())) {
        mapped.refusals.push_back({"the payload is too long or not UTF-8", true});
        return mapped;
      }
      TextFields text;
      text.set(".", std::string(payload));
      parts_->map_entities(one, captures, text, received_at, mapped);
      continue;
    }
    if (fields.ok() && *fields == nullptr) fields = parts_->json.parse(payload);
    if (!fields.ok()) {
      mapped.refusals.push_back({fields.error().what, true});
      return mapped;
    }
    parts_->map_entities(one, captures, **fields, received_at, mapped);
  }
  if (!is_known)
    mapped.refusals.push_back({fmt::format("no mapping is for the topic '{}'", sample_of(topic, 200)), true});
  return mapped;
}

Mapped Mapper::map(const Fields& fields, base::Instant received_at) {
  Mapped mapped;
  for (const BoundMapping& one : parts_->bound) parts_->map_entities(one, {}, fields, received_at, mapped);
  return mapped;
}

std::string expand_name(std::string_view name) {
  return ngsi::Context::core()->expand(name);
}

}  // namespace cityloom::link

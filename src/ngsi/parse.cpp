#include "ngsi/parse.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "ngsi/attribute_reader.hpp"
#include "ngsi/body_parts.hpp"
#include "ngsi/json.hpp"
#include "ngsi/past_scope.hpp"

namespace cityloom::ngsi {
namespace {

using Element = simdjson::dom::element;
using Kind = thread::Change::Kind;

bool needs_type(Kind kind) {
  switch (kind) {
    case Kind::create:
    case Kind::replace:
    case Kind::create_or_replace:
    case Kind::create_or_append:
    case Kind::create_or_merge:
      return true;
    default:
      return false;
  }
}

// Of instances of the past with the same time, the one that stands last in the document counts. Errors: invalid,
// several without a time cannot be told apart.
base::Status take_last_of_each_time(std::vector<twin::Attribute>& attributes) {
  const auto key = [](const twin::Attribute& one) { return std::tie(one.name, one.dataset, one.observed_at); };
  std::map<twin::Term, size_t> places;  // attributes stay in the order in which they stand
  for (const twin::Attribute& one : attributes) places.try_emplace(one.name, places.size());
  std::stable_sort(attributes.begin(), attributes.end(), [&](const auto& left, const auto& right) {
    return std::tuple(places[left.name], left.dataset, left.observed_at) <
           std::tuple(places[right.name], right.dataset, right.observed_at);
  });
  std::vector<twin::Attribute> kept;
  for (twin::Attribute& one : attributes) {
    if (kept.empty() || key(kept.back()) != key(one)) {
      kept.push_back(std::move(one));
      continue;
    }
    if (!one.observed_at.exists()) {
      return base::fail(base::Code::invalid, "several instances of an attribute without observedAt", "body",
                        "give each instance the time at which it was observed");
    }
    kept.back() = std::move(one);
  }
  attributes = std::move(kept);
  return {};
}

// The members of an entity document, taken one by one into a change.
class EntityReader {
 public:
  EntityReader(const ChangeForm& form, const Context& context, twin::TermTable& terms)
      : form_(form), context_(context), attributes_(form, context, terms) {
    change_.kind = form.kind;
    change_.entity_id = form.entity_id;
  }

  base::Result<thread::Change> read(Element element) {
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      return base::fail(base::Code::invalid, "an entity is a JSON object", "body");
    }
    // An attribute is large: growing step by step would move them all again and again.
    change_.attributes.reserve(std::min(object.size(), twin::attributes_max));
    for (const auto [name, value] : object) {
      if (base::Status status = member(name, value); !status) return status.error();
    }
    if (change_.entity_id.empty()) return base::fail(base::Code::invalid, "the entity has no id", "id");
    if (change_.types.empty() && needs_type(form_.kind)) {
      return base::fail(base::Code::invalid, "the entity has no type", "type");
    }
    if (form_.kind == Kind::state_past) {
      if (base::Status status = take_last_of_each_time(change_.attributes); !status) return status.error();
    }
    return std::move(change_);
  }

 private:
  base::Status member(std::string_view name, Element value) {
    const JsonPath at{nullptr, name};
    if (name == "@context" || name == "createdAt" || name == "modifiedAt" || name == "deletedAt") return {};
    if (name == "id" || name == "@id") return id(value, at);
    if (name == "type" || name == "@type") return types(value, at);
    if (name == "scope") return scopes(value, at);
    if (name == "expiresAt") return expires_at(value, at);
    if (const TermDefinition* definition = context_.find(name)) {
      if (definition->iri == "@id") return id(value, at);
      if (definition->iri == "@type") return types(value, at);
    }
    if (base::Status status = attributes_.read(name, value, at, change_.attributes); !status) return status;
    if (change_.attributes.size() <= twin::attributes_max) return {};
    return base::fail(base::Code::too_large,
                      "the entity has more than " + std::to_string(twin::attributes_max) + " attributes", at.text());
  }

  base::Status id(Element value, const JsonPath& at) {
    const auto text = read_string(value, at);
    if (!text) return text.error();
    if (!is_uri(*text) || *text == ngsi_ld_null)
      return bad("an entity's id is a URI", at, "for instance urn:ngsi-ld:Building:1");
    if (text->size() > twin::entity_id_bytes_max) {
      return base::fail(base::Code::too_large,
                        "the id has more than " + std::to_string(twin::entity_id_bytes_max) + " bytes", at.text());
    }
    if (!form_.entity_id.empty() && *text != form_.entity_id) return bad("is another entity's id than the URL's", at);
    change_.entity_id = *text;
    return {};
  }

  base::Status types(Element value, const JsonPath& at) {
    const auto names = read_strings(value, at);
    if (!names) return names.error();
    for (const std::string_view name : *names) {
      if (!is_name(name) || name == ngsi_ld_null)
        return bad("not the name of a type: " + std::string(name.substr(0, 60)), at);
      const std::string iri = context_.expand_type(name);
      if (iri.empty()) return bad("means nothing in this @context", at);
      const auto term = attributes_.intern(iri, at);
      if (!term) return term.error();
      if (std::find(change_.types.begin(), change_.types.end(), *term) == change_.types.end())
        change_.types.push_back(*term);
    }
    return {};
  }

  // The past of a scope is that of a Property (clause 4.5.6): the last of its instances counts.
  static Element last_value(Element value) {
    simdjson::dom::array instances;
    Element last = value;
    if (value.get(instances) == simdjson::SUCCESS) {
      for (const Element instance : instances) last = instance;
    }
    Element inner;
    return last.is_object() && last["value"].get(inner) == simdjson::SUCCESS ? inner : value;
  }

  // An instance that tells its time is kept as one of the past; the last of them is what the entity is said to have.
  base::Status past_scopes(Element given, const JsonPath& at) {
    simdjson::dom::array instances;
    if (given.get(instances) == simdjson::SUCCESS) {
      int64_t index = 0;
      for (const Element instance : instances) {
        if (base::Status status = past_scope(instance, {&at, {}, index++}); !status) return status;
      }
      return {};
    }
    return past_scope(given, at);
  }

  base::Status past_scope(Element instance, const JsonPath& at) {
    Element value, time;
    if (!instance.is_object() || instance["observedAt"].get(time) != simdjson::SUCCESS ||
        instance["value"].get(value) != simdjson::SUCCESS)
      return {};
    const auto name = attributes_.intern(scope_iri, at);
    if (!name) return name.error();
    const auto observed_at = read_time(time, {&at, "observedAt"});
    if (!observed_at) return observed_at.error();
    const auto texts = read_strings(value, {&at, "value"});
    if (!texts) return texts.error();
    std::string json = "[";
    for (const std::string_view text : *texts) {
      if (text != ngsi_ld_null && !is_scope(text)) return bad("not a scope", at, "write it as /Seoul/Songpa");
      if (json.size() > 1) json += ',';
      append_quoted(text, json);
    }
    twin::Attribute one;
    one.name = *name;
    one.observed_at = *observed_at;
    one.value = twin::Json{json + ']'};
    if (texts->size() == 1) one.value = std::string(texts->front());
    if (texts->size() == 1 && texts->front() == ngsi_ld_null) one.value = twin::Null{};
    change_.attributes.push_back(std::move(one));
    return {};
  }

  base::Status scopes(Element given, const JsonPath& at) {
    if (form_.kind == Kind::state_past) {
      if (base::Status status = past_scopes(given, at); !status) return status;
    }
    const Element value = form_.kind == Kind::state_past ? last_value(given) : given;
    const auto texts = read_strings(value, at);
    if (!texts) return texts.error();
    for (const std::string_view text : *texts) {
      if (text == ngsi_ld_null) {
        if (attributes_.nulls() == NullRule::never || texts->size() != 1)
          return bad("NGSI-LD Null cannot stand here", at);
        change_.scopes_removed = true;
        return {};
      }
      if (!is_scope(text))
        return bad("not a scope: " + std::string(text.substr(0, 100)), at, "write it as /Seoul/Songpa");
      change_.scopes.emplace_back(text);
    }
    return {};
  }

  base::Status expires_at(Element value, const JsonPath& at) {
    const auto name = attributes_.intern(expires_at_iri, at);
    if (!name) return name.error();
    twin::Attribute attribute;
    attribute.name = *name;
    std::string_view text;
    const bool is_null = value.get(text) == simdjson::SUCCESS && text == ngsi_ld_null;
    if (is_null && attributes_.nulls() != NullRule::never) {
      attribute.value = twin::Null{};
    } else {
      const auto time = read_time(value, at);
      if (!time) return time.error();
      attribute.value = time->text();
    }
    // What was ends nothing that is.
    if (form_.kind == Kind::state_past) return {};
    change_.attributes.push_back(std::move(attribute));
    return {};
  }

  const ChangeForm& form_;
  const Context& context_;
  AttributeReader attributes_;
  thread::Change change_;
};

}  // namespace

base::Result<thread::Change> parse_change(const Body& body, size_t item, const ChangeForm& form, const Context& context,
                                          twin::TermTable& terms) {
  if (item >= body.items()) return base::fail(base::Code::internal, "no such item in the body");
  return EntityReader(form, context, terms).read(body.parts().items[item]);
}

base::Result<thread::Change> parse_attribute_change(const Body& body, std::string_view name, const ChangeForm& form,
                                                    const Context& context, twin::TermTable& terms) {
  if (!body.is_object()) return base::fail(base::Code::invalid, "an attribute fragment is a JSON object", "body");
  AttributeReader reader(form, context, terms);
  const JsonPath at{nullptr, name};
  const auto term = reader.name_term(name, at);
  if (!term) return term.error();
  auto attribute = reader.read_fragment(*term, body.parts().root, at);
  if (!attribute) return attribute.error();
  thread::Change change;
  change.kind = form.kind;
  change.entity_id = form.entity_id;
  change.attribute_name = *term;
  change.dataset = attribute->dataset;
  change.attributes.push_back(std::move(*attribute));
  return change;
}

base::Result<twin::Attribute> parse_instance(const Body& body, std::string_view name, const Context& context,
                                             twin::TermTable& terms) {
  ChangeForm form;
  form.kind = Kind::correct_past;
  AttributeReader reader(form, context, terms);
  const JsonPath at{nullptr, name};
  const auto term = reader.name_term(name, at);
  if (!term) return term.error();
  // A fragment of an EntityTemporal holds it in an array of one; many clients send the instance alone.
  Element element = body.parts().root;
  Element inner;
  if (element.is_object() && element[name].get(inner) == simdjson::SUCCESS) element = inner;
  simdjson::dom::array items;
  if (element.get(items) == simdjson::SUCCESS) {
    if (items.size() != 1) return bad("exactly one instance is to be given", at);
    element = *items.begin();
  }
  if (!element.is_object()) return bad("an instance is a JSON object", at);
  return reader.read_fragment(*term, element, at);
}

base::Result<std::vector<std::string>> parse_ids(const Body& body) {
  if (!body.is_array()) return base::fail(base::Code::invalid, "a list of ids is a JSON array", "body");
  std::vector<std::string> ids;
  for (size_t i = 0; i < body.items(); ++i) {
    const JsonPath at{nullptr, {}, static_cast<int64_t>(i)};
    const auto text = read_string(body.parts().items[i], at);
    if (!text) return text.error();
    if (!is_uri(*text)) return bad("an entity's id is a URI", at);
    ids.emplace_back(*text);
  }
  if (ids.empty()) return base::fail(base::Code::invalid, "the list of ids is empty", "body");
  return ids;
}

}  // namespace cityloom::ngsi

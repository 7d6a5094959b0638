// From the text of a schema to its nodes.
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "models/schema.hpp"
#include "models/schema_names.hpp"

namespace cityloom::models {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using simdjson::dom::element;

namespace {

// Where a schema stands: in the text, or among the definitions known here.
struct At {
  std::string pointer;
  size_t depth = 0;
  bool is_shared = false;
  SchemaNames::Scope scope = SchemaNames::no_scope;

  At below(std::string_view name) const {
    At to{pointer, depth + 1, is_shared, scope};
    append_to_pointer(to.pointer, name);
    return to;
  }
};

base::Error wrong(std::string what, const At& at, std::string remedy = {}) {
  return fail(Code::invalid, std::move(what), at.pointer.empty() ? "/" : std::string(beginning(at.pointer, 200)),
              std::move(remedy));
}

}  // namespace

class SchemaCompiler {
 public:
  explicit SchemaCompiler(const SchemaLimits& limits) { schema_.limits_ = limits; }

  Result<Schema> compile(std::string_view json) {
    const SchemaLimits& limits = schema_.limits_;
    if (json.size() > limits.bytes_max) {
      return fail(Code::too_large, "a schema may have " + std::to_string(limits.bytes_max >> 10) + " KB");
    }
    if (parser_.parse(json.data(), json.size()).get(document_) != simdjson::SUCCESS)
      return fail(Code::invalid, "the schema is not JSON");
    const std::string_view known = shared_definitions();
    if (shared_parser_.parse(known.data(), known.size()).get(shared_document_) != simdjson::SUCCESS)
      return fail(Code::internal, "the shared definitions are not JSON");
    auto names = SchemaNames::of(document_, limits);
    if (!names) return names.error();
    names_ = std::move(names).value();
    if (const auto root = add(document_, {}); !root) return root.error();
    // Each may lead to a schema that holds further ones.
    for (size_t i = 0; i < references_.size(); ++i) {
      if (const Status resolved = resolve(i); !resolved) return resolved.error();
    }
    return std::move(schema_);
  }

 private:
  struct Reference {
    SchemaNames::Reference kind;
    NodeIndex from;
    std::string text;
    At at;
  };
  using Handler = Status (SchemaCompiler::*)(element value, const At& at, SchemaNode& node);
  static const std::map<std::string_view, Handler>& handlers();

  Result<NodeIndex> add(element json, At at) {
    if (!at.is_shared) at.scope = names_.enter(at.scope, at.pointer);
    const SchemaLimits& limits = schema_.limits_;
    if (at.depth > limits.depth_max) return fail(Code::too_complex, "schemas lie too deep in one another", at.pointer);
    if (schema_.nodes_.size() >= limits.nodes_max) {
      return fail(Code::too_large, "a schema may hold " + std::to_string(limits.nodes_max) + " schemas", at.pointer);
    }
    const NodeIndex index{static_cast<uint32_t>(schema_.nodes_.size())};
    schema_.nodes_.emplace_back();
    schema_.shared_.push_back(at.is_shared);
    known_.emplace(std::tuple(at.is_shared, at.pointer, at.scope), index);
    SchemaNode node;
    bool flag = false;
    simdjson::dom::object members;
    if (json.get(flag) == simdjson::SUCCESS) {
      node.refuses_all = !flag;
    } else if (json.get(members) != simdjson::SUCCESS) {
      return wrong("a schema is an object, or true or false", at);
    }
    if (json.is_object()) {
      for (const auto& [name, value] : members) {
        // Of draft 07, which knows it beside `items` of an array alone.
        if (name == "additionalItems" && !json["items"].is_array()) continue;
        if (const Status done = take(name, value, at, index, node); !done) return done.error();
      }
    }
    schema_.nodes_[index.number] = std::move(node);
    return index;
  }

  Status take(std::string_view name, element value, const At& at, NodeIndex index, SchemaNode& node) {
    using Kind = SchemaNames::Reference;
    static const std::map<std::string_view, Kind> kinds = {
        {"$ref", Kind::plain}, {"$dynamicRef", Kind::dynamic}, {"$recursiveRef", Kind::recursive}};
    if (const auto kind = kinds.find(name); kind != kinds.end()) {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) return wrong("must be a text", at.below(name));
      if (kind->second == Kind::recursive && text != "#") return wrong("must be #", at.below(name));
      references_.push_back({kind->second, index, std::string(text), at.below(name)});
      return {};
    }
    const auto found = handlers().find(name);
    return found == handlers().end() ? Status() : (this->*found->second)(value, at.below(name), node);
  }

  // Where a reference leads: below the document, else to what is known here.
  Result<At> target_of(const Reference& reference) const {
    if (reference.at.is_shared) return At{reference.text.substr(1), 0, true};
    const std::string_view from = std::string_view(reference.at.pointer).substr(0, reference.at.pointer.rfind('/'));
    if (auto found = names_.find(reference.kind, reference.text, from, reference.at.scope))
      return At{std::move(*found), 0, false, reference.at.scope};
    const std::string text(beginning(reference.text, 200));
    if (reference.text.starts_with('#')) return wrong("there is no schema at " + text, reference.at);
    std::string pointer = shared_pointer(reference.text);
    if (!pointer.empty()) return At{std::move(pointer), 0, true};
    return wrong("the schema refers to one that is not here: " + text, reference.at,
                 "put that schema below $defs and refer to #/$defs/NAME: nothing is fetched");
  }

  // A reference to what was compiled already leads there, also where that leads back here: checks count their steps.
  Status resolve(size_t number) {
    const Reference reference = references_[number];
    auto at = target_of(reference);
    if (!at) return at.error();
    if (!at->is_shared) at->scope = names_.enter(at->scope, at->pointer);
    const std::tuple key(at->is_shared, at->pointer, at->scope);
    if (!known_.contains(key)) {
      element target = at->is_shared ? shared_document_ : document_;
      if (!at->pointer.empty() && target.at_pointer(at->pointer).get(target) != simdjson::SUCCESS)
        return wrong("there is no schema at " + std::string(beginning(reference.text, 200)), reference.at);
      if (const auto made = add(target, *at); !made) return made.error();
    }
    const NodeIndex to = known_.at(key);
    SchemaNode& from = schema_.nodes_[reference.from.number];
    if (reference.kind == SchemaNames::Reference::plain) {
      from.reference = to;
    } else {
      from.all_of.push_back(to);
    }
    return {};
  }

  // The shapes that keywords have.
  Status number(element value, const At& at, std::optional<double>& to) {
    double read = 0;
    if (value.get(read) != simdjson::SUCCESS) return wrong("must be a number", at);
    to = read;
    return {};
  }
  Status count(element value, const At& at, std::optional<size_t>& to) {
    double read = -1;
    if (value.get(read) != simdjson::SUCCESS || read < 0 || read > 1e9 ||
        read != static_cast<double>(static_cast<size_t>(read)))
      return wrong("must be a whole number from 0", at);
    to = static_cast<size_t>(read);
    return {};
  }
  Status one(element value, const At& at, std::optional<NodeIndex>& to) {
    const auto made = add(value, at);
    if (!made) return made.error();
    to = *made;
    return {};
  }
  Status list(element value, const At& at, std::vector<NodeIndex>& to) {
    simdjson::dom::array items;
    if (value.get(items) != simdjson::SUCCESS || items.size() == 0) return wrong("must be an array of schemas", at);
    size_t number = 0;
    for (const element item : items) {
      const auto made = add(item, at.below(std::to_string(number++)));
      if (!made) return made.error();
      to.push_back(*made);
    }
    return {};
  }
  Status names(element value, const At& at, std::vector<std::string>& to) {
    simdjson::dom::array items;
    if (value.get(items) != simdjson::SUCCESS) return wrong("must be an array of names", at);
    for (const element item : items) {
      std::string_view name;
      if (item.get(name) != simdjson::SUCCESS) return wrong("must be an array of names", at);
      to.emplace_back(name);
      if (const Status few = count_choice(at); !few) return few;
    }
    return {};
  }
  Status count_choice(const At& at) {
    if (++choices_ <= schema_.limits_.choices_max) return {};
    return fail(Code::too_large,
                "a schema may name " + std::to_string(schema_.limits_.choices_max) + " values and names", at.pointer);
  }
  Result<twin::Pattern> pattern(std::string_view text, const At& at) {
    if (++patterns_ > schema_.limits_.patterns_max) {
      return fail(Code::too_large,
                  "a schema may hold " + std::to_string(schema_.limits_.patterns_max) + " regular expressions",
                  at.pointer);
    }
    auto made = twin::make_pattern(text);
    if (made) return made;
    return base::Error{made.error().code, made.error().what, std::string(beginning(at.pointer, 200)),
                       made.error().remedy};
  }
  Result<Value> value(element json, const At& at) {
    auto read = read_value(simdjson::minify(json));
    if (!read) return fail(Code::too_large, "a value with too many parts", at.pointer);
    return std::move(*read);
  }

  // The keywords.
  Status kinds(element value, const At& at, SchemaNode& node);
  Status choices(element value, const At& at, SchemaNode& node) {
    simdjson::dom::array items;
    if (value.get(items) != simdjson::SUCCESS) return wrong("must be an array of values", at);
    std::vector<Value>& to = node.choices.emplace();
    for (const element item : items) {
      auto read = this->value(item, at);
      if (!read) return read.error();
      to.push_back(std::move(read).value());
      if (const Status few = count_choice(at); !few) return few;
    }
    std::sort(to.begin(), to.end(), [](const Value& a, const Value& b) { return (a <=> b) < 0; });
    return {};
  }
  Status constant(element value, const At& at, SchemaNode& node) {
    auto read = this->value(value, at);
    if (!read) return read.error();
    node.constant = std::move(read).value();
    return {};
  }
  Status minimum(element value, const At& at, SchemaNode& node) { return number(value, at, node.minimum); }
  Status maximum(element value, const At& at, SchemaNode& node) { return number(value, at, node.maximum); }
  Status above(element value, const At& at, SchemaNode& node) { return number(value, at, node.above); }
  Status below(element value, const At& at, SchemaNode& node) { return number(value, at, node.below); }
  Status multiple_of(element value, const At& at, SchemaNode& node) {
    const Status read = number(value, at, node.multiple_of);
    return read && *node.multiple_of <= 0 ? wrong("must be above 0", at) : read;
  }
  Status length_min(element value, const At& at, SchemaNode& node) { return count(value, at, node.length_min); }
  Status length_max(element value, const At& at, SchemaNode& node) { return count(value, at, node.length_max); }
  Status items_min(element value, const At& at, SchemaNode& node) { return count(value, at, node.items_min); }
  Status items_max(element value, const At& at, SchemaNode& node) { return count(value, at, node.items_max); }
  Status members_min(element value, const At& at, SchemaNode& node) { return count(value, at, node.members_min); }
  Status members_max(element value, const At& at, SchemaNode& node) { return count(value, at, node.members_max); }
  Status text_pattern(element value, const At& at, SchemaNode& node) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) return wrong("must be a text", at);
    auto made = pattern(text, at);
    if (!made) return made.error();
    node.pattern = std::move(made).value();
    return {};
  }
  Status format(element value, const At& at, SchemaNode& node);
  Status unique_items(element value, const At& at, SchemaNode& node) {
    return value.get(node.unique_items) == simdjson::SUCCESS ? Status() : wrong("must be true or false", at);
  }
  Status items(element value, const At& at, SchemaNode& node) {
    return value.is_array() ? list(value, at, node.first_items) : one(value, at, node.items);
  }
  Status first_items(element value, const At& at, SchemaNode& node) { return list(value, at, node.first_items); }
  Status further_items(element value, const At& at, SchemaNode& node) { return one(value, at, node.items); }
  Status contains(element value, const At& at, SchemaNode& node) { return one(value, at, node.contains); }
  Status contains_min(element value, const At& at, SchemaNode& node) { return count(value, at, node.contains_min); }
  Status contains_max(element value, const At& at, SchemaNode& node) { return count(value, at, node.contains_max); }
  Status unevaluated_items(element value, const At& at, SchemaNode& node) {
    return one(value, at, node.unevaluated_items);
  }
  Status unevaluated_properties(element value, const At& at, SchemaNode& node) {
    return one(value, at, node.unevaluated_properties);
  }
  Status properties(element value, const At& at, SchemaNode& node);
  Status pattern_properties(element value, const At& at, SchemaNode& node);
  Status additional(element value, const At& at, SchemaNode& node) { return one(value, at, node.additional); }
  Status property_names(element value, const At& at, SchemaNode& node) { return one(value, at, node.property_names); }
  Status required(element value, const At& at, SchemaNode& node) { return names(value, at, node.required); }
  Status dependent_required(element value, const At& at, SchemaNode& node);
  Status dependent_schemas(element value, const At& at, SchemaNode& node);
  Status dependencies(element value, const At& at, SchemaNode& node);
  Status all_of(element value, const At& at, SchemaNode& node) { return list(value, at, node.all_of); }
  Status any_of(element value, const At& at, SchemaNode& node) { return list(value, at, node.any_of); }
  Status one_of(element value, const At& at, SchemaNode& node) { return list(value, at, node.one_of); }
  Status none_of(element value, const At& at, SchemaNode& node) { return one(value, at, node.none_of); }
  Status condition(element value, const At& at, SchemaNode& node) { return one(value, at, node.condition); }
  Status then(element value, const At& at, SchemaNode& node) { return one(value, at, node.then); }
  Status otherwise(element value, const At& at, SchemaNode& node) { return one(value, at, node.otherwise); }
  Status description(element value, const At&, SchemaNode& node) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) node.description = beginning(text, 1'000);
    return {};
  }
  Status ngsi(element value, const At&, SchemaNode& node) {
    std::string_view text;
    if (value["type"].get(text) == simdjson::SUCCESS) node.ngsi_type = beginning(text, 100);
    if (value["units"].get(text) == simdjson::SUCCESS) node.units = beginning(text, 100);
    if (value["unitCode"].get(text) == simdjson::SUCCESS) node.units = beginning(text, 100);
    return {};
  }

  Schema schema_;
  simdjson::dom::parser parser_, shared_parser_;
  element document_, shared_document_;
  SchemaNames names_;
  std::map<std::tuple<bool, std::string, SchemaNames::Scope>, NodeIndex> known_;
  std::vector<Reference> references_;
  size_t patterns_ = 0, choices_ = 0;
};

Status SchemaCompiler::kinds(element value, const At& at, SchemaNode& node) {
  static const std::map<std::string_view, uint8_t> bits = {
      {"null", bit_of(Value::Kind::null)},     {"boolean", bit_of(Value::Kind::boolean)},
      {"number", bit_of(Value::Kind::number)}, {"integer", integer_bit},
      {"string", bit_of(Value::Kind::string)}, {"array", bit_of(Value::Kind::array)},
      {"object", bit_of(Value::Kind::object)}};
  std::vector<std::string> all;
  std::string_view single;
  if (value.get(single) == simdjson::SUCCESS) {
    all.emplace_back(single);
  } else if (const Status read = names(value, at, all); !read) {
    return read;
  }
  for (const std::string& name : all) {
    const auto found = bits.find(name);
    if (found == bits.end())
      return wrong("there is no type " + std::string(beginning(name, 100)), at,
                   "null, boolean, integer, number, string, array or object");
    node.kinds |= found->second;
  }
  return {};
}

// Formats that are not known say nothing, as the standard has it.
Status SchemaCompiler::format(element value, const At& at, SchemaNode& node) {
  using Format = SchemaNode::Format;
  static const std::map<std::string_view, Format> formats = {{"date-time", Format::date_time},
                                                             {"date", Format::date},
                                                             {"time", Format::time},
                                                             {"uri", Format::uri},
                                                             {"iri", Format::uri},
                                                             {"email", Format::email}};
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return wrong("must be a text", at);
  if (const auto found = formats.find(text); found != formats.end()) node.format = found->second;
  return {};
}

Status SchemaCompiler::properties(element value, const At& at, SchemaNode& node) {
  simdjson::dom::object members;
  if (value.get(members) != simdjson::SUCCESS) return wrong("must be an object of schemas", at);
  for (const auto& [name, json] : members) {
    const auto made = add(json, at.below(name));
    if (!made) return made.error();
    node.properties.push_back({std::string(name), *made});
  }
  const auto by_name = [](const SchemaNode::Named& a, const SchemaNode::Named& b) { return a.name < b.name; };
  std::stable_sort(node.properties.begin(), node.properties.end(), by_name);
  return {};
}

Status SchemaCompiler::pattern_properties(element value, const At& at, SchemaNode& node) {
  simdjson::dom::object members;
  if (value.get(members) != simdjson::SUCCESS) return wrong("must be an object of schemas", at);
  for (const auto& [name, json] : members) {
    auto names_like = pattern(name, at);
    if (!names_like) return names_like.error();
    const auto made = add(json, at.below(name));
    if (!made) return made.error();
    node.pattern_properties.emplace_back(std::move(names_like).value(), *made);
  }
  return {};
}

Status SchemaCompiler::dependent_required(element value, const At& at, SchemaNode& node) {
  simdjson::dom::object members;
  if (value.get(members) != simdjson::SUCCESS) return wrong("must be an object of arrays of names", at);
  for (const auto& [name, json] : members) {
    auto& [key, all] = node.dependent_required.emplace_back();
    key = name;
    if (const Status read = names(json, at.below(name), all); !read) return read;
  }
  return {};
}

Status SchemaCompiler::dependent_schemas(element value, const At& at, SchemaNode& node) {
  simdjson::dom::object members;
  if (value.get(members) != simdjson::SUCCESS) return wrong("must be an object of schemas", at);
  for (const auto& [name, json] : members) {
    const auto made = add(json, at.below(name));
    if (!made) return made.error();
    node.dependent_schemas.push_back({std::string(name), *made});
  }
  return {};
}

// Of draft 07: arrays of names and schemas, mixed.
Status SchemaCompiler::dependencies(element value, const At& at, SchemaNode& node) {
  simdjson::dom::object members;
  if (value.get(members) != simdjson::SUCCESS) return wrong("must be an object of schemas and arrays of names", at);
  for (const auto& [name, json] : members) {
    if (!json.is_array()) {
      const auto made = add(json, at.below(name));
      if (!made) return made.error();
      node.dependent_schemas.push_back({std::string(name), *made});
      continue;
    }
    auto& [key, all] = node.dependent_required.emplace_back();
    key = name;
    if (const Status read = names(json, at.below(name), all); !read) return read;
  }
  return {};
}

const std::map<std::string_view, SchemaCompiler::Handler>& SchemaCompiler::handlers() {
  using C = SchemaCompiler;
  static const std::map<std::string_view, Handler> all = {
      {"type", &C::kinds},
      {"enum", &C::choices},
      {"const", &C::constant},
      {"minimum", &C::minimum},
      {"maximum", &C::maximum},
      {"exclusiveMinimum", &C::above},
      {"exclusiveMaximum", &C::below},
      {"multipleOf", &C::multiple_of},
      {"minLength", &C::length_min},
      {"maxLength", &C::length_max},
      {"minItems", &C::items_min},
      {"maxItems", &C::items_max},
      {"minProperties", &C::members_min},
      {"maxProperties", &C::members_max},
      {"pattern", &C::text_pattern},
      {"format", &C::format},
      {"uniqueItems", &C::unique_items},
      {"items", &C::items},
      {"prefixItems", &C::first_items},
      {"additionalItems", &C::further_items},
      {"contains", &C::contains},
      {"minContains", &C::contains_min},
      {"maxContains", &C::contains_max},
      {"unevaluatedItems", &C::unevaluated_items},
      {"unevaluatedProperties", &C::unevaluated_properties},
      {"properties", &C::properties},
      {"patternProperties", &C::pattern_properties},
      {"additionalProperties", &C::additional},
      {"propertyNames", &C::property_names},
      {"required", &C::required},
      {"dependentRequired", &C::dependent_required},
      {"dependentSchemas", &C::dependent_schemas},
      {"dependencies", &C::dependencies},
      {"allOf", &C::all_of},
      {"anyOf", &C::any_of},
      {"oneOf", &C::one_of},
      {"not", &C::none_of},
      {"if", &C::condition},
      {"then", &C::then},
      {"else", &C::otherwise},
      {"description", &C::description},
      {"x-ngsi", &C::ngsi},
  };
  return all;
}

Result<Schema> Schema::compile(std::string_view json, const SchemaLimits& limits) {
  return SchemaCompiler(limits).compile(json);
}

}  // namespace cityloom::models

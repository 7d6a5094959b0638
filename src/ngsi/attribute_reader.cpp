#include "ngsi/attribute_reader.hpp"

#include <algorithm>

#include "ngsi/json.hpp"
#include "ngsi/kinds.hpp"

namespace cityloom::ngsi {
namespace {

using twin::AttributeKind;
using Kind = thread::Change::Kind;

NullRule null_rule(Kind kind) {
  switch (kind) {
    case Kind::update:
    case Kind::patch_attribute:
    case Kind::state_past:
    case Kind::correct_past:
      return NullRule::whole;
    case Kind::merge:
    case Kind::create_or_merge:
      return NullRule::anywhere;
    default:
      return NullRule::never;
  }
}

// Whether an object in an array is an attribute instance rather than a part of a plain value.
bool looks_like_instance(simdjson::dom::element value) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return false;
  std::string_view type;
  if (object["type"].get(type) == simdjson::SUCCESS) return kind_of_type(type).has_value();
  return std::any_of(kind_names.begin(), kind_names.end(),
                     [&](const KindNames& names) { return object[names.value].error() == simdjson::SUCCESS; });
}

// Whether an object without a value speaks of an attribute's other members.
bool says_no_value(simdjson::dom::element value) {
  for (const char* member : {"observedAt", "unitCode", "datasetId", "expiresAt", "objectType"}) {
    if (value[member].error() == simdjson::SUCCESS) return true;
  }
  return false;
}

std::optional<twin::AttributeKind> present_kind(const twin::EntityRecord& present, twin::Term name) {
  std::optional<twin::AttributeKind> kind;
  if (present) {
    present.each_attribute(name, [&](const twin::Attribute& attribute) {
      kind = attribute.kind;
      return false;
    });
  }
  return kind;
}

bool was_observed(const twin::EntityRecord& present, twin::Term name) {
  bool was = false;
  if (present) {
    present.each_attribute(name,
                           [&](const twin::Attribute& attribute) { return !(was = attribute.observed_at.exists()); });
  }
  return was;
}

}  // namespace

AttributeReader::AttributeReader(const ChangeForm& form, const Context& context, twin::TermTable& terms)
    : form_(form),
      context_(context),
      terms_(terms),
      nulls_(null_rule(form.kind)),
      value_may_be_absent_(form.kind == Kind::patch_attribute || form.kind == Kind::merge ||
                           form.kind == Kind::create_or_merge) {}

// In the past Null says that there was no value; it asks for no deletion, and stands nowhere else (clause 5.5.4).
bool AttributeReader::is_of_past() const {
  return form_.kind == Kind::state_past || form_.kind == Kind::correct_past;
}

NullRule AttributeReader::nulls() const {
  return is_of_past() ? NullRule::never : nulls_;
}

base::Result<twin::Term> AttributeReader::intern(std::string_view text, const JsonPath& at) {
  auto term = terms_.intern(text);
  if (!term) return base::fail(term.error().code, term.error().what, at.text());
  return term;
}

base::Result<twin::Term> AttributeReader::name_term(std::string_view name, const JsonPath& at) {
  if (is_reserved_name(name)) return bad("this name belongs to NGSI-LD and cannot name an attribute", at);
  if (!is_name(name)) {
    return bad("not a name of an attribute", at, "a name is a letter, then letters, digits or '_'; or a URI");
  }
  const std::string iri = context_.expand(name);
  if (iri.empty()) return bad("means nothing in this @context", at);
  is_place_ = std::find(place_iris.begin(), place_iris.end(), iri) != place_iris.end();
  is_proof_ = iri == proof_iri;
  return intern(iri, at);
}

// What the standard says of attributes that it defines itself: places are GeoProperties, a proof is an object.
base::Status AttributeReader::check_defined(const twin::Attribute& attribute, const JsonPath& at) const {
  if (twin::is_null(attribute.value) || twin::is_unstated(attribute.value)) return {};
  if (is_place_ && attribute.kind != AttributeKind::geo_property) {
    return bad("is a GeoProperty by definition", at, "give it a GeoJSON geometry, or choose another name");
  }
  const auto* json = std::get_if<twin::Json>(&attribute.value);
  if (is_proof_ && (json == nullptr || !json->text.starts_with('{'))) return bad("a proof is an object", at);
  return {};
}

base::Status AttributeReader::read(std::string_view name, Element value, const JsonPath& at,
                                   std::vector<twin::Attribute>& to) {
  const auto term = name_term(name, at);
  if (!term) return term.error();
  return read_instances(*term, name, value, at, 0, to);
}

base::Status AttributeReader::add(twin::Attribute attribute, const JsonPath& at, std::vector<twin::Attribute>& to,
                                  size_t level) const {
  if (is_of_past() && level == 0) {
    to.push_back(std::move(attribute));
    return {};
  }
  for (const twin::Attribute& other : to) {
    if (other.name == attribute.name && other.dataset == attribute.dataset) {
      return bad(
          attribute.dataset.exists() ? "two instances have the same datasetId" : "two instances have no datasetId", at);
    }
  }
  to.push_back(std::move(attribute));
  return {};
}

base::Status AttributeReader::read_instances(twin::Term name, std::string_view short_name, Element value,
                                             const JsonPath& at, size_t level, std::vector<twin::Attribute>& to) {
  simdjson::dom::array items;
  if (!form_.simplified && value.get(items) == simdjson::SUCCESS && items.size() != 0 &&
      std::any_of(items.begin(), items.end(), looks_like_instance)) {
    std::vector<twin::Attribute> instances;
    int64_t index = 0;
    for (const Element item : items) {
      const JsonPath item_at{&at, {}, index++};
      if (!item.is_object()) return bad("an array of attribute instances holds objects only", item_at);
      auto instance = read_instance(name, short_name, item, item_at, level);
      if (!instance) return instance.error();
      if (base::Status status = add(std::move(*instance), item_at, instances, level); !status) return status;
      if (to.size() + instances.size() > twin::attributes_max) break;
    }
    if (std::any_of(to.begin(), to.end(), [&](const auto& other) { return other.name == name; })) {
      return bad("the attribute stands twice in the document", at);
    }
    std::move(instances.begin(), instances.end(), std::back_inserter(to));
    return {};
  }
  simdjson::dom::object datasets;
  if (form_.simplified && value["dataset"].get(datasets) == simdjson::SUCCESS &&
      simdjson::dom::object(value).size() == 1) {
    return read_datasets(name, short_name, datasets, at, to);
  }
  auto instance = read_instance(name, short_name, value, at, level);
  if (!instance) return instance.error();
  return add(std::move(*instance), at, to, level);
}

// Clause 4.5.4: several instances in simplified form stand by their datasetId.
base::Status AttributeReader::read_datasets(twin::Term name, std::string_view short_name, Object datasets,
                                            const JsonPath& at, std::vector<twin::Attribute>& to) {
  for (const auto [dataset, value] : datasets) {
    const JsonPath dataset_at{&at, dataset};
    if (dataset != "@none" && !is_uri(dataset)) return bad("a datasetId is a URI or @none", dataset_at);
    auto instance = read_bare(name, short_name, value, dataset_at);
    if (!instance) return instance.error();
    if (dataset != "@none") {
      const auto term = intern(dataset, dataset_at);
      if (!term) return term.error();
      instance->dataset = *term;
    }
    if (base::Status status = add(std::move(*instance), dataset_at, to, 0); !status) return status;
  }
  return {};
}

// The kind of a reified instance; nothing: the object is itself a plain value.
base::Result<std::optional<AttributeKind>> AttributeReader::kind_of(Element object, const JsonPath& at) const {
  Element type_element;
  if (object["type"].get(type_element) != simdjson::SUCCESS && object["@type"].get(type_element) != simdjson::SUCCESS) {
    for (size_t i = 0; i < kind_names.size(); ++i) {
      Element value;
      if (object[kind_names[i].value].get(value) != simdjson::SUCCESS) continue;
      const bool is_geometry = i == 0 && looks_like_geometry(value);
      return std::optional(is_geometry ? AttributeKind::geo_property : static_cast<AttributeKind>(i));
    }
    return std::optional<AttributeKind>();
  }
  if (looks_like_geometry(object)) return std::optional<AttributeKind>();
  const auto type = read_string(type_element, {&at, "type"});
  if (!type) return type.error();
  if (object["@value"].error() == simdjson::SUCCESS) return std::optional<AttributeKind>();
  auto kind = kind_of_type(*type);
  if (!kind) kind = kind_of_type(context_.compact(context_.expand(*type)));
  if (!kind) {
    return bad(
        "no type of attribute: " + std::string(type->substr(0, 60)), {&at, "type"},
        "use Property, Relationship, GeoProperty, LanguageProperty, VocabProperty, JsonProperty, ListProperty or "
        "ListRelationship; a plain object that has a member \"type\" belongs in \"value\"");
  }
  return kind;
}

base::Result<twin::Attribute> AttributeReader::read_instance(twin::Term name, std::string_view short_name,
                                                             Element value, const JsonPath& at, size_t level) {
  if (level > twin::depth_max) {
    return bad("sub-attributes are nested more than " + std::to_string(twin::depth_max) + " levels deep", at);
  }
  std::optional<AttributeKind> reified;
  if (value.is_object() && !form_.simplified) {
    const auto kind = kind_of(value, at);
    if (!kind) return kind.error();
    reified = *kind;
    // A fragment may say something of an attribute without its value.
    if (!reified && level == 0 && value_may_be_absent_ && !looks_like_geometry(value) &&
        (is_fragment_ || says_no_value(value))) {
      reified = present_kind(form_.present, name).value_or(AttributeKind::property);
    }
  }
  const bool is_place = is_place_, is_proof = is_proof_;
  auto attribute = reified ? read_reified(name, value, *reified, at, level) : read_bare(name, short_name, value, at);
  // Its sub-attributes have been named in between.
  is_place_ = is_place;
  is_proof_ = is_proof;
  if (!attribute) return attribute;
  if (base::Status status = check_defined(*attribute, at); !status) return status.error();
  return attribute;
}

AttributeKind AttributeReader::bare_kind(twin::Term name, std::string_view short_name, Element value) const {
  if (looks_like_geometry(value)) return AttributeKind::geo_property;
  if (!form_.simplified) return AttributeKind::property;
  if (const auto kind = present_kind(form_.present, name)) return *kind;
  // The user's @context may say what kind of value a term has (clause 4.4).
  const TermDefinition* definition = context_.find(short_name);
  switch (definition == nullptr ? Coercion::none : definition->coercion) {
    case Coercion::id:
      return AttributeKind::relationship;
    case Coercion::vocab:
      return value.is_string() ? AttributeKind::vocab_property : AttributeKind::property;
    case Coercion::json:
      return AttributeKind::json_property;
    default:
      return AttributeKind::property;
  }
}

// A value alone: the concise form without sub-attributes, or the simplified form.
base::Result<twin::Attribute> AttributeReader::read_bare(twin::Term name, std::string_view short_name, Element value,
                                                         const JsonPath& at) {
  twin::Attribute attribute;
  attribute.name = name;
  attribute.kind = bare_kind(name, short_name, value);
  Object object;
  if (form_.simplified && value.get(object) == simdjson::SUCCESS && object.size() == 1) {
    const auto member = (*object.begin()).key;
    const auto kind = kind_of_value_member(member);
    if (kind == AttributeKind::language_property || kind == AttributeKind::vocab_property ||
        kind == AttributeKind::json_property) {
      attribute.kind = *kind;
      value = (*object.begin()).value;
    }
  }
  std::string_view text;
  if (attribute.kind == AttributeKind::language_property && value.get(text) == simdjson::SUCCESS &&
      text != ngsi_ld_null) {
    std::string json = "{";
    append_quoted(form_.language.empty() ? "@none" : form_.language, json);
    json += ':';
    append_quoted(text, json);
    attribute.value = twin::Json{json + '}'};
  } else {
    auto read = read_value(attribute.kind, value, nulls_, context_, at);
    if (!read) return read.error();
    attribute.value = std::move(*read);
  }
  if (form_.observed_at.exists() && was_observed(form_.present, name)) attribute.observed_at = form_.observed_at;
  return attribute;
}

base::Result<twin::Attribute> AttributeReader::read_reified(twin::Term name, Object object, AttributeKind kind,
                                                            const JsonPath& at, size_t level) {
  twin::Attribute attribute;
  attribute.name = name;
  attribute.kind = kind;
  attribute.value = twin::unstated_value();
  const KindNames& names = names_of(kind);
  for (const auto [member, value] : object) {
    const JsonPath member_at{&at, member};
    base::Status status;
    if (member == names.value) {
      auto read = read_value(kind, value, level == 0 ? nulls_ : nulls(), context_, member_at);
      if (!read) return read.error();
      attribute.value = std::move(*read);
    } else {
      status = read_member(member, value, member_at, level, attribute);
    }
    if (!status) return status.error();
  }
  if (twin::is_unstated(attribute.value) && !value_may_be_absent_) {
    return bad("a " + std::string(names.type) + " needs the member \"" + std::string(names.value) + '"', at);
  }
  if (form_.observed_at.exists() && level == 0 && !attribute.observed_at.exists() &&
      was_observed(form_.present, name)) {
    attribute.observed_at = form_.observed_at;
  }
  return attribute;
}

base::Status AttributeReader::read_member(std::string_view member, Element value, const JsonPath& at, size_t level,
                                          twin::Attribute& to) {
  if (member == "type" || member == "@type" || member == "createdAt" || member == "modifiedAt" ||
      member == "deletedAt" || member == "instanceId" || member == "lang") {
    return {};
  }
  if (member == "@context") {
    if (is_fragment_ && level == 0) return {};
    return bad("a @context must stand at the top level only", at);
  }
  if (is_reserved_name(member)) return read_reserved(member, value, at, to);
  const auto name = name_term(member, at);
  if (!name) return name.error();
  if (to.members.size() >= twin::members_max) {
    return base::fail(base::Code::too_large, "more than " + std::to_string(twin::members_max) + " sub-attributes",
                      at.text());
  }
  return read_instances(*name, member, value, at, level + 1, to.members);
}

base::Status AttributeReader::read_reserved(std::string_view member, Element value, const JsonPath& at,
                                            twin::Attribute& to) {
  const KindNames& names = names_of(to.kind);
  std::string_view plain;
  const bool is_null = nulls() != NullRule::never && value.get(plain) == simdjson::SUCCESS && plain == ngsi_ld_null;
  if (is_null && (member == "observedAt" || member == "expiresAt")) {
    (member == "observedAt" ? to.observed_at : to.expires_at) = thread::removed_time;
    return {};
  }
  if (is_null && member == "unitCode" && names.may_have_unit) {
    to.unit = twin::Term::unknown();
    return {};
  }
  if (member == "observedAt" || member == "expiresAt") {
    const auto time = read_time(value, at);
    if (!time) return time.error();
    (member == "observedAt" ? to.observed_at : to.expires_at) = *time;
    return {};
  }
  if (member == "datasetId" || member == "unitCode") {
    const auto text = read_string(value, at);
    if (!text) return text.error();
    const bool is_dataset = member == "datasetId";
    if (is_dataset && *text == "@none") return {};
    if (is_dataset && (!is_uri(*text) || *text == ngsi_ld_null)) return bad("a datasetId is a URI or @none", at);
    if (!is_dataset && !names.may_have_unit) return bad("a " + std::string(names.type) + " has no unit", at);
    if (!is_dataset && text->empty()) return bad("a unitCode is not empty", at);
    const auto term = intern(*text, at);
    if (!term) return term.error();
    (is_dataset ? to.dataset : to.unit) = *term;
    return {};
  }
  if (member == "objectType" &&
      (to.kind == AttributeKind::relationship || to.kind == AttributeKind::list_relationship)) {
    const auto types = read_strings(value, at);
    if (!types) return types.error();
    for (const std::string_view type : *types) {
      if (!is_name(type)) return bad("not the name of a type", at);
      const auto term = intern(context_.expand_type(type), at);
      if (!term) return term.error();
      to.object_types.push_back(*term);
    }
    return {};
  }
  const bool is_sealed = member == "entityIdSealed" || member == "entityTypeSealed";
  if (to.kind == AttributeKind::property && (member == "valueType" || (is_sealed && is_proof_))) {
    return read_plain_member(member, value, at, to);
  }
  if (member == "valueType" && to.kind == AttributeKind::language_property) {
    std::string_view type;
    if (value.get(type) == simdjson::SUCCESS && type == "langString") return {};
    return bad("the values of a LanguageProperty are of the type langString", at);
  }
  return bad("a " + std::string(names.type) + " must not have the member \"" + std::string(member) + '"', at);
}

base::Status AttributeReader::read_plain_member(std::string_view member, Element value, const JsonPath& at,
                                                twin::Attribute& to) {
  const auto* plain = std::find_if(plain_members.begin(), plain_members.end(),
                                   [&](const PlainMember& one) { return one.name == member; });
  twin::Attribute kept;
  kept.kind = plain->kind;
  const auto name = intern(plain->iri, at);
  if (!name) return name.error();
  kept.name = *name;
  auto read = read_value(kept.kind, value, NullRule::never, context_, at);
  if (!read) return read.error();
  kept.value = std::move(*read);
  to.members.push_back(std::move(kept));
  return {};
}

base::Result<twin::Attribute> AttributeReader::read_fragment(twin::Term name, Element value, const JsonPath& at) {
  is_fragment_ = true;
  return read_instance(name, {}, value, at, 0);
}

}  // namespace cityloom::ngsi

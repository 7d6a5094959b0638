// What there is: entity types, attributes, and who answers. ETSI GS CIM 009 clauses 5.7.5 - 5.7.10, 5.15.
#include <algorithm>
#include <map>
#include <set>

#include "ngsi/parse.hpp"
#include "serve/ngsi/discovered.hpp"
#include "serve/ngsi/own_types.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using Operation = ngsi::SourceOperation;
using twin::AttributeKind;
using twin::Term;

std::string_view name_of(AttributeKind kind) {
  switch (kind) {
    case AttributeKind::property:
      return "Property";
    case AttributeKind::relationship:
      return "Relationship";
    case AttributeKind::geo_property:
      return "GeoProperty";
    case AttributeKind::language_property:
      return "LanguageProperty";
    case AttributeKind::vocab_property:
      return "VocabProperty";
    case AttributeKind::json_property:
      return "JsonProperty";
    case AttributeKind::list_property:
      return "ListProperty";
    case AttributeKind::list_relationship:
      return "ListRelationship";
  }
  return {};
}

// Everything that types and attributes say of a snapshot, with what sources told. One walk over all entities.
base::Result<Discovered> walk(const Call& call, const Reading& reading, const TenantState& tenant, twin::Query query) {
  Discovered found;
  hide_expired(call, reading, tenant, query);
  const auto status = reading.snapshot.each(
      query,
      [&](const twin::EntityRecord& record) {
        if (!is_visible(record)) return true;
        const std::vector<Term> types = record.types();
        for (const Term type : types) ++found.types[type].entities;
        record.each_attribute({}, [&](const twin::Attribute& attribute) {
          if (attribute.name == tenant.internal.expires_at) return true;
          AttributeFound& about = found.attributes[attribute.name];
          ++about.instances;
          about.kinds.insert(attribute.kind);
          for (const Term type : types) {
            about.types.insert(type);
            found.types[type].attributes[attribute.name].insert(attribute.kind);
          }
          return true;
        });
        return true;
      },
      call.bounds());
  if (!status.ok()) return status.error();
  if (const Discovered* told = told_by_sources(call)) found.add(*told);
  return found;
}

// Writes names as the context shortens them.
class Writer {
 public:
  Writer(const Call& call, const TenantState& tenant)
      : call_(call), terms_(terms_for(call, tenant)), names_(names_for(call, tenant)) {}

  void name(Term term) { text += names_->quoted(term); }
  void full_name(Term term) { ngsi::append_quoted(terms_.text(term), text); }
  void quoted(std::string_view value) { ngsi::append_quoted(value, text); }
  void context() {
    if (call_.answer() == Media::ld_json) text += ",\"@context\":" + call_.context()->json();
  }
  // In the order of their short names, so that the same city always gives the same answer.
  template <class Terms>
  void name_list(const Terms& all) {
    std::vector<std::string_view> sorted;
    for (const Term term : all) sorted.push_back(names_->quoted(term));
    std::sort(sorted.begin(), sorted.end());
    text += '[';
    for (const std::string_view one : sorted) {
      if (text.back() != '[') text += ',';
      text += one;
    }
    text += ']';
  }
  void kinds(const std::set<AttributeKind>& all) {
    text += '[';
    for (const AttributeKind kind : all) {
      if (text.back() != '[') text += ',';
      quoted(name_of(kind));
    }
    text += ']';
  }
  template <class Entries>
  std::vector<Term> sorted_keys(const Entries& entries) const {
    std::vector<Term> keys;
    for (const auto& [term, about] : entries) keys.push_back(term);
    std::sort(keys.begin(), keys.end(),
              [&](Term left, Term right) { return names_->quoted(left) < names_->quoted(right); });
    return keys;
  }

  std::string text;

 private:
  const Call& call_;
  const twin::TermTable& terms_;
  ngsi::NamesPointer names_;
};

template <class Entries>
std::vector<Term> keys_of(const Entries& entries) {
  std::vector<Term> keys;
  for (const auto& entry : entries) keys.push_back(entry.first);
  return keys;
}

// An id that stays the same as long as the list does, as lists have no URI of their own.
std::string list_id(std::string_view kind, const thread::Snapshot& snapshot) {
  return "urn:ngsi-ld:" + std::string(kind) + ":" + std::to_string(snapshot.offset().number);
}

void write_type_details(Writer& out, Term type, const TypeFound& about) {
  out.text += R"({"id":)";
  out.full_name(type);
  out.text += R"(,"type":"EntityType","typeName":)";
  out.name(type);
  out.text += R"(,"attributeNames":)";
  out.name_list(keys_of(about.attributes));
  out.context();
  out.text += '}';
}

template <class Terms>
void write_type_list(Writer& out, const Terms& types, const thread::Snapshot& snapshot) {
  out.text += R"({"id":)";
  out.quoted(list_id("EntityTypeList", snapshot));
  out.text += R"(,"type":"EntityTypeList","typeList":)";
  out.name_list(types);
  out.context();
  out.text += '}';
}

// NGSI-LD: 5.7.5 available entity types, 5.7.6 with details
void list_types(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  const bool detailed = call.flag("details");
  if (discover(call, tenant,
               {detailed ? Operation::retrieve_type_details : Operation::retrieve_types, "/types", detailed, {}, {}},
               list_types))
    return;
  Writer out(call, tenant);
  // Of a snapshot the counts are not known: those of its branch are of more than it has.
  if (!detailed && !reading->selection) {
    const auto counts = reading->snapshot.types();
    if (!counts.ok()) return call.fail(counts.error());
    std::set<Term> types;
    for (const auto& [type, count] : *counts) {
      if (count > 0 && !is_own_type(tenant, type)) types.insert(type);
    }
    if (const Discovered* told = told_by_sources(call)) {
      for (const auto& [type, about] : told->types) types.insert(type);
    }
    write_type_list(out, types, reading->snapshot);
    return call.send(body_response(call, std::move(out.text)));
  }
  const auto found = walk(call, *reading, tenant, {});
  if (!found.ok()) return call.fail_read(found.error());
  if (!detailed) {
    write_type_list(out, keys_of(found->types), reading->snapshot);
    return call.send(body_response(call, std::move(out.text)));
  }
  out.text += '[';
  for (const Term type : out.sorted_keys(found->types)) {
    if (out.text.back() != '[') out.text += ',';
    write_type_details(out, type, found->types.at(type));
  }
  out.text += ']';
  call.send(body_response(call, std::move(out.text)));
}

// NGSI-LD: 5.7.7 information of an entity type
void retrieve_type(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  const std::string_view name = call.request().path_value("type");
  if (!ngsi::is_name(name))
    return call.fail({Code::invalid, "this cannot be the name of a type", std::string(name), {}});
  const std::string iri = call.context()->expand_type(name);
  if (discover(call, tenant, {Operation::retrieve_type_info, "/types", false, iri, {}}, retrieve_type)) return;
  const Term type = terms_for(call, tenant).find(iri);
  twin::Query query;
  query.types.any_of = {{type}};
  const auto found = walk(call, *reading, tenant, query);
  if (!found.ok()) return call.fail_read(found.error());
  const auto about = found->types.find(type);
  if (about == found->types.end()) {
    return call.fail({Code::not_found, "there is no entity of this type", std::string(name), {}});
  }
  Writer out(call, tenant);
  out.text += R"({"id":)";
  out.full_name(type);
  out.text += R"(,"type":"EntityTypeInfo","typeName":)";
  out.name(type);
  out.text += R"(,"entityCount":)" + std::to_string(about->second.entities) + R"(,"attributeDetails":[)";
  for (const Term attribute : out.sorted_keys(about->second.attributes)) {
    if (out.text.back() != '[') out.text += ',';
    out.text += R"({"id":)";
    out.full_name(attribute);
    out.text += R"(,"type":"Attribute","attributeName":)";
    out.name(attribute);
    out.text += R"(,"attributeTypes":)";
    out.kinds(about->second.attributes.at(attribute));
    out.text += '}';
  }
  out.text += ']';
  out.context();
  out.text += '}';
  call.send(body_response(call, std::move(out.text)));
}

void write_attribute(Writer& out, Term name, const AttributeFound& about, bool counted) {
  out.text += R"({"id":)";
  out.full_name(name);
  out.text += R"(,"type":"Attribute","attributeName":)";
  out.name(name);
  if (counted) {
    out.text += R"(,"attributeCount":)" + std::to_string(about.instances) + R"(,"attributeTypes":)";
    out.kinds(about.kinds);
  }
  out.text += R"(,"typeNames":)";
  out.name_list(about.types);
  out.context();
  out.text += '}';
}

// NGSI-LD: 5.7.8 available attributes, 5.7.9 with details
void list_attributes(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  const bool detailed = call.flag("details");
  const Operation operation = detailed ? Operation::retrieve_attribute_details : Operation::retrieve_attributes;
  if (discover(call, tenant, {operation, "/attributes", detailed, {}, {}}, list_attributes)) return;
  const auto found = walk(call, *reading, tenant, {});
  if (!found.ok()) return call.fail_read(found.error());
  Writer out(call, tenant);
  if (!detailed) {
    out.text += R"({"id":)";
    out.quoted(list_id("AttributeList", reading->snapshot));
    out.text += R"(,"type":"AttributeList","attributeList":)";
    out.name_list(keys_of(found->attributes));
    out.context();
    out.text += '}';
    return call.send(body_response(call, std::move(out.text)));
  }
  out.text += '[';
  for (const Term name : out.sorted_keys(found->attributes)) {
    if (out.text.back() != '[') out.text += ',';
    write_attribute(out, name, found->attributes.at(name), false);
  }
  out.text += ']';
  call.send(body_response(call, std::move(out.text)));
}

// NGSI-LD: 5.7.10 information of an attribute
void retrieve_attribute_information(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  const std::string_view name = call.request().path_value("attrId");
  const std::string iri = call.context()->expand(name);
  const Operation operation = Operation::retrieve_attribute_info;
  if (discover(call, tenant, {operation, "/attributes", false, {}, iri}, retrieve_attribute_information)) return;
  const Term term = terms_for(call, tenant).find(iri);
  twin::Query query;
  query.attributes = {term};
  const auto found = walk(call, *reading, tenant, query);
  if (!found.ok()) return call.fail_read(found.error());
  const auto about = found->attributes.find(term);
  if (about == found->attributes.end()) {
    return call.fail({Code::not_found, "no entity has this attribute", std::string(name), {}});
  }
  Writer out(call, tenant);
  write_attribute(out, term, about->second, true);
  call.send(body_response(call, std::move(out.text)));
}

// NGSI-LD: 5.15.1 identity of the source
void source_identity(Call call) {
  const Services& services = call.services();
  const base::Instant now = services.clock.now();
  const int64_t uptime_s = (now.microseconds - services.started_at.microseconds) / 1'000'000;
  const std::string alias = services.alias_of(call.request().tenant());
  std::string body =
      R"({"id":"urn:cityloom:source:)" + alias + R"(","type":"ContextSourceIdentity","contextSourceAlias":)";
  ngsi::append_quoted(alias, body);
  body +=
      R"(,"contextSourceUptime":"PT)" + std::to_string(uptime_s) + R"(S","contextSourceTimeAt":")" + now.text() + '"';
  if (call.answer() == Media::ld_json) body += ",\"@context\":" + call.context()->json();
  body += '}';
  call.send(body_response(call, std::move(body)));
}

Route route_of(const char* path, const char* operation_id, const char* summary,
               std::vector<Parameter> parameters = {}) {
  return {Method::get,
          path,
          trust::Action::read,
          operation_id,
          {},
          summary,
          {},
          std::move(parameters),
          {},
          {{200, "The answer", {{"application/json", {}}, {"application/ld+json", {}}}}}};
}

}  // namespace

void add_discovery(Router& router, Services& services) {
  const Parameter details = query_parameter("details", "With details", R"({"type":"boolean"})");
  Form form;
  form.answers = json_answers;
  add_operation(router, services, route_of("/info/sourceIdentity", "retrieveSourceIdentity", "Who answers"), form,
                source_identity);
  form.long_work = true;
  add_operation(router, services, route_of("/types", "retrieveEntityTypes", "Types of entities", {details}), form,
                list_types);
  add_operation(router, services, route_of("/types/{type}", "retrieveEntityTypeInfo", "A type of entities"), form,
                retrieve_type);
  add_operation(router, services, route_of("/attributes", "retrieveAttrTypes", "Attributes", {details}), form,
                list_attributes);
  add_operation(router, services, route_of("/attributes/{attrId}", "retrieveAttrTypeInfo", "An attribute"), form,
                retrieve_attribute_information);
}

}  // namespace cityloom::serve::ngsi_ld

// The past of entities written: stated, corrected, taken out. ETSI GS CIM 009 clauses 5.6.11 - 5.6.16. What an entity
// is now stays as it is; nothing is forgotten: as of an earlier time the past is as it was told then.
#include <algorithm>

#include "ngsi/parse.hpp"
#include "ngsi/syntax.hpp"
#include "serve/ngsi/known_past.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using thread::Change;
using twin::Term;

Error unknown_past(std::string_view id) {
  return {Code::not_found, "nothing is known of the past of an entity with this id", std::string(id), {}};
}

// The past of the entity in the path, or an answer and nothing.
std::optional<KnownPast> known_or_fail(Call& call, const Writing& writing) {
  auto known = known_past(writing.thread->snapshot(writing.branch), call.entity_id());
  if (known.ok() && known->exists) return std::move(known).value();
  call.fail(known.ok() ? unknown_past(call.entity_id()) : known.error());
  return {};
}

void append(Call call, const Writing& writing, Change change, int status, std::string location = {}) {
  std::vector<Change> changes;
  changes.push_back(std::move(change));
  Call::append(std::move(call), writing, std::move(changes),
               [status, location](const Call& answered, base::Result<thread::Outcomes> outcomes) {
                 if (!outcomes->front().ok()) return answered.failure(outcomes->front().error());
                 Response response = Response::empty(status);
                 if (!location.empty()) response.header("Location", location);
                 return response;
               });
}

ngsi::ChangeForm form_of(std::string_view entity_id) {
  ngsi::ChangeForm form;
  form.kind = Change::Kind::state_past;
  form.entity_id = std::string(entity_id);
  return form;
}

// NGSI-LD: 5.6.11 create or update the past of an entity
void upsert_past(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  auto change = ngsi::parse_change(call.body(), 0, form_of({}), *call.context(), writing->thread->terms());
  if (!change.ok()) return call.fail(change.error());
  if (change->types.empty()) return call.fail({Code::invalid, "the entity has no type", "type", {}});
  if (is_internal_id(change->entity_id)) {
    return call.fail({Code::invalid, "ids that begin with urn:cityloom:internal: are the server's own", "id", {}});
  }
  const auto known = known_past(writing->thread->snapshot(writing->branch), change->entity_id);
  if (!known.ok()) return call.fail(known.error());
  if (known->exists || known->is_live) change->types = types_to_state(*known, change->types);
  const std::string location = "/ngsi-ld/v1/temporal/entities/" + percent_encoded(change->entity_id);
  if (known->exists) return append(std::move(call), *writing, std::move(change).value(), 204);
  append(std::move(call), *writing, std::move(change).value(), 201, location);
}

// NGSI-LD: 5.6.12 add attributes to the past of an entity
void append_to_past(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  const auto known = known_or_fail(call, *writing);
  if (!known) return;
  auto change =
      ngsi::parse_change(call.body(), 0, form_of(call.entity_id()), *call.context(), writing->thread->terms());
  if (!change.ok()) return call.fail(change.error());
  change->types = types_to_state(*known, change->types);
  append(std::move(call), *writing, std::move(change).value(), 204);
}

// The attribute in the path, checked; unknown if nobody ever wrote it. Answers itself and gives nothing.
std::optional<Term> attribute_in_path(Call& call, const Writing& writing) {
  const std::string_view name = call.request().path_value("attrId");
  if (!ngsi::is_name(name)) {
    call.fail({Code::invalid, "not a name of an attribute", "attrId", {}});
    return {};
  }
  return writing.thread->terms().find(call.context()->expand(name));
}

Error unknown_attribute(const Call& call) {
  return {Code::not_found,
          "the entity has no past of this attribute",
          std::string(call.request().path_value("attrId")),
          {}};
}

// NGSI-LD: 5.6.13 delete an attribute from the past of an entity
void remove_attribute(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  const auto name = attribute_in_path(call, *writing);
  if (!name) return;
  Term dataset;
  if (const auto given = call.parameter("datasetId"); given && !given->empty()) {
    if (!ngsi::is_uri(*given)) return call.fail({Code::invalid, "must be a URI", "datasetId", {}});
    dataset = writing->thread->terms().find(*given);
  }
  if (!known_or_fail(call, *writing)) return;
  const bool is_all = call.flag("deleteAll");
  thread::HistoryQuery query;
  query.attributes = {*name};
  query.limit = 1;
  const auto history = writing->thread->snapshot(writing->branch).history(call.entity_id(), query);
  if (!history.ok()) return call.fail(history.error());
  const bool is_there = std::any_of(history->begin(), history->end(), [&](const thread::AttributeHistory& one) {
    return is_all || one.dataset == dataset;
  });
  if (!is_there) return call.fail(unknown_attribute(call));
  Change change;
  change.kind = Change::Kind::remove_past;
  change.entity_id = std::string(call.entity_id());
  change.attributes.push_back(thread::all_past_of(*name, is_all ? Term::unknown() : dataset));
  append(std::move(call), *writing, std::move(change), 204);
}

// The instance in the path, which is there; else answers itself and gives nothing.
std::optional<ngsi::PastInstanceName> instance_in_path(Call& call, const Writing& writing) {
  const auto attribute = attribute_in_path(call, writing);
  if (!attribute) return {};
  const std::string_view id = call.request().path_value("instanceId");
  if (!ngsi::is_uri(id)) {
    call.fail({Code::invalid, "must be a URI", "instanceId", {}});
    return {};
  }
  if (!known_or_fail(call, writing)) return {};
  const auto name = ngsi::parse_instance_id(id);
  base::Result<std::optional<thread::PastAttribute>> found = std::optional<thread::PastAttribute>();
  if (name && name->name == *attribute) {
    found =
        writing.thread->snapshot(writing.branch).past_instance(call.entity_id(), name->name, name->dataset, name->key);
  }
  if (!found.ok()) {
    call.fail(found.error());
    return {};
  }
  if (found->has_value() && (*found)->stands_for > 1) {
    call.fail({Code::conflict,
               "the instance stands for a thinned period with " + std::to_string((*found)->stands_for) + " instances",
               std::string(id), "delete the past of the attribute, or state what is missing as a new instance"});
    return {};
  }
  if (found->has_value()) return name;
  call.fail({Code::not_found, "the attribute has no such instance", std::string(id),
             "take instanceId from an answer of the temporal API"});
  return {};
}

// NGSI-LD: 5.6.14 modify an instance of an attribute in the past of an entity
void correct_instance(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  const auto instance = instance_in_path(call, *writing);
  if (!instance) return;
  auto attribute =
      ngsi::parse_instance(call.body(), call.request().path_value("attrId"), *call.context(), writing->thread->terms());
  if (!attribute.ok()) return call.fail(attribute.error());
  if (attribute->dataset.exists() && attribute->dataset != instance->dataset) {
    return call.fail({Code::invalid, "an instance stays in its dataset", "datasetId", "leave datasetId out"});
  }
  attribute->dataset = instance->dataset;
  thread::set_past_key(instance->key, *attribute);
  Change change;
  change.kind = Change::Kind::correct_past;
  change.entity_id = std::string(call.entity_id());
  change.attributes.push_back(std::move(attribute).value());
  append(std::move(call), *writing, std::move(change), 204);
}

// NGSI-LD: 5.6.15 delete an instance of an attribute from the past of an entity
void remove_instance(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  const auto instance = instance_in_path(call, *writing);
  if (!instance) return;
  twin::Attribute attribute = thread::all_past_of(instance->name, instance->dataset);
  thread::set_past_key(instance->key, attribute);
  Change change;
  change.kind = Change::Kind::remove_past;
  change.entity_id = std::string(call.entity_id());
  change.attributes.push_back(std::move(attribute));
  append(std::move(call), *writing, std::move(change), 204);
}

// NGSI-LD: 5.6.16 delete the past of an entity
void remove_past(Call call) {
  const auto writing = call.writing();
  if (!writing || !known_or_fail(call, *writing)) return;
  Change change;
  change.kind = Change::Kind::remove_past;
  change.entity_id = std::string(call.entity_id());
  change.attributes.push_back(thread::all_past_of({}, {}));
  append(std::move(call), *writing, std::move(change), 204);
}

Route route_of(Method method, const char* path, const char* operation_id, const char* summary,
               std::vector<std::pair<int, const char*>> statuses, std::vector<Parameter> parameters = {}) {
  Route route{method, path, trust::Action::write, operation_id, {}, summary, {}, std::move(parameters), {}, {}};
  for (const auto& [status, what] : statuses) route.answers.push_back({status, what, {}});
  return route;
}

}  // namespace

void add_temporal_writes(Router& router, Services& services) {
  Form object;
  object.body = Form::Body::object;
  Form patch;
  patch.body = Form::Body::attribute;
  patch.patch = true;
  const Form nothing;
  add_operation(router, services,
                route_of(Method::post, "/temporal/entities", "upsertTemporal", "State the past of an entity",
                         {{201, "Known from now on"}, {204, "Added"}}),
                object, upsert_past);
  add_operation(router, services,
                route_of(Method::del, "/temporal/entities/{entityId}", "deleteTemporal",
                         "Take the past of an entity out", {{204, "Done"}}),
                nothing, remove_past);
  add_operation(router, services,
                route_of(Method::post, "/temporal/entities/{entityId}/attrs", "appendAttrsTemporal",
                         "State more of the past of an entity", {{204, "Done"}}),
                object, append_to_past);
  add_operation(router, services,
                route_of(Method::del, "/temporal/entities/{entityId}/attrs/{attrId}", "deleteAttrsTemporal",
                         "Take the past of an attribute out", {{204, "Done"}},
                         {query_parameter("datasetId", "The dataset"),
                          query_parameter("deleteAll", "Of all datasets", R"({"type":"boolean"})")}),
                nothing, remove_attribute);
  add_operation(router, services,
                route_of(Method::patch, "/temporal/entities/{entityId}/attrs/{attrId}/{instanceId}",
                         "updateAttrsTemporal", "Correct an instance of the past", {{204, "Done"}}),
                patch, correct_instance);
  add_operation(router, services,
                route_of(Method::del, "/temporal/entities/{entityId}/attrs/{attrId}/{instanceId}",
                         "deleteAttrInstanceTemporal", "Take an instance of the past out", {{204, "Done"}}),
                nothing, remove_instance);
}

}  // namespace cityloom::serve::ngsi_ld

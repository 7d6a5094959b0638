// The past of entities written: stated, corrected, taken out; here and at registered sources. ETSI GS CIM 009
// clauses 5.6.11 - 5.6.16. What an entity is now stays as it is; nothing is forgotten: as of an earlier time the past
// is as it was told then.
#include <algorithm>

#include "ngsi/merging.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/source_past.hpp"
#include "ngsi/syntax.hpp"
#include "serve/ngsi/distributed_writes.hpp"
#include "serve/ngsi/known_past.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using ngsi::SourceOperation;
using thread::Change;
using twin::Term;

Error unknown_past(std::string_view id) {
  return {Code::not_found, "nothing is known of the past of an entity with this id", std::string(id), {}};
}

// How a write of the past goes to sources.
WriteForm form_of_write(const Call& call, SourceOperation operation, const char* method, std::string path,
                        std::string_view id) {
  WriteForm form;
  form.write.operation = operation;
  form.write.id = std::string(id);
  form.write.of_the_past = true;
  form.method = method;
  form.path = std::move(path);
  form.has_body = form.method == "POST";
  if (!form.has_body) return form;
  form.write.types = ngsi::type_names(call.body(), 0, *call.context());
  form.write.attributes = ngsi::attribute_names(call.body(), 0, *call.context());
  return form;
}

std::string path_of(const Call& call) {
  return "/temporal/entities/" + percent_encoded(call.entity_id());
}

// The same of one attribute, or one instance of it.
WriteForm form_of_attribute(const Call& call, SourceOperation operation, const char* method) {
  WriteForm form;
  form.write.operation = operation;
  form.write.id = std::string(call.entity_id());
  form.write.attributes = {call.context()->expand(call.request().path_value("attrId"))};
  form.write.of_the_past = true;
  form.method = method;
  form.path = path_of(call) + "/attrs";
  form.attribute = form.write.attributes.front();
  form.has_body = form.method == "PATCH";
  return form;
}

Response answer_of(const Call& answered, const base::Result<thread::Outcomes>& outcomes, const std::string& location) {
  if (!outcomes->front().ok()) return answered.failure(outcomes->front().error());
  if (location.empty()) return Response::empty();
  Response response = Response::empty(201);
  response.header("Location", location);
  return response;
}

void append(Call call, const Writing& writing, Change change, MakeWriteForm make_form, std::optional<Error> absent,
            std::string location = {}) {
  append_everywhere(
      std::move(call), writing, std::move(change), std::move(make_form),
      [location = std::move(location)](const Call& answered, base::Result<thread::Outcomes> outcomes) {
        return answer_of(answered, outcomes, location);
      },
      std::move(absent));
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
  std::string location;
  if (!known->exists) location = "/ngsi-ld/v1/temporal/entities/" + percent_encoded(change->entity_id);
  const auto make_form = [location](const Call& given, const Change& made) {
    WriteForm form =
        form_of_write(given, SourceOperation::upsert_temporal, "POST", "/temporal/entities", made.entity_id);
    form.location = location;
    return form;
  };
  append(std::move(call), *writing, std::move(change).value(), make_form, {}, location);
}

// NGSI-LD: 5.6.12 add attributes to the past of an entity
void append_to_past(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  const auto known = known_past(writing->thread->snapshot(writing->branch), call.entity_id());
  if (!known.ok()) return call.fail(known.error());
  auto change =
      ngsi::parse_change(call.body(), 0, form_of(call.entity_id()), *call.context(), writing->thread->terms());
  if (!change.ok()) return call.fail(change.error());
  change->types = types_to_state(*known, change->types);
  std::optional<Error> absent;
  if (!known->exists) absent = unknown_past(call.entity_id());
  append(
      std::move(call), *writing, std::move(change).value(),
      [](const Call& given, const Change&) {
        return form_of_write(given, SourceOperation::append_attributes_temporal, "POST", path_of(given) + "/attrs",
                             given.entity_id());
      },
      std::move(absent));
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
  const auto known = known_past(writing->thread->snapshot(writing->branch), call.entity_id());
  if (!known.ok()) return call.fail(known.error());
  const bool is_all = call.flag("deleteAll");
  thread::HistoryQuery query;
  query.attributes = {*name};
  query.limit = 1;
  const auto history = writing->thread->snapshot(writing->branch).history(call.entity_id(), query);
  if (!history.ok()) return call.fail(history.error());
  const bool is_there = std::any_of(history->begin(), history->end(), [&](const thread::AttributeHistory& one) {
    return is_all || one.dataset == dataset;
  });
  std::optional<Error> absent;
  if (!known->exists) absent = unknown_past(call.entity_id());
  if (known->exists && !is_there) absent = unknown_attribute(call);
  Change change;
  change.kind = Change::Kind::remove_past;
  change.entity_id = std::string(call.entity_id());
  change.attributes.push_back(thread::all_past_of(*name, is_all ? Term::unknown() : dataset));
  append(
      std::move(call), *writing, std::move(change),
      [](const Call& given, const Change&) {
        return form_of_attribute(given, SourceOperation::delete_attributes_temporal, "DELETE");
      },
      std::move(absent));
}

// The instance in the path.
struct InstanceInPath {
  Term attribute;
  std::optional<ngsi::PastInstanceName> here;          // it is one of this record
  std::optional<ngsi::ForeignInstanceName> elsewhere;  // a source told of it
  std::optional<Error> absent;                         // why it cannot be written here
};

// Looks for it here; else answers itself and gives nothing.
std::optional<InstanceInPath> instance_in_path(Call& call, const Writing& writing) {
  const auto attribute = attribute_in_path(call, writing);
  if (!attribute) return {};
  const std::string_view id = call.request().path_value("instanceId");
  if (!ngsi::is_uri(id)) {
    call.fail({Code::invalid, "must be a URI", "instanceId", {}});
    return {};
  }
  InstanceInPath instance{*attribute, {}, ngsi::parse_foreign_instance_id(id), {}};
  const thread::Snapshot snapshot = writing.thread->snapshot(writing.branch);
  const auto known = known_past(snapshot, call.entity_id());
  if (!known.ok()) {
    call.fail(known.error());
    return {};
  }
  const auto name = ngsi::parse_instance_id(id);
  base::Result<std::optional<thread::PastAttribute>> found = std::optional<thread::PastAttribute>();
  if (known->exists && name && name->name == *attribute)
    found = snapshot.past_instance(call.entity_id(), name->name, name->dataset, name->key);
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
  if (found->has_value()) {
    instance.here = name;
  } else if (!known->exists) {
    instance.absent = unknown_past(call.entity_id());
  } else {
    instance.absent = {Code::not_found, "the attribute has no such instance", std::string(id),
                       "take instanceId from an answer of the temporal API"};
  }
  return instance;
}

// An instance that a source told of is written there alone. One of this record is not asked for elsewhere, where
// another may have the same id, but of those who hold the attribute alone.
MakeWriteForm form_of_instance(const InstanceInPath& instance, SourceOperation operation, const char* method) {
  return [operation, method, elsewhere = instance.elsewhere, is_here = instance.here.has_value()](const Call& given,
                                                                                                  const Change&) {
    WriteForm form = form_of_attribute(given, operation, method);
    form.path_end =
        '/' + percent_encoded(elsewhere ? elsewhere->instance_id : given.request().path_value("instanceId"));
    if (elsewhere) {
      form.concerns = [id = elsewhere->registration_id](const ngsi::Registration& one) { return one.id == id; };
    } else if (is_here) {
      form.concerns = [](const ngsi::Registration& one) { return one.is_proxied(); };
    }
    return form;
  };
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
  if (instance->here) {
    if (attribute->dataset.exists() && attribute->dataset != instance->here->dataset)
      return call.fail({Code::invalid, "an instance stays in its dataset", "datasetId", "leave datasetId out"});
    attribute->dataset = instance->here->dataset;
    thread::set_past_key(instance->here->key, *attribute);
  }
  Change change;
  change.kind = Change::Kind::correct_past;
  change.entity_id = std::string(call.entity_id());
  change.attributes.push_back(std::move(attribute).value());
  auto make_form = form_of_instance(*instance, SourceOperation::update_instance_temporal, "PATCH");
  append(std::move(call), *writing, std::move(change), std::move(make_form), instance->absent);
}

// NGSI-LD: 5.6.15 delete an instance of an attribute from the past of an entity
void remove_instance(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  const auto instance = instance_in_path(call, *writing);
  if (!instance) return;
  Change change;
  change.kind = Change::Kind::remove_past;
  change.entity_id = std::string(call.entity_id());
  if (instance->here) {
    twin::Attribute attribute = thread::all_past_of(instance->here->name, instance->here->dataset);
    thread::set_past_key(instance->here->key, attribute);
    change.attributes.push_back(std::move(attribute));
  }
  auto make_form = form_of_instance(*instance, SourceOperation::delete_instance_temporal, "DELETE");
  append(std::move(call), *writing, std::move(change), std::move(make_form), instance->absent);
}

// NGSI-LD: 5.6.16 delete the past of an entity
void remove_past(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  const auto known = known_past(writing->thread->snapshot(writing->branch), call.entity_id());
  if (!known.ok()) return call.fail(known.error());
  std::optional<Error> absent;
  if (!known->exists) absent = unknown_past(call.entity_id());
  Change change;
  change.kind = Change::Kind::remove_past;
  change.entity_id = std::string(call.entity_id());
  change.attributes.push_back(thread::all_past_of({}, {}));
  append(
      std::move(call), *writing, std::move(change),
      [](const Call& given, const Change&) {
        WriteForm form =
            form_of_write(given, SourceOperation::delete_temporal, "DELETE", path_of(given), given.entity_id());
        form.write.whole = true;
        return form;
      },
      std::move(absent));
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

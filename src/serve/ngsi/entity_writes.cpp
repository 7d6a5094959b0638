// Entities and attributes written one at a time. ETSI GS CIM 009 clauses 5.6.1 - 5.6.6, 5.6.17 - 5.6.19, 5.6.21.
#include "ngsi/merging.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/query.hpp"
#include "serve/ngsi/distributed_writes.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using ngsi::ProblemType;
using thread::Change;

Error unknown_entity(std::string_view id) {
  return {Code::not_found, "there is no entity with this id", std::string(id), {}};
}

// What one change came to: its own result, or that of the whole set.
const base::Result<thread::Outcome>& only(const base::Result<thread::Outcomes>& outcomes) {
  return outcomes->front();
}

Response no_content_or_failure(const Call& call, const base::Result<thread::Outcomes>& outcomes) {
  return only(outcomes).ok() ? Response::empty() : call.failure(only(outcomes).error());
}

void append_names(const std::vector<twin::Term>& names, const twin::TermTable& terms, std::string& to) {
  bool first = true;
  for (const twin::Term name : names) {
    if (!first) to += ',';
    ngsi::append_quoted(terms.text(name), to);
    first = false;
  }
}

// 204, or 207 with UpdateResult (clause 5.2.18; names in full, clause 6.3.6).
Response update_result(const Call& call, const twin::TermTable& terms, const base::Result<thread::Outcomes>& outcomes) {
  if (!only(outcomes).ok()) return call.failure(only(outcomes).error());
  const thread::Outcome& outcome = *only(outcomes);
  if (outcome.not_updated.empty()) return Response::empty();
  std::string body = R"({"updated":[)";
  append_names(outcome.updated, terms, body);
  body += R"(],"notUpdated":[)";
  bool first = true;
  for (const thread::NotUpdated& entry : outcome.not_updated) {
    body += first ? R"({"attributeName":)" : R"(,{"attributeName":)";
    first = false;
    ngsi::append_quoted(entry.name == twin::terms::scope ? "scope" : terms.text(entry.name), body);
    if (entry.dataset.exists()) {
      body += R"(,"datasetId":)";
      ngsi::append_quoted(terms.text(entry.dataset), body);
    }
    body += R"(,"reason":)";
    ngsi::append_quoted(entry.reason, body);
    body += '}';
  }
  body += "]}";
  return Response::json(std::move(body), 207);
}

// Whether the entity may be written: not one of the hub's own, and of the type that the request names, if it does.
bool check_target(Call& call, const Writing& writing, std::string_view id) {
  if (is_internal_id(id)) {
    call.fail(unknown_entity(id));
    return false;
  }
  const auto type = call.parameter("type");
  if (!type) return true;
  const auto selection = ngsi::parse_type_selection(*type, *call.context(), writing.thread->terms());
  if (!selection.ok()) {
    call.fail(selection.error());
    return false;
  }
  const auto found = writing.thread->snapshot(writing.branch).find(id);
  if (!found.ok() || !*found || !twin::satisfies(*found, *selection)) {
    call.fail(found.ok() ? unknown_entity(id) : found.error());
    return false;
  }
  return true;
}

ngsi::ChangeForm form_of(const Call& call, Change::Kind kind, std::string_view entity_id) {
  ngsi::ChangeForm form;
  form.kind = kind;
  form.entity_id = std::string(entity_id);
  form.simplified = call.has_option(option_simplified);
  if (const auto language = call.parameter("lang")) form.language = std::string(*language);
  return form;
}

// How a write of an entity by its body goes to sources.
WriteForm form_of_entity(const Call& call, ngsi::SourceOperation operation, const char* method, std::string path,
                         std::string_view id) {
  WriteForm form;
  form.write.operation = operation;
  form.write.id = std::string(id);
  form.write.types = ngsi::type_names(call.body(), 0, *call.context());
  form.write.attributes = ngsi::attribute_names(call.body(), 0, *call.context());
  form.method = method;
  form.path = std::move(path);
  return form;
}

std::string path_of(const Call& call) {
  return "/entities/" + percent_encoded(call.entity_id());
}

// NGSI-LD: 5.6.1 create an entity
void create_entity(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  auto change = ngsi::parse_change(call.body(), 0, form_of(call, Change::Kind::create, {}), *call.context(),
                                   writing->thread->terms());
  if (!change.ok()) return call.fail(change.error());
  if (is_internal_id(change->entity_id)) {
    return call.fail({Code::invalid, "ids that begin with urn:cityloom:internal: are the server's own", "id", {}});
  }
  const std::string location = "/ngsi-ld/v1/entities/" + percent_encoded(change->entity_id);
  append_everywhere(
      std::move(call), *writing, std::move(change).value(),
      [](const Call& given, const Change& made) {
        WriteForm form =
            form_of_entity(given, ngsi::SourceOperation::create_entity, "POST", "/entities", made.entity_id);
        form.location = "/ngsi-ld/v1/entities/" + percent_encoded(made.entity_id);
        return form;
      },
      [location](const Call& answered, base::Result<thread::Outcomes> outcomes) {
        if (!only(outcomes).ok()) return answered.failure(only(outcomes).error());
        Response response = Response::empty(201);
        response.header("Location", location);
        return response;
      });
}

// How each kind of change is told to sources.
WriteForm form_of_change(const Call& call, Change::Kind kind) {
  using Operation = ngsi::SourceOperation;
  switch (kind) {
    case Change::Kind::replace:
      return form_of_entity(call, Operation::replace_entity, "PUT", path_of(call), call.entity_id());
    case Change::Kind::merge:
      return form_of_entity(call, Operation::merge_entity, "PATCH", path_of(call), call.entity_id());
    case Change::Kind::update:
      return form_of_entity(call, Operation::update_entity, "PATCH", path_of(call) + "/attrs/", call.entity_id());
    default:
      return form_of_entity(call, Operation::append_attributes, "POST", path_of(call) + "/attrs/", call.entity_id());
  }
}

void change_entity(Call call, Change::Kind kind, bool tell_attributes) {
  const auto writing = call.writing();
  if (!writing || !check_target(call, *writing, call.entity_id())) return;
  ngsi::ChangeForm form = form_of(call, kind, call.entity_id());
  if (const auto observed_at = call.parameter("observedAt")) {
    const auto instant = base::Instant::parse(*observed_at);
    if (!instant.ok()) return call.fail({Code::invalid, "must be a date-time", "observedAt", {}});
    form.observed_at = *instant;
  }
  if (kind == Change::Kind::merge && !call.request().query_values().empty()) {
    auto present = writing->thread->snapshot(writing->branch).find(call.entity_id());
    if (present.ok() && is_visible(*present)) form.present = std::move(present).value();
  }
  auto change = ngsi::parse_change(call.body(), 0, form, *call.context(), writing->thread->terms());
  if (!change.ok()) return call.fail(change.error());
  change->keep_existing = call.has_option(option_no_overwrite);
  const twin::TermTable& terms = writing->thread->terms();
  append_everywhere(
      std::move(call), *writing, std::move(change).value(),
      [kind, tell_attributes](const Call& given, const Change&) {
        WriteForm write = form_of_change(given, kind);
        write.tells_attributes = tell_attributes;
        return write;
      },
      [&terms, tell_attributes](const Call& answered, base::Result<thread::Outcomes> outcomes) {
        return tell_attributes ? update_result(answered, terms, outcomes) : no_content_or_failure(answered, outcomes);
      });
}

// NGSI-LD: 5.6.18 replace an entity
void replace_entity(Call call) {
  change_entity(std::move(call), Change::Kind::replace, false);
}

// NGSI-LD: 5.6.17 merge into an entity
void merge_entity(Call call) {
  change_entity(std::move(call), Change::Kind::merge, false);
}

// NGSI-LD: 5.6.3 append attributes, with noOverwrite
void append_attributes(Call call) {
  change_entity(std::move(call), Change::Kind::append, true);
}

// NGSI-LD: 5.6.2 update attributes
void update_attributes(Call call) {
  change_entity(std::move(call), Change::Kind::update, true);
}

WriteForm form_of_deletion(const Call& call, const Change& change) {
  WriteForm form;
  form.write.operation = ngsi::SourceOperation::delete_entity;
  form.write.id = change.entity_id;
  form.write.whole = true;
  form.method = "DELETE";
  form.path = path_of(call);
  form.has_body = false;
  return form;
}

// NGSI-LD: 5.6.6 delete an entity
void delete_entity(Call call) {
  const auto writing = call.writing();
  if (!writing || !check_target(call, *writing, call.entity_id())) return;
  Change change;
  change.kind = Change::Kind::remove;
  change.entity_id = std::string(call.entity_id());
  append_everywhere(std::move(call), *writing, std::move(change), form_of_deletion,
                    [](const Call& answered, base::Result<thread::Outcomes> outcomes) {
                      return no_content_or_failure(answered, outcomes);
                    });
}

// How a write of one attribute goes to sources.
WriteForm form_of_attribute(const Call& call, ngsi::SourceOperation operation) {
  WriteForm form;
  form.write.operation = operation;
  form.write.id = std::string(call.entity_id());
  form.attribute = call.context()->expand(call.request().path_value("attrId"));
  form.write.attributes = {form.attribute};
  form.path = path_of(call) + "/attrs";
  return form;
}

void change_attribute(Call call, Change::Kind kind) {
  const auto writing = call.writing();
  if (!writing || !check_target(call, *writing, call.entity_id())) return;
  auto change =
      ngsi::parse_attribute_change(call.body(), call.request().path_value("attrId"),
                                   form_of(call, kind, call.entity_id()), *call.context(), writing->thread->terms());
  if (!change.ok()) return call.fail(change.error());
  append_everywhere(
      std::move(call), *writing, std::move(change).value(),
      [kind](const Call& given, const Change&) {
        const bool replaces = kind == Change::Kind::replace_attribute;
        WriteForm form = form_of_attribute(
            given, replaces ? ngsi::SourceOperation::replace_attributes : ngsi::SourceOperation::update_attributes);
        form.method = replaces ? "PUT" : "PATCH";
        return form;
      },
      [](const Call& answered, base::Result<thread::Outcomes> outcomes) {
        return no_content_or_failure(answered, outcomes);
      });
}

// NGSI-LD: 5.6.4 partial update of an attribute
void patch_attribute(Call call) {
  change_attribute(std::move(call), Change::Kind::patch_attribute);
}

// NGSI-LD: 5.6.19 replace an attribute
void replace_attribute(Call call) {
  change_attribute(std::move(call), Change::Kind::replace_attribute);
}

// The scope is deleted like an attribute, and is none.
void delete_scope(Call call, const Writing& writing) {
  const auto found = writing.thread->snapshot(writing.branch).find(call.entity_id());
  if (!found.ok()) return call.fail(found.error());
  if (!is_visible(*found)) return call.fail(unknown_entity(call.entity_id()));
  if (found->scopes().empty()) return call.fail({Code::not_found, "the entity has no scope", "scope", {}});
  Change change;
  change.kind = Change::Kind::merge;
  change.entity_id = std::string(call.entity_id());
  change.scopes_removed = true;
  std::vector<Change> changes;
  changes.push_back(std::move(change));
  Call::append(std::move(call), writing, std::move(changes),
               [](const Call& answered, base::Result<thread::Outcomes> outcomes) {
                 return no_content_or_failure(answered, outcomes);
               });
}

// NGSI-LD: 5.6.5 delete an attribute, with datasetId and deleteAll
void delete_attribute(Call call) {
  const auto writing = call.writing();
  if (!writing || !check_target(call, *writing, call.entity_id())) return;
  Change change;
  change.kind = Change::Kind::remove_attribute;
  change.entity_id = std::string(call.entity_id());
  const std::string_view name = call.request().path_value("attrId");
  if (name == "scope") return delete_scope(std::move(call), *writing);
  change.attribute_name = writing->thread->terms().find(call.context()->expand(name));
  change.all_datasets = call.flag("deleteAll");
  if (const auto dataset = call.parameter("datasetId")) {
    if (!ngsi::is_uri(*dataset)) return call.fail({Code::invalid, "must be a URI", "datasetId", {}});
    change.dataset = writing->thread->terms().find(*dataset);
  }
  append_everywhere(
      std::move(call), *writing, std::move(change),
      [](const Call& given, const Change&) {
        WriteForm form = form_of_attribute(given, ngsi::SourceOperation::delete_attributes);
        form.method = "DELETE";
        form.has_body = false;
        return form;
      },
      [](const Call& answered, base::Result<thread::Outcomes> outcomes) {
        return no_content_or_failure(answered, outcomes);
      });
}

Parameter type_parameter() {
  return query_parameter("type", "Types one of which the entity has");
}

Route route_of(Method method, const char* path, const char* operation_id, const char* summary, int status,
               std::vector<Parameter> parameters = {}) {
  return {method,  path, trust::Action::write,  operation_id, {},
          summary, {},   std::move(parameters), {},           {{status, "Done", {}}}};
}

}  // namespace

void add_entity_writes(Router& router, Services& services) {
  Form object;
  object.body = Form::Body::object;
  Form nothing;
  Form merging = object;
  merging.patch = true;
  merging.options = option_formats;
  Form patching = object;
  patching.patch = true;
  Form appending = object;
  appending.options = option_no_overwrite;
  Form attribute;
  attribute.body = Form::Body::attribute;
  Form attribute_patch = attribute;
  attribute_patch.patch = true;

  const std::vector<Parameter> type = {type_parameter()};
  add_operation(router, services, route_of(Method::post, "/entities", "createEntity", "Create an entity", 201), object,
                create_entity);
  add_operation(router, services,
                route_of(Method::put, "/entities/{entityId}", "replaceEntity", "Replace an entity", 204, type), object,
                replace_entity);
  add_operation(router, services,
                route_of(Method::patch, "/entities/{entityId}", "mergeEntity", "Merge into an entity", 204,
                         {type_parameter(), query_parameter("observedAt", "Of attributes that give none"),
                          query_parameter("lang", "Language of texts given for LanguageProperties")}),
                merging, merge_entity);
  add_operation(router, services,
                route_of(Method::del, "/entities/{entityId}", "deleteEntity", "Delete an entity", 204, type), nothing,
                delete_entity);
  add_operation(router, services,
                route_of(Method::post, "/entities/{entityId}/attrs", "appendAttrs", "Append attributes", 204, type),
                appending, append_attributes);
  add_operation(router, services,
                route_of(Method::patch, "/entities/{entityId}/attrs", "updateEntity", "Update attributes", 204, type),
                patching, update_attributes);
  add_operation(router, services,
                route_of(Method::patch, "/entities/{entityId}/attrs/{attrId}", "updateAttrs",
                         "Update an attribute in part", 204, type),
                attribute_patch, patch_attribute);
  add_operation(
      router, services,
      route_of(Method::put, "/entities/{entityId}/attrs/{attrId}", "replaceAttrs", "Replace an attribute", 204, type),
      attribute, replace_attribute);
  add_operation(router, services,
                route_of(Method::del, "/entities/{entityId}/attrs/{attrId}", "deleteAttrs", "Delete an attribute", 204,
                         {type_parameter(), query_parameter("datasetId", "The instance"),
                          query_parameter("deleteAll", "All instances", R"({"type":"boolean"})")}),
                nothing, delete_attribute);
}

}  // namespace cityloom::serve::ngsi_ld

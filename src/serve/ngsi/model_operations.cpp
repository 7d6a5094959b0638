// /api/models: data models kept in versions, chosen per type, and tried on an entity before it is written.
#include <simdjson.h>

#include "ngsi/parse.hpp"
#include "serve/json.hpp"
#include "serve/ngsi/models.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using base::fail;
using thread::Change;

constexpr size_t body_bytes_max = 1u << 20;
constexpr double interval_max_s = 10.0 * 366 * 86'400;

std::string name_in(const Call& call) {
  return std::string(call.request().path_value("modelName"));
}
std::string version_in(const Call& call) {
  return std::string(call.request().path_value("modelVersion"));
}

// Models are of a tenant's whole record.
bool on_main(Call& call) {
  const std::string_view branch = call.request().branch();
  if (!call.snapshot_id() && (branch.empty() || branch == "main")) return true;
  call.fail({Code::invalid, "data models are of the main branch only", "branch", {}});
  return false;
}

Models& models_of(const Call& call, const thread::Thread& thread) {
  return *call.services().state_of(thread).models;
}

void write_policy(const ModelPolicy& policy, JsonText& json) {
  json.key("activeVersion");
  if (policy.active.empty()) {
    json.null();
  } else {
    json.value(policy.active);
  }
  json.member("mode", models::name_of(policy.mode)).key("interval_s");
  if (policy.interval_s > 0) {
    json.value(policy.interval_s);
  } else {
    json.null();
  }
}

void write_entry(const ModelEntry& entry, JsonText& json) {
  json.open_object().member("name", entry.name).member("type", entry.type).member("typeIri", entry.type_iri);
  write_policy(entry.policy, json);
  json.key("versions").open_array();
  for (const auto& [version, kept] : entry.versions) {
    json.open_object().member("version", version).member("createdAt", kept->created_at).close_object();
  }
  json.close_array().close_object();
}

void list_models(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  JsonText json;
  json.open_object().key("models").open_array();
  for (const ModelEntry& entry : models_of(call, *reading->thread).list()) write_entry(entry, json);
  json.close_array().close_object();
  call.send(Response::json(json.take()));
}

Error unknown_model(const std::string& name) {
  return fail(Code::not_found, "there is no model of this name", name, "see /api/models");
}

void get_model(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const auto entry = models_of(call, *reading->thread).find(name_in(call));
  if (!entry) return call.fail(unknown_model(name_in(call)));
  JsonText json;
  write_entry(*entry, json);
  call.send(Response::json(json.take()));
}

std::string_view kind_name(models::AttributeModel::Kind kind) {
  using Kind = models::AttributeModel::Kind;
  if (kind == Kind::property) return "Property";
  if (kind == Kind::relationship) return "Relationship";
  return kind == Kind::geo_property ? "GeoProperty" : "";
}

// What was understood of a version: what a person looks at after giving it.
std::string version_json(const models::Model& model, std::string_view schema) {
  JsonText json;
  json.open_object().member("name", model.name).member("version", model.version);
  json.member("type", model.type).member("typeIri", model.type_iri).key("attributes").open_array();
  for (const models::AttributeModel& attribute : model.attributes) {
    json.open_object().member("name", attribute.name).member("iri", attribute.iri);
    json.member("required", attribute.is_required);
    if (!attribute.unit_code.empty()) json.member("unitCode", attribute.unit_code);
    if (const auto kind = kind_name(attribute.kind); !kind.empty()) json.member("kind", kind);
    json.close_object();
  }
  json.close_array().key("notes").open_array();
  for (const std::string& note : model.notes) json.value(note);
  json.close_array();
  if (!schema.empty()) json.key("schema").raw(schema);
  json.close_object();
  return json.take();
}

void get_version(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const Models& all = models_of(call, *reading->thread);
  const auto model = all.compiled(name_in(call), version_in(call));
  if (!model.ok()) return call.fail(model.error());
  const auto entry = all.find(name_in(call));
  if (!entry || !entry->versions.contains(version_in(call))) return call.fail(unknown_model(name_in(call)));
  simdjson::dom::parser parser;
  simdjson::dom::element schema;
  const std::string& document = entry->versions.at(version_in(call))->document;
  if (parser.parse(document)["schema"].get(schema) != simdjson::SUCCESS)
    return call.fail({Code::corrupt, "a kept data model cannot be read", name_in(call), {}});
  call.send(Response::json(version_json(**model, simdjson::minify(schema))));
}

// The body: a JSON Schema itself, or an object with a member schema.
base::Result<models::ModelText> model_text(const Call& call) {
  simdjson::dom::parser parser;
  simdjson::dom::element json, schema;
  const std::string_view body = call.request().body();
  if (parser.parse(body.data(), body.size()).get(json) != simdjson::SUCCESS)
    return fail(Code::invalid, "the body is not JSON");
  models::ModelText text;
  text.name = name_in(call);
  text.version = version_in(call);
  std::string_view type;
  if (json["schema"].get(schema) == simdjson::SUCCESS) {
    const simdjson::dom::object members = json.get_object().value_unsafe();
    for (const auto [name, value] : members) {
      if (name != "schema" && name != "type" && name != "@context")
        return fail(Code::invalid, "not expected here", std::string(name), "give schema, type and @context");
    }
    if (simdjson::dom::element given; json["type"].get(given) == simdjson::SUCCESS) {
      if (given.get(type) != simdjson::SUCCESS || type.empty()) return fail(Code::invalid, "must be a text", "type");
    }
    text.type = type;
    text.schema = simdjson::minify(schema);
    return text;
  }
  for (const char* const keyword : {"$schema", "properties", "allOf", "$ref"}) {
    if (json[keyword].error() != simdjson::SUCCESS) continue;
    text.schema = body;
    return text;
  }
  return fail(Code::invalid, "the body is neither a JSON Schema nor an object with one", "schema",
              R"(send {"schema": {...}}, or the schema itself)");
}

void put_version(Call call) {
  if (!on_main(call)) return;
  const auto writing = call.writing();
  if (!writing) return;
  const auto text = model_text(call);
  if (!text.ok()) return call.fail(text.error());
  auto model = models::Model::make(*text, [&](std::string_view name) { return call.context()->expand(name); });
  if (!model.ok()) return call.fail(model.error());
  if (model->type_iri.starts_with("urn:cityloom:"))
    return call.fail({Code::invalid, "types that begin with urn:cityloom: are the server's own", "type", {}});
  ModelVersion version;
  version.name = model->name;
  version.version = model->version;
  version.type = model->type;
  version.type_iri = model->type_iri;
  version.created_at = call.services().clock.now();
  version.document = document_of(*model, text->schema, call.context()->json());
  Models& all = models_of(call, *writing->thread);
  auto changes = all.changes_for(version);
  if (!changes.ok()) return call.fail(changes.error());
  const std::string answer = version_json(*model, {});
  Call::append(std::move(call), *writing, std::move(changes).value(),
               [&all, version = std::move(version), answer](const Call& answered,
                                                            base::Result<thread::Outcomes> outcomes) mutable {
                 for (const auto& outcome : *outcomes) {
                   if (!outcome.ok()) return answered.failure(outcome.error());
                 }
                 const std::string location = "/api/models/" + version.name + "/versions/" + version.version;
                 if (const auto status = all.put(std::move(version)); !status.ok())
                   return answered.failure(status.error());
                 Response response = Response::json(answer, 201);
                 response.header("Location", location);
                 return response;
               });
}

// What a request changes of a policy. Errors: invalid.
base::Status read_policy(std::string_view body, ModelPolicy& policy) {
  simdjson::dom::parser parser;
  simdjson::dom::object json;
  if (parser.parse(body.data(), body.size()).get(json) != simdjson::SUCCESS)
    return fail(Code::invalid, "the body is not a JSON object");
  for (const auto& [name, value] : json) {
    std::string_view text;
    const bool is_text = value.get(text) == simdjson::SUCCESS;
    double number = 0;
    if (name == "activeVersion" && (is_text || value.is_null())) {
      policy.active = text;
    } else if (name == "mode" && is_text) {
      const auto mode = models::mode_of(text);
      if (!mode.ok()) return mode.error();
      policy.mode = *mode;
    } else if (name == "interval_s" && value.is_null()) {
      policy.interval_s = 0;
    } else if (name == "interval_s" && value.get(number) == simdjson::SUCCESS && number > 0 &&
               number <= interval_max_s) {
      policy.interval_s = number;
    } else {
      return fail(Code::invalid, "not expected here, or not of this kind", std::string(name),
                  "activeVersion is a version or null; mode is strict, warn or accept; interval_s is seconds or null");
    }
  }
  return {};
}

void set_policy(Call call) {
  if (!on_main(call)) return;
  const auto writing = call.writing();
  if (!writing) return;
  Models& all = models_of(call, *writing->thread);
  const std::string name = name_in(call);
  const auto entry = all.find(name);
  if (!entry) return call.fail(unknown_model(name));
  ModelPolicy policy = entry->policy;
  if (const auto read = read_policy(call.request().body(), policy); !read.ok()) return call.fail(read.error());
  auto change = all.change_for(name, policy);
  if (!change.ok()) return call.fail(change.error());
  std::vector<Change> changes;
  changes.push_back(std::move(change).value());
  Call::append(std::move(call), *writing, std::move(changes),
               [&all, name, policy](const Call& answered, base::Result<thread::Outcomes> outcomes) {
                 if (!outcomes->front().ok()) return answered.failure(outcomes->front().error());
                 const auto status = all.set_policy(name, policy);
                 return status.ok() ? Response::empty() : answered.failure(status.error());
               });
}

void remove(Call call) {
  if (!on_main(call)) return;
  const auto writing = call.writing();
  if (!writing) return;
  Models& all = models_of(call, *writing->thread);
  const std::string name = name_in(call), version = version_in(call);
  auto changes = all.removals_for(name, version);
  if (!changes.ok()) return call.fail(changes.error());
  Call::append(std::move(call), *writing, std::move(changes).value(),
               [&all, name, version](const Call& answered, base::Result<thread::Outcomes> outcomes) {
                 for (const auto& outcome : *outcomes) {
                   if (!outcome.ok() && outcome.error().code != Code::not_found)
                     return answered.failure(outcome.error());
                 }
                 all.erase(name, version);
                 return Response::empty();
               });
}

void check_by_model(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const Models& all = models_of(call, *reading->thread);
  const auto entry = all.find(name_in(call));
  if (!entry) return call.fail(unknown_model(name_in(call)));
  const std::string version = call.parameter_text("version").value_or(entry->policy.active);
  if (version.empty()) return call.fail({Code::invalid, "no version is active: say which one", "version", {}});
  const auto model = all.compiled(entry->name, version);
  if (!model.ok()) return call.fail(model.error());
  // Asking must not make the tenant's table of terms grow.
  twin::TermTable terms;
  ngsi::ChangeForm form;
  form.kind = Change::Kind::create;
  form.simplified = call.has_option(option_simplified);
  const auto change = ngsi::parse_change(call.body(), 0, form, *call.context(), terms);
  if (!change.ok()) return call.fail(change.error());
  const auto bound = models::BoundModel::bind(*model, terms);
  if (!bound.ok()) return call.fail(bound.error());
  models::EntityPart part;
  part.id = change->entity_id;
  part.is_whole = true;
  for (const twin::Attribute& attribute : change->attributes) part.stated.push_back(&attribute);
  std::vector<models::Finding> findings;
  if (std::find(change->types.begin(), change->types.end(), (*bound)->type()) == change->types.end())
    findings.push_back({"type", "type", "must be " + (*model)->type, {}});
  const models::BoundModel* const one = bound->get();
  models::check_entity({&one, 1}, part, terms, findings);
  JsonText json;
  json.open_object().member("model", (*model)->name).member("version", (*model)->version);
  json.member("valid", findings.empty()).key("findings");
  write_findings(findings, json);
  json.close_object();
  call.send(Response::json(json.take()));
}

Route route_of(Method method, const char* path, const char* operation_id, const char* summary, Answer answer) {
  Route route;
  route.method = method;
  route.path = path;
  route.action = method == Method::get ? trust::Action::read : trust::Action::administer;
  route.operation_id = operation_id;
  route.tag = "Data models";
  route.summary = summary;
  route.answers = {std::move(answer)};
  route.body_bytes_max = body_bytes_max;
  return route;
}

Answer gives(int status, const char* description, const char* schema) {
  return {
      status, description, {{"application/json", std::string(R"({"$ref":"#/components/schemas/)") + schema + "\"}"}}};
}

void add_schemas(Router& router) {
  router.add_schema("DataModel", R"({"type":"object","required":["name","type","typeIri","activeVersion","mode",
    "interval_s","versions"],"properties":{"name":{"type":"string"},"type":{"type":"string"},
    "typeIri":{"type":"string"},"activeVersion":{"type":["string","null"],"description":"null: nothing is checked"},
    "mode":{"enum":["strict","warn","accept"]},
    "interval_s":{"type":["number","null"],"description":"Within which an entity is expected to be stated again"},
    "versions":{"type":"array","items":{"type":"object","required":["version","createdAt"],"properties":{
      "version":{"type":"string"},"createdAt":{"type":"string","format":"date-time"}}}}}})");
  router.add_schema("DataModels", R"({"type":"object","required":["models"],"properties":{"models":{"type":"array",
    "items":{"$ref":"#/components/schemas/DataModel"}}}})");
  router.add_schema("DataModelVersion", R"({"type":"object","required":["name","version","type","typeIri","attributes",
    "notes"],"properties":{"name":{"type":"string"},"version":{"type":"string"},"type":{"type":"string"},
    "typeIri":{"type":"string"},"notes":{"type":"array","items":{"type":"string"}},"schema":{"type":"object"},
    "attributes":{"type":"array","items":{"type":"object","required":["name","iri","required"],"properties":{
      "name":{"type":"string"},"iri":{"type":"string"},"required":{"type":"boolean"},"unitCode":{"type":"string"},
      "kind":{"enum":["Property","Relationship","GeoProperty"]}}}}}})");
  router.add_schema("Findings", R"({"type":"array","maxItems":20,"items":{"type":"object","required":["path","rule",
    "what"],"properties":{"path":{"type":"string"},"rule":{"type":"string","description":
    "The keyword of JSON Schema; attribute, unitCode, kind or steps"},"what":{"type":"string"},
    "nearest":{"type":"string","description":"The name that was probably meant"}}}})");
  router.add_schema("ModelCheck", R"({"type":"object","required":["model","version","valid","findings"],"properties":{
    "model":{"type":"string"},"version":{"type":"string"},"valid":{"type":"boolean"},
    "findings":{"$ref":"#/components/schemas/Findings"}}})");
}

}  // namespace

void write_findings(const std::vector<models::Finding>& findings, JsonText& json) {
  json.open_array();
  for (const models::Finding& finding : findings) {
    json.open_object().member("path", finding.path).member("rule", finding.rule).member("what", finding.what);
    if (!finding.nearest.empty()) json.member("nearest", finding.nearest);
    json.close_object();
  }
  json.close_array();
}

void add_model_operations(Router& router, Services& services) {
  constexpr const char* one = "/api/models/{modelName}";
  constexpr const char* of_version = "/api/models/{modelName}/versions/{modelVersion}";
  add_schemas(router);
  Form body;
  body.body = Form::Body::object;
  Form merging = body;
  merging.patch = true;
  Form checking = body;
  checking.options = option_simplified;
  const auto add = [&](Route route, const Form& form, void (*run)(Call)) {
    add_operation(router, services, std::move(route), form, run);
  };
  add(route_of(Method::get, "/api/models", "listModels", "The data models of entity types",
               gives(200, "All, by name", "DataModels")),
      Form{}, list_models);
  add(route_of(Method::get, one, "getModel", "One data model", gives(200, "The model", "DataModel")), Form{},
      get_model);
  add(route_of(Method::patch, one, "setModelPolicy", "Which version holds, and how strictly", {204, "It holds", {}}),
      merging, set_policy);
  add(route_of(Method::del, one, "deleteModel", "Deletes a data model", {204, "It is gone", {}}), Form{}, remove);
  add(route_of(Method::put, of_version, "putModelVersion", "A new version of a data model: a JSON Schema",
               gives(201, "What was understood of it", "DataModelVersion")),
      body, put_version);
  add(route_of(Method::get, of_version, "getModelVersion", "One version of a data model",
               gives(200, "The version", "DataModelVersion")),
      Form{}, get_version);
  add(route_of(Method::del, of_version, "deleteModelVersion", "Deletes a version that is not active",
               {204, "It is gone", {}}),
      Form{}, remove);
  Route check = route_of(Method::post, "/api/models/{modelName}/check", "checkByModel",
                         "What an entity would break, without writing it", gives(200, "The findings", "ModelCheck"));
  check.action = trust::Action::read;
  check.parameters = {query_parameter("version", "Of the model; the active one where not given")};
  add(std::move(check), checking, check_by_model);
}

}  // namespace cityloom::serve::ngsi_ld

// /openapi.json: the description of all doors, made from the table of routes, so that it cannot drift from it.
#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"

namespace cityloom::serve {
namespace {

constexpr std::string_view problem_schema = R"({"type":"object","required":["type","title","status"],"properties":{
"type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"},
"where":{"type":"string"}}})";

std::string_view name_of(Parameter::In in) {
  switch (in) {
    case Parameter::In::query:
      return "query";
    case Parameter::In::path:
      return "path";
    case Parameter::In::header:
      return "header";
  }
  return "query";
}

// Errors that routes have in common, each described once.
struct KnownError {
  int status;
  std::string_view description;
};
constexpr KnownError known_errors[] = {
    {400, "The request breaks a rule"},
    {403, "Not allowed, or more than a request may ask for"},
    {404, "It is not there, or its tenant or branch is not"},
    {408, "The request did not come in time"},
    {409, "Not possible in the present state"},
    {413, "The body is too large"},
    {414, "The address is too long"},
    {415, "A body of this kind is not taken"},
    {417, "An expectation other than 100-continue"},
    {431, "The headers are too large"},
    {500, "A mistake in the server, or damaged data"},
    {501, "Not done here"},
    {503, "Too much at once, or no writes are taken now: try again later"},
};

// Those that a route can end with, whatever it does: a request that never gets as far as its handler has them too.
bool can_end_with(const Route& route, int status) {
  const bool changes = route.method != Method::get && route.method != Method::head;
  switch (status) {
    case 404:
      return route.action != trust::Action::look || route.path.find('{') != std::string::npos;
    case 409:
      return changes;
    case 413:
      return changes;
    case 415:
      return !route.request_body.empty();
    default:
      return true;
  }
}

void write_contents(JsonText& json, const std::vector<Content>& contents) {
  json.key("content").open_object();
  for (const Content& content : contents) {
    json.key(content.type).open_object();
    if (!content.schema.empty()) json.key("schema").raw(content.schema);
    json.close_object();
  }
  json.close_object();
}

void write_parameter(JsonText& json, const Parameter& parameter) {
  json.open_object().member("name", parameter.name).member("in", name_of(parameter.in));
  if (!parameter.description.empty()) json.member("description", parameter.description);
  if (parameter.required || parameter.in == Parameter::In::path) json.member("required", true);
  json.key("schema").raw(parameter.schema).close_object();
}

/// Names in the braces of a path: "/a/{b}/{c*}" gives b and c.
std::vector<std::string> names_in(std::string_view path) {
  std::vector<std::string> names;
  for (size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
    std::string_view name = path.substr(at + 1, path.find('}', at) - at - 1);
    if (name.ends_with('*')) name.remove_suffix(1);
    names.emplace_back(name);
  }
  return names;
}

// Ids of the standard's elements are URIs; other names in paths are texts.
std::string path_schema(const Route& route, std::string_view name) {
  static constexpr std::array<std::string_view, 5> uris = {"entityId", "subscriptionId", "registrationId", "snapshotId",
                                                           "entityMapId"};
  const bool is_uri = route.path.starts_with("/ngsi-ld/") && std::find(uris.begin(), uris.end(), name) != uris.end();
  return is_uri ? R"({"type":"string","format":"uri"})" : R"({"type":"string"})";
}

// Errors below /ngsi-ld/ come as clause 6.3 of the standard has them.
bool is_of_ngsi_ld(const Route& route) {
  return route.path.starts_with("/ngsi-ld/");
}

void write_error(JsonText& json, std::string_view description, int status, bool of_ngsi_ld) {
  json.open_object().member("description", description);
  const bool is_empty = of_ngsi_ld && (status == 411 || status == 415);
  if (!is_empty)
    write_contents(json, {{of_ngsi_ld ? "application/json" : "application/problem+json", schema_reference("Problem")}});
  json.close_object();
}

std::string name_of_error(int status, bool of_ngsi_ld) {
  return (of_ngsi_ld ? "NgsiLdError" : "Error") + std::to_string(status);
}

void write_answers(JsonText& json, const Route& route) {
  std::set<int> told;
  json.key("responses").open_object();
  for (const Answer& each : route.answers) {
    told.insert(each.status);
    json.key(std::to_string(each.status));
    if (each.contents.empty() && each.status >= 400) {
      write_error(json, each.description, each.status, is_of_ngsi_ld(route));
      continue;
    }
    json.open_object().member("description", each.description);
    if (!each.contents.empty()) write_contents(json, each.contents);
    json.close_object();
  }
  for (const KnownError& error : known_errors) {
    if (told.contains(error.status) || !can_end_with(route, error.status)) continue;
    const std::string name = name_of_error(error.status, is_of_ngsi_ld(route));
    json.key(std::to_string(error.status))
        .open_object()
        .member("$ref", "#/components/responses/" + name)
        .close_object();
  }
  json.close_object();
}

void write_route(JsonText& json, const Route& route) {
  std::string method(serve::name_of(route.method));
  std::transform(method.begin(), method.end(), method.begin(), [](char c) { return static_cast<char>(c + 32); });
  json.key(method).open_object().member("operationId", route.operation_id);
  if (!route.tag.empty()) json.key("tags").open_array().value(route.tag).close_array();
  if (!route.summary.empty()) json.member("summary", route.summary);
  json.key("parameters").open_array();
  for (const std::string& name : names_in(route.path)) {
    const bool is_described = std::any_of(route.parameters.begin(), route.parameters.end(), [&](const Parameter& each) {
      return each.in == Parameter::In::path && each.name == name;
    });
    if (!is_described) write_parameter(json, {Parameter::In::path, name, {}, path_schema(route, name), true});
  }
  for (const Parameter& parameter : route.parameters) write_parameter(json, parameter);
  json.close_array();
  if (!route.request_body.empty()) {
    json.key("requestBody").open_object().member("required", true);
    write_contents(json, route.request_body);
    json.close_object();
  }
  write_answers(json, route);
  json.close_object();
}

// "#/components/schemas/NAME" in a text of JSON Schemas: each NAME.
void add_names_in(std::string_view text, std::vector<std::string>& names) {
  constexpr std::string_view mark = "#/components/schemas/";
  for (size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at)) {
    at += mark.size();
    names.emplace_back(text.substr(at, text.find('"', at) - at));
  }
}

// The schemas that a text refers to, and those that they refer to.
std::set<std::string> schemas_used(const Router& router, std::string_view text) {
  std::vector<std::string> waiting = {"Problem"};
  add_names_in(text, waiting);
  std::set<std::string> used;
  while (!waiting.empty()) {
    const std::string name = std::move(waiting.back());
    waiting.pop_back();
    if (!used.insert(name).second) continue;
    if (const auto found = router.schemas().find(name); found != router.schemas().end())
      add_names_in(found->second, waiting);
  }
  return used;
}

void write_components(JsonText& json, const Router& router, const std::set<std::string>& used) {
  json.key("components").open_object().key("schemas").open_object();
  json.key("Problem").raw(problem_schema);
  for (const auto& [name, schema] : router.schemas()) {
    if (used.contains(name)) json.key(name).raw(schema);
  }
  json.close_object().key("responses").open_object();
  for (const bool of_ngsi_ld : {false, true}) {
    for (const KnownError& error : known_errors) {
      json.key(name_of_error(error.status, of_ngsi_ld));
      write_error(json, error.description, error.status, of_ngsi_ld);
    }
  }
  json.close_object().close_object();
}

}  // namespace

std::string openapi_text(const Router& router, const OpenApiScope& scope) {
  std::map<std::string, std::vector<const Route*>> paths;
  for (const auto& route : router.routes()) {
    if (route->hidden || !route->path.starts_with(scope.prefix)) continue;
    std::string path = route->path.substr(scope.prefix.size());
    if (path.empty()) path = "/";
    if (const size_t star = path.find("*}"); star != std::string::npos) path.erase(star, 1);
    paths[path].push_back(route.get());
  }
  JsonText doors;
  doors.open_object();
  for (const auto& [path, routes] : paths) {
    doors.key(path).open_object();
    for (const Route* route : routes) write_route(doors, *route);
    doors.close_object();
  }
  const std::string doors_text = doors.close_object().take();
  JsonText json;
  json.open_object().member("openapi", scope.version).key("info").open_object();
  json.member("title", "Cityloom").member("version", CITYLOOM_VERSION);
  json.member("description",
              "The digital twin of a city: its entities by NGSI-LD, and the doors that no standard names");
  json.close_object();
  if (!scope.server.empty()) {
    json.key("servers").open_array().open_object().member("url", scope.server).close_object().close_array();
  }
  json.key("paths").raw(doors_text);
  write_components(json, router, schemas_used(router, doors_text));
  return json.close_object().take();
}

void add_openapi_door(Router& router) {
  struct Made {
    std::once_flag once;
    std::shared_ptr<const std::string> text;
  };
  Route route;
  route.path = "/openapi.json";
  route.action = trust::Action::look;
  route.operation_id = "getOpenApi";
  route.tag = "Operation";
  route.summary = "This description";
  route.handler = answer([made = std::make_shared<Made>(), &router](const Request&) {
    std::call_once(made->once, [&] { made->text = std::make_shared<const std::string>(openapi_text(router)); });
    return Response{200, "application/json", {}, made->text, {}};
  });
  route.answers = {{200, "OpenAPI 3.1", {{"application/json", R"({"type":"object"})"}}}};
  router.add(std::move(route));
}

}  // namespace cityloom::serve

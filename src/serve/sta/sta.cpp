#include "serve/sta/sta.hpp"

#include "serve/sta/reads.hpp"
#include "serve/sta/writes.hpp"

namespace cityloom::serve::sta {
namespace {

Response failed(const base::Error& error) {
  return problem(error);
}

std::vector<Parameter> read_parameters() {
  const auto parameter = [](const char* name, const char* description, const char* schema = R"({"type":"string"})") {
    return Parameter{Parameter::In::query, name, description, schema, false};
  };
  return {parameter("$filter", "Which resources: result gt 5 and startswith(name,'a')"),
          parameter("$expand", "Related ones that are written inline: Datastreams($expand=Observations($top=1))"),
          parameter("$select", "Properties that are written"),
          parameter("$orderby", "Their order: phenomenonTime desc,id"),
          parameter("$top", "At most so many", R"({"type":"integer","minimum":0})"),
          parameter("$skip", "Leaves out so many", R"({"type":"integer","minimum":0})"),
          parameter("$count", "Tells how many there are in all", R"({"type":"boolean"})"),
          parameter("$resultFormat", "Observations as arrays", R"({"type":"string","enum":["dataArray"]})"),
          parameter("asOf", "As recorded at a date-time or offset"),
          parameter("branch", "A branch of the record other than main")};
}

using WriteDoor = void (*)(ngsi_ld::Services&, const Request&, Reply);

Route write_route(ngsi_ld::Services& services, Method method, std::string path, std::string operation,
                  std::string summary, WriteDoor write) {
  Route route;
  route.method = method;
  route.path = std::string(root_path) + path;
  route.action = trust::Action::write;
  route.operation_id = std::move(operation);
  route.tag = "SensorThings";
  route.summary = std::move(summary);
  route.handler = [&services, write](const Request& request, Reply reply) {
    write(services, request, std::move(reply));
  };
  route.parameters = {
      {Parameter::In::query, "branch", "A branch of the record other than main", R"({"type":"string"})", false}};
  if (method != Method::del) route.request_body = {{"application/json", {}}};
  const bool creates = method == Method::post;
  route.answers = {{creates ? 201 : 200, creates ? "It was created" : "It was done", {}}};
  if (method != Method::del) route.answers.front().contents = {{"application/json", {}}};
  return route;
}

}  // namespace

void add_sta_doors(Router& router, ngsi_ld::Services& services) {
  const auto read_door = [&services](const Request& request, const ogc::Effort& effort) {
    return read(services, request, effort);
  };
  Route root;
  root.path = std::string(root_path);
  root.operation_id = "getSensorThingsRoot";
  root.tag = "SensorThings";
  root.summary = "SensorThings API 1.1: the sets";
  root.handler = ogc::bounded(services, read_door, failed);
  root.answers = {{200, "The sets", {{"application/json", R"({"type":"object"})"}}}};
  router.add(std::move(root));
  Route get;
  get.path = std::string(root_path) + "/{path*}";
  get.operation_id = "readSensorThings";
  get.tag = "SensorThings";
  get.summary = "SensorThings API 1.1: what a path leads to";
  get.handler = ogc::bounded(services, read_door, failed);
  get.parameters = read_parameters();
  get.answers = {{200, "A resource, a set, or a property", {{"application/json", R"({"type":"object"})"}}},
                 {204, "The property has no value", {}}};
  router.add(std::move(get));
  router.add(write_route(services, Method::post, "/{path*}", "createSensorThings",
                         "SensorThings API 1.1: create a resource, with related ones within it", create));
  router.add(write_route(services, Method::post, "/CreateObservations", "createObservations",
                         "SensorThings API 1.1: observations in bulk, as arrays", create_observations));
  router.add(write_route(services, Method::patch, "/{path*}", "updateSensorThings",
                         "SensorThings API 1.1: change a resource", update));
  router.add(write_route(services, Method::put, "/{path*}", "replaceSensorThings",
                         "SensorThings API 1.1: replace a resource", update));
  router.add(write_route(services, Method::del, "/{path*}", "deleteSensorThings",
                         "SensorThings API 1.1: delete a resource, and what cannot be without it", remove));
}

}  // namespace cityloom::serve::sta

#include "serve/ogc/landing.hpp"

#include "serve/api/doors.hpp"
#include "serve/ogc/links.hpp"

namespace cityloom::serve::ogc {
namespace {

constexpr std::string_view openapi_type = "application/vnd.oai.openapi+json;version=3.0";
constexpr std::string_view relation = "http://www.opengis.net/def/rel/ogc/1.0/";

Response landing(const std::string& city_name, const Request& request) {
  const std::string origin = origin_of(request);
  JsonText json;
  json.open_object().member("title", city_name.empty() ? "Cityloom" : city_name);
  json.member("description", "A city's digital twin: its entities as features, and vector tiles");
  json.key("links").open_array();
  write_link(json, origin + "/ogc", "self", "application/json", "This page");
  write_link(json, origin + "/ogc/api", "service-desc", openapi_type, "The API as OpenAPI");
  write_link(json, origin + "/openapi.json", "service-doc", "application/json", "All doors of this server as OpenAPI");
  write_link(json, origin + "/ogc/conformance", "conformance", "application/json", "What it conforms to");
  write_link(json, origin + "/ogc/conformance", std::string(relation) + "conformance", "application/json",
             "What it conforms to");
  write_link(json, origin + "/ogc/collections", "data", "application/json", "Collections of features");
  write_link(json, origin + "/ogc/collections", std::string(relation) + "data", "application/json",
             "Collections of features");
  write_link(json, origin + "/ogc/tiles", std::string(relation) + "tilesets-vector", "application/json",
             "Vector tiles");
  write_link(json, origin + "/ogc/tileMatrixSets", std::string(relation) + "tiling-schemes", "application/json",
             "Tile matrix sets");
  write_link(json, origin + "/processes", std::string(relation) + "processes", "application/json",
             "Models as processes");
  write_link(json, origin + "/sta/v1.1", "related", "application/json", "The same city by SensorThings API 1.1");
  json.close_array().close_object();
  return Response::json(json.take());
}

Response conformance() {
  JsonText json;
  json.open_object().key("conformsTo").open_array();
  for (const std::string_view name :
       {"ogcapi-common-1/1.0/conf/core", "ogcapi-common-1/1.0/conf/landing-page", "ogcapi-common-1/1.0/conf/json",
        "ogcapi-features-1/1.0/conf/core", "ogcapi-features-1/1.0/conf/geojson", "ogcapi-features-1/1.0/conf/oas30",
        "ogcapi-features-2/1.0/conf/crs", "ogcapi-tiles-1/1.0/conf/core", "ogcapi-tiles-1/1.0/conf/tileset",
        "ogcapi-tiles-1/1.0/conf/tilesets-list", "ogcapi-tiles-1/1.0/conf/dataset-tilesets",
        "ogcapi-tiles-1/1.0/conf/mvt"}) {
    json.value("http://www.opengis.net/spec/" + std::string(name));
  }
  json.value("http://www.opengis.net/spec/tms/2.0/conf/tilematrixset");
  json.value("http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset").close_array().close_object();
  return Response::json(json.take());
}

Route route_of(std::string path, std::string operation, std::string summary, Handler handler) {
  Route route;
  route.path = std::move(path);
  route.operation_id = std::move(operation);
  route.tag = "Features";
  route.summary = std::move(summary);
  route.handler = std::move(handler);
  route.parameters = {
      {Parameter::In::query, "f", "The form of the answer", R"({"type":"string","enum":["json"]})", false}};
  route.answers = {{200, "It", {{"application/json", R"({"type":"object"})"}}}};
  return route;
}

base::Status check(const Request& request) {
  for (const auto& [name, value] : request.query_values()) {
    if (name == "f" && value == "json") continue;
    return base::fail(base::Code::invalid, "there is no parameter of this name here", std::string(name.substr(0, 200)),
                      "check its spelling");
  }
  return {};
}

}  // namespace

void add_landing_doors(Router& router, std::string city_name) {
  router.add(route_of("/ogc", "getOgcLanding", "OGC API: where everything is",
                      answer_or_fail([city_name](const Request& request) -> base::Result<Response> {
                        if (const auto status = check(request); !status.ok()) return status.error();
                        return landing(city_name, request);
                      })));
  router.add(route_of("/ogc/conformance", "getOgcConformance", "OGC API: what it conforms to",
                      answer_or_fail([](const Request& request) -> base::Result<Response> {
                        if (const auto status = check(request); !status.ok()) return status.error();
                        return conformance();
                      })));
  Route api =
      route_of("/ogc/api", "getOgcApi", "OGC API: its description as OpenAPI 3.0",
               answer_or_fail([&router](const Request& request) -> base::Result<Response> {
                 if (const auto status = check(request); !status.ok()) return status.error();
                 return Response{
                     200, openapi_type, {}, openapi_text(router, {"3.0.3", "/ogc", origin_of(request) + "/ogc"}), {}};
               }));
  api.answers = {{200, "It", {{std::string(openapi_type), R"({"type":"object"})"}}}};
  router.add(std::move(api));
}

}  // namespace cityloom::serve::ogc

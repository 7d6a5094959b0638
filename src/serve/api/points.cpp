// /tiles/points: point clouds as 3D Tiles, out of the record's assets.
#include "serve/api/doors.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

Result<std::string> tileset_of(const Reading& reading, std::string_view id) {
  const auto record = reading.snapshot.find(id);
  if (!record) return record.error();
  std::string name;
  if (*record) {
    const twin::Term term = reading.thread->terms().find("https://uri.etsi.org/ngsi-ld/default-context/tileset");
    record->each_attribute(term, [&](const twin::Attribute& attribute) {
      if (const auto* text = std::get_if<std::string>(&attribute.value)) name = *text;
      return false;
    });
  }
  if (name.empty()) return fail(Code::not_found, "there is no such point cloud", std::string(id));
  return name;
}

/// "ID/tileset.json" or "ID/HASH.glb".
Result<Response> find_points(const ApiState& state, const Request& request) {
  const std::string_view path = request.path_value("path");
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return fail(Code::not_found, "there is no such tile");
  const std::string_view id = path.substr(0, slash);
  std::string_view file = path.substr(slash + 1);
  const auto reading = reading_of(*state.services.tenants, request);
  if (!reading) return reading.error();
  auto name = tileset_of(*reading, id);
  if (!name) return name.error();
  const bool is_tileset = file == "tileset.json";
  if (!is_tileset) {
    if (!file.ends_with(".glb")) return fail(Code::not_found, "there is no such tile");
    file.remove_suffix(4);
    name = std::string(file);
  }
  const std::string etag = "\"" + *name + "\"";
  Response response;
  response.header("ETag", etag);
  response.header("Cache-Control", is_tileset ? "no-cache" : "max-age=31536000, immutable");
  if (request.header("If-None-Match").value_or("").find(etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  auto bytes = reading->thread->asset(*name);
  if (!bytes && bytes.error().code == Code::invalid) return fail(Code::not_found, "there is no such tile");
  if (!bytes) return bytes.error();
  // Other assets of the record are not this door's.
  if (!is_tileset && !(*bytes)->starts_with("glTF")) return fail(Code::not_found, "there is no such tile");
  response.content_type = is_tileset ? "application/json" : "model/gltf-binary";
  response.body = std::move(*bytes);
  return response;
}

}  // namespace

void add_points_door(Router& router, const ApiStatePointer& state) {
  Route route;
  route.path = "/tiles/points/{path*}";
  route.operation_id = "getPointTile";
  route.tag = "City";
  route.summary = "A point cloud as 3D Tiles 1.1: ID/tileset.json, and the contents that it names";
  route.handler = answer_or_fail([state](const Request& request) { return find_points(*state, request); });
  route.blocking = true;
  route.parameters = {as_of_parameter(), branch_parameter()};
  route.answers = {{200, "A tileset or its content", {{"application/json", "{}"}, {"model/gltf-binary", ""}}},
                   {304, "As the client has it", {}}};
  router.add(std::move(route));
}

}  // namespace cityloom::serve

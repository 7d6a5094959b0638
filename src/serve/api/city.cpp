// /api/route and /tiles: what the space room gives.
#include <charconv>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"
#include "space/roads.hpp"
#include "space/tiles/layer.hpp"
#include "space/tiles/tiles.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

/// "lon,lat"
Result<twin::Position> read_position(const Request& request, std::string_view name) {
  const std::string_view text = request.query_value(name).value_or("");
  const char* const end = text.data() + text.size();
  double longitude = 0, latitude = 0;
  const auto first = std::from_chars(text.data(), end, longitude);
  const bool has_comma = first.ec == std::errc{} && first.ptr != end && *first.ptr == ',';
  const auto second = has_comma ? std::from_chars(first.ptr + 1, end, latitude) : first;
  if (!has_comma || second.ec != std::errc{} || second.ptr != end) {
    return fail(Code::invalid, "not a longitude and latitude", std::string(name), "write for example from=127.1,37.51");
  }
  auto position = twin::Position::make(longitude, latitude);
  if (!position) return fail(Code::invalid, position.error().what, std::string(name));
  return position;
}

Result<Response> find_route(const ApiState& state, const Request& request) {
  if (state.services.roads == nullptr || !request.tenant().empty()) {
    return fail(Code::unsupported, "ways are found for the default tenant only");
  }
  const auto from = read_position(request, "from");
  if (!from) return from.error();
  const auto to = read_position(request, "to");
  if (!to) return to.error();
  space::RouteRequest wanted{*from, *to, space::RouteGoal::fastest, 1'000};
  if (const auto goal = request.query_value("goal"); goal && *goal == "shortest") {
    wanted.goal = space::RouteGoal::shortest;
  } else if (goal && *goal != "fastest") {
    return fail(Code::invalid, "neither fastest nor shortest", "goal");
  }
  const auto network = state.services.roads->network();
  if (!network) return network.error();
  const auto route = (*network)->route(wanted);
  if (!route) return route.error();
  twin::Geometry line;
  line.kind = twin::GeometryKind::line_string;
  line.positions = route->positions;
  JsonText json;
  json.open_object().member("type", "Feature").member("geometry", line).key("properties").open_object();
  json.member("length_m", route->length_m).member("duration_s", route->duration_s).key("segments").open_array();
  for (const std::string& id : route->segment_ids) json.value(id);
  json.close_array().close_object().close_object();
  return Response{200, "application/geo+json", {}, json.take(), {}};
}

Result<Response> find_tile(const ApiState& state, const Request& request, std::string_view layer) {
  if (state.services.tiles == nullptr || !request.tenant().empty()) {
    return fail(Code::not_found, "there are tiles of the default tenant only");
  }
  if (request.query_value("branch").value_or("main") != "main") {
    return fail(Code::unsupported, "there are tiles of the branch main only", "branch");
  }
  std::optional<thread::Offset> as_of;
  if (request.query_value("asOf")) {
    const auto reading = reading_of(*state.services.tenants, request);
    if (!reading) return reading.error();
    as_of = reading->snapshot.offset();
  }
  space::TileRequest wanted;
  wanted.layer = layer;
  wanted.path = request.path_value("path");
  wanted.as_of = as_of;
  wanted.is_plain = request.query_value("plain").value_or("") == "1";
  const auto tile = state.services.tiles->find(wanted);
  if (!tile) return tile.error();
  const space::TileContent& content = **tile;
  Response response;
  response.header("ETag", content.etag);
  response.header("Cache-Control", "no-cache");
  if (request.header("If-None-Match").value_or("").find(content.etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  response.content_type = content.content_type;
  response.body = std::shared_ptr<const std::string>(*tile, &content.bytes);
  return response;
}

void add_route_door(Router& router, const ApiStatePointer& state) {
  Route route;
  route.path = "/api/route";
  route.operation_id = "findRoute";
  route.tag = "City";
  route.summary = "The way over the road network";
  route.handler = answer_or_fail([state](const Request& request) { return find_route(*state, request); });
  route.blocking = true;  // folds the network after roads have changed
  const std::string position = R"({"type":"string","pattern":"^-?[0-9.]+,-?[0-9.]+$"})";
  route.parameters = {{Parameter::In::query, "from", "Longitude and latitude", position, true},
                      {Parameter::In::query, "to", "Longitude and latitude", position, true},
                      {Parameter::In::query, "goal", "What it is the best in",
                       R"({"enum":["fastest","shortest"],"default":"fastest"})", false}};
  route.answers = {{200, "A LineString", {{"application/geo+json", schema_reference("RouteFeature")}}}};
  router.add(std::move(route));
  router.add_schema("RouteFeature", R"({"type":"object","required":["type","geometry","properties"],"properties":{
    "type":{"const":"Feature"},"geometry":{"type":"object","required":["type","coordinates"],"properties":{
      "type":{"const":"LineString"},"coordinates":{"type":"array","items":{"type":"array","items":{"type":"number"}}}}},
    "properties":{"type":"object","required":["length_m","duration_s","segments"],"properties":{
      "length_m":{"type":"number"},"duration_s":{"type":"number"},
      "segments":{"type":"array","items":{"type":"string"}}}}}})");
}

void add_tile_door(Router& router, const ApiStatePointer& state, const std::string& layer) {
  Route route;
  route.path = "/tiles/" + layer + "/{path*}";
  std::string capital = layer;
  capital[0] = static_cast<char>(capital[0] - 'a' + 'A');
  route.operation_id = "get" + capital + "Tile";
  route.tag = "City";
  route.summary = "The layer " + layer + " as 3D Tiles 1.1, from tileset.json on";
  route.handler = answer_or_fail([state, layer](const Request& request) { return find_tile(*state, request, layer); });
  route.blocking = true;  // a tile that is not in memory is made here
  route.parameters = {as_of_parameter(),
                      {Parameter::In::query, "plain", "1: glTF without quantisation and compression",
                       R"({"type":"string","examples":["1"]})", false}};
  route.answers = {{200,
                    "A tileset, a part of it or content",
                    {{"application/json", "{}"}, {"application/octet-stream", ""}, {"model/gltf-binary", ""}}},
                   {304, "As the client has it", {}}};
  router.add(std::move(route));
}

}  // namespace

void add_city_doors(Router& router, const ApiStatePointer& state) {
  add_route_door(router, state);
  for (const space::Layer& layer : space::all_layers()) add_tile_door(router, state, layer.name);
}

}  // namespace cityloom::serve

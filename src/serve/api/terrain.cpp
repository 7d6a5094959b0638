// /api/terrain and /tiles/terrain: the ground, asked and drawn.
#include "space/terrain/terrain.hpp"

#include <charconv>
#include <cmath>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"
#include "space/earth.hpp"
#include "space/terrain/terrain_tiles.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;
using ReliefPointer = std::shared_ptr<const space::Relief>;

constexpr size_t places_max = 1'000;
constexpr double eye_m = 1.7;  // of a person who stands

// "lon,lat" or "lon,lat,height".
Result<twin::Position> read_place(std::string_view text, std::string_view parameter) {
  double numbers[3] = {0, 0, std::nan("")};
  size_t count = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; count < 3; ++count) {
    const auto read = std::from_chars(at, end, numbers[count]);
    if (read.ec != std::errc{}) break;
    at = read.ptr;
    if (at == end || *at != ',') {
      ++count;
      break;
    }
    ++at;
  }
  if (count < 2 || at != end) {
    return fail(Code::invalid, "not a longitude and latitude", std::string(parameter),
                "write for example at=7.42,43.73");
  }
  auto place = twin::Position::make(numbers[0], numbers[1], numbers[2]);
  if (!place) return fail(Code::invalid, place.error().what, std::string(parameter));
  return place;
}

// Places with ';' between them.
Result<std::vector<twin::Position>> read_places(const Request& request, std::string_view parameter) {
  std::string_view text = request.query_value(parameter).value_or("");
  std::vector<twin::Position> places;
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    const auto place = read_place(text.substr(0, end), parameter);
    if (!place) return place.error();
    if (places.size() == places_max) return fail(Code::too_large, "more than 1000 places", std::string(parameter));
    places.push_back(*place);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (places.empty()) return fail(Code::invalid, "no place is named", std::string(parameter));
  return places;
}

Result<double> read_number(const Request& request, std::string_view parameter, double otherwise) {
  const auto text = request.query_value(parameter);
  if (!text) return otherwise;
  double number = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
  if (read.ec != std::errc{} || read.ptr != text->data() + text->size() || !std::isfinite(number)) {
    return fail(Code::invalid, "not a number", std::string(parameter));
  }
  return number;
}

Result<ReliefPointer> ground_of(const ApiState& state, const Request& request) {
  space::Terrain* const terrain = state.services.terrain;
  if (terrain == nullptr || !request.tenant().empty()) {
    return fail(Code::not_found, "there is terrain of the default tenant only");
  }
  if (request.query_value("branch").value_or("main") != "main") {
    return fail(Code::unsupported, "there is terrain of the branch main only", "branch");
  }
  if (!request.query_value("asOf")) return terrain->relief();
  const auto reading = reading_of(*state.services.tenants, request);
  if (!reading) return reading.error();
  return terrain->relief_at(reading->snapshot.offset());
}

void put_height(JsonText& json, std::string_view name, const std::optional<double>& height_m) {
  json.key(name);
  // To the millimetre: more would be noise.
  height_m ? json.value(std::round(*height_m * 1'000) / 1'000) : json.null();
}

Result<Response> describe(const ApiState& state, const Request& request) {
  const auto relief = ground_of(state, request);
  if (!relief) return relief.error();
  JsonText json;
  json.open_object().key("models").open_array();
  for (const space::Relief::Area& area : (*relief)->areas()) {
    json.open_object().key("bbox").open_array();
    for (const double degrees : {area.box.west_deg, area.box.south_deg, area.box.east_deg, area.box.north_deg}) {
      json.value(degrees);
    }
    json.close_array().member("step_deg", area.step_deg).close_object();
  }
  json.close_array().key("problems").open_array();
  for (const std::string& problem : (*relief)->problems()) json.value(problem);
  json.close_array().close_object();
  return Response::json(json.take());
}

Result<Response> find_heights(const ApiState& state, const Request& request) {
  const auto relief = ground_of(state, request);
  if (!relief) return relief.error();
  const auto places = read_places(request, "at");
  if (!places) return places.error();
  JsonText json;
  json.open_object().key("heights").open_array();
  for (const twin::Position& place : *places) {
    const auto height_m = space::height_m_at(**relief, place);
    if (!height_m) return height_m.error();
    const auto slope = space::slope_at(**relief, place);
    if (!slope) return slope.error();
    json.open_object().key("position").open_array().value(place.longitude_deg).value(place.latitude_deg).close_array();
    put_height(json, "height_m", *height_m);
    put_height(json, "slope_deg", *slope ? std::optional((*slope)->slope_deg) : std::nullopt);
    put_height(json, "aspect_deg", *slope ? (*slope)->aspect_deg : std::nullopt);
    json.close_object();
  }
  json.close_array().close_object();
  return Response::json(json.take());
}

Result<Response> find_profile(const ApiState& state, const Request& request) {
  const auto relief = ground_of(state, request);
  if (!relief) return relief.error();
  const auto line = read_places(request, "line");
  if (!line) return line.error();
  const auto steps = read_number(request, "steps", 0);
  if (!steps) return steps.error();
  // So many points, or one each so many metres.
  const auto step_m = read_number(request, "step", *steps > 0 ? std::max(0.001, space::length_m(*line) / *steps) : 10);
  if (!step_m) return step_m.error();
  const auto profile = space::profile_along(**relief, *line, *step_m);
  if (!profile) return profile.error();
  JsonText json;
  json.open_object().member("length_m", profile->back().distance_m).key("points").open_array();
  for (const space::ProfilePoint& point : *profile) {
    json.open_object().member("distance_m", std::round(point.distance_m * 1'000) / 1'000);
    json.key("position").open_array().value(point.place.longitude_deg).value(point.place.latitude_deg).close_array();
    put_height(json, "height_m", point.place.has_height() ? std::optional(point.place.height_m) : std::nullopt);
    json.close_object();
  }
  json.close_array().close_object();
  return Response::json(json.take());
}

// A place without a height of its own stands `above_m` above the relief.
Result<twin::Position> stand(const space::Relief& relief, const Request& request, std::string_view parameter,
                             double above_m) {
  auto place = read_place(request.query_value(parameter).value_or(""), parameter);
  if (!place || place->has_height()) return place;
  const auto height_m = space::height_m_at(relief, *place);
  if (!height_m) return height_m.error();
  if (!height_m->has_value()) {
    return fail(Code::invalid, "there is no terrain at this place", std::string(parameter),
                "give a height above the ellipsoid as the third number");
  }
  place->height_m = **height_m + above_m;
  return place;
}

Result<Response> find_sight(const ApiState& state, const Request& request) {
  const auto relief = ground_of(state, request);
  if (!relief) return relief.error();
  const auto eye_above_m = read_number(request, "fromAbove", eye_m);
  if (!eye_above_m) return eye_above_m.error();
  const auto target_above_m = read_number(request, "toAbove", 0.5);
  if (!target_above_m) return target_above_m.error();
  const auto eye = stand(**relief, request, "from", *eye_above_m);
  if (!eye) return eye.error();
  const auto target = stand(**relief, request, "to", *target_above_m);
  if (!target) return target.error();
  const auto sight = space::sight_between(**relief, *eye, *target);
  if (!sight) return sight.error();
  JsonText json;
  json.open_object().member("clear", sight->is_clear).member("complete", sight->is_complete);
  json.member("distance_m", std::round(sight->distance_m * 1'000) / 1'000);
  put_height(json, "leastClearance_m", sight->least_clearance_m);
  json.key("obstacle");
  sight->obstacle ? json.value(twin::Geometry::point(*sight->obstacle)) : json.null();
  json.close_object();
  return Response::json(json.take());
}

Result<Response> find_tile(const ApiState& state, const Request& request) {
  if (state.services.terrain_tiles == nullptr || !request.tenant().empty()) {
    return fail(Code::not_found, "there is terrain of the default tenant only");
  }
  // "application/vnd.quantized-mesh;extensions=octvertexnormals-watermask"
  const std::string accept = request.joined_header("Accept");
  const auto asks = [&](std::string_view extension) { return accept.find(extension) != std::string::npos; };
  const auto tile =
      state.services.terrain_tiles->find(request.path_value("path"), {asks("octvertexnormals"), asks("watermask")});
  if (!tile) return tile.error();
  const space::TerrainTile& content = **tile;
  Response response;
  response.header("ETag", content.etag);
  // An address with the version of the terrain always means the same bytes.
  response.header("Cache-Control", request.query_value("v") ? "max-age=31536000, immutable" : "no-cache");
  response.header("Vary", "Accept, Accept-Encoding");
  if (request.header("If-None-Match").value_or("").find(content.etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  response.content_type =
      content.content_type == "application/json" ? "application/json" : "application/vnd.quantized-mesh";
  const bool is_packed =
      !content.gzip_bytes.empty() && request.joined_header("Accept-Encoding").find("gzip") != std::string::npos;
  if (is_packed) response.header("Content-Encoding", "gzip");
  response.body = std::shared_ptr<const std::string>(*tile, is_packed ? &content.gzip_bytes : &content.bytes);
  return response;
}

const std::string places_schema = R"({"type":"string","pattern":"^-?[0-9.]+,-?[0-9.]+"})";

void add_query_door(Router& router, const ApiStatePointer& state, std::string path, std::string operation_id,
                    std::string summary, Result<Response> (*handle)(const ApiState&, const Request&),
                    std::vector<Parameter> parameters, std::string schema) {
  Route route;
  route.path = std::move(path);
  route.operation_id = std::move(operation_id);
  route.tag = "City";
  route.summary = std::move(summary);
  route.handler = answer_or_fail([state, handle](const Request& request) { return handle(*state, request); });
  route.blocking = true;  // blocks that are not in memory are read here
  route.parameters = std::move(parameters);
  route.parameters.push_back(as_of_parameter());
  route.answers = {{200, "What the terrain says", {{"application/json", std::move(schema)}}}};
  router.add(std::move(route));
}

void add_queries(Router& router, const ApiStatePointer& state) {
  const auto query = [](std::string name, std::string description, std::string schema, bool required) {
    return Parameter{Parameter::In::query, std::move(name), std::move(description), std::move(schema), required};
  };
  const std::string number = R"({"type":"number"})";
  add_query_door(router, state, "/api/terrain", "getTerrain", "Where the record has terrain, the finest first",
                 describe, {}, R"({"type":"object","required":["models","problems"],"properties":{
    "models":{"type":"array","items":{"type":"object","required":["bbox","step_deg"],"properties":{
      "bbox":{"type":"array","items":{"type":"number"}},"step_deg":{"type":"number"}}}},
    "problems":{"type":"array","items":{"type":"string"}}}})");
  add_query_door(router, state, "/api/terrain/height", "getTerrainHeights",
                 "Height above the ellipsoid, slope and aspect at places", find_heights,
                 {query("at", "Longitude and latitude; several with ';' between them", places_schema, true)},
                 R"({"type":"object","required":["heights"],"properties":{"heights":{"type":"array","items":{
    "type":"object","required":["position","height_m","slope_deg","aspect_deg"],"properties":{
      "position":{"type":"array","items":{"type":"number"}},"height_m":{"type":["number","null"]},
      "slope_deg":{"type":["number","null"]},"aspect_deg":{"type":["number","null"]}}}}}})");
  add_query_door(router, state, "/api/terrain/profile", "getTerrainProfile", "Heights along a line", find_profile,
                 {query("line", "Places with ';' between them", places_schema, true),
                  query("step", "Metres between points (default 10)", number, false),
                  query("steps", "Instead: into how many steps the line is cut", number, false)},
                 R"({"type":"object","required":["length_m","points"],"properties":{"length_m":{"type":"number"},
    "points":{"type":"array","items":{"type":"object","required":["distance_m","position","height_m"],"properties":{
      "distance_m":{"type":"number"},"position":{"type":"array","items":{"type":"number"}},
      "height_m":{"type":["number","null"]}}}}}})");
  add_query_door(
      router, state, "/api/terrain/line-of-sight", "getLineOfSight", "Whether one place sees another", find_sight,
      {query("from", "Longitude, latitude and, if it does not stand on the ground, height above the ellipsoid",
             places_schema, true),
       query("to", "The same of the place looked at", places_schema, true),
       query("fromAbove", "Metres of the eye above the ground (default 1.7)", number, false),
       query("toAbove", "Metres of the target above the ground (default 0.5)", number, false)},
      R"({"type":"object","required":["clear","complete","distance_m","leastClearance_m","obstacle"],
    "properties":{"clear":{"type":"boolean"},"complete":{"type":"boolean"},"distance_m":{"type":"number"},
      "leastClearance_m":{"type":"number"},"obstacle":{"type":["object","null"]}}})");
}

}  // namespace

void add_terrain_doors(Router& router, const ApiStatePointer& state) {
  add_queries(router, state);
  Route tiles;
  tiles.path = "/tiles/terrain/{path*}";
  tiles.operation_id = "getTerrainTile";
  tiles.tag = "City";
  tiles.summary = "The terrain as quantized-mesh-1.0, from layer.json on";
  tiles.handler = answer_or_fail([state](const Request& request) { return find_tile(*state, request); });
  tiles.blocking = true;  // a tile that is not in memory is made here
  tiles.answers = {{200, "layer.json or a tile", {{"application/json", "{}"}, {"application/vnd.quantized-mesh", ""}}},
                   {304, "As the client has it", {}}};
  router.add(std::move(tiles));
}

}  // namespace cityloom::serve

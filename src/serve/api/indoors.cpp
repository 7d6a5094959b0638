// /api/indoors, /api/indoors/route and /tiles/indoors: buildings from inside.
#include <xxhash.h>

#include <charconv>
#include <cstdio>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"
#include "space/ifc/indoors.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

Result<space::IndoorModel> read_model(const ApiState& state, const Request& request, std::string_view building,
                                      bool with_bodies) {
  const auto reading = reading_of(*state.services.tenants, request);
  if (!reading) return reading.error();
  return space::read_indoors(reading->snapshot, reading->thread->terms(), building, with_bodies);
}

void write_optional(JsonText& json, std::string_view name, const std::optional<double>& value) {
  if (value) json.member(name, *value);
}

void write_storeys(JsonText& json, const space::IndoorModel& model) {
  json.key("storeys").open_array();
  for (const space::IndoorStorey& storey : model.storeys) {
    json.open_object().member("id", storey.id).member("name", storey.name).member("order", storey.order);
    write_optional(json, "elevation", storey.elevation_m);
    write_optional(json, "height", storey.height_m);
    json.member("rooms", storey.rooms).member("things", storey.things).close_object();
  }
  json.close_array();
}

void write_ids(JsonText& json, std::string_view name, const std::vector<std::string>& ids) {
  if (ids.empty()) return;
  json.key(name).open_array();
  for (const std::string& id : ids) json.value(id);
  json.close_array();
}

void write_thing(JsonText& json, const space::IndoorThing& thing) {
  json.open_object().member("type", "Feature").member("id", thing.id).key("geometry");
  thing.location.positions.empty() ? json.null() : json.value(thing.location);
  json.key("properties").open_object().member("type", thing.type).member("category", thing.category);
  if (!thing.name.empty()) json.member("name", thing.name);
  if (!thing.number.empty()) json.member("number", thing.number);
  if (!thing.material.empty()) json.member("material", thing.material);
  json.member("storey", thing.storey);
  write_optional(json, "area", thing.area_m2);
  write_optional(json, "height", thing.height_m);
  write_ids(json, "connects", thing.connects);
  write_ids(json, "opensTo", thing.opens_to);
  json.close_object().close_object();
}

// The storey that a request names: by id, or by its order from below.
Result<std::string> wanted_storey(const space::IndoorModel& model, std::string_view text) {
  for (const space::IndoorStorey& storey : model.storeys) {
    if (storey.id == text) return storey.id;
  }
  size_t place = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), place);
  if (read.ec == std::errc{} && read.ptr == text.data() + text.size() && place < model.storeys.size())
    return model.storeys[place].id;
  return fail(Code::not_found, "the building has no such storey", "storey");
}

Result<Response> find_indoors(const ApiState& state, const Request& request) {
  const auto model = read_model(state, request, request.query_value("building").value_or(""), false);
  if (!model) return model.error();
  std::string storey;
  if (const auto text = request.query_value("storey")) {
    auto wanted = wanted_storey(*model, *text);
    if (!wanted) return wanted.error();
    storey = std::move(*wanted);
  }
  JsonText json;
  json.open_object().member("type", "FeatureCollection").key("building").open_object();
  json.member("id", model->id).member("name", model->name).close_object();
  write_storeys(json, *model);
  json.key("storey");
  storey.empty() ? json.null() : json.value(storey);
  json.key("features").open_array();
  for (const space::IndoorThing& thing : model->things) {
    if (!storey.empty() && thing.storey == storey) write_thing(json, thing);
  }
  json.close_array().close_object();
  return Response{200, "application/geo+json", {}, json.take(), {}};
}

Result<Response> find_way(const ApiState& state, const Request& request) {
  const auto model = read_model(state, request, request.query_value("building").value_or(""), false);
  if (!model) return model.error();
  const auto route = space::find_indoor_route(*model, request.query_value("from").value_or(""),
                                              request.query_value("to").value_or(space::outside_room));
  if (!route) return route.error();
  twin::Geometry line;
  line.kind = twin::GeometryKind::line_string;
  line.positions = route->positions;
  if (line.positions.size() == 1) line.positions.push_back(line.positions.front());
  line.line_ends = {static_cast<uint32_t>(line.positions.size())};
  JsonText json;
  json.open_object().member("type", "Feature").member("geometry", line).key("properties").open_object();
  json.member("length_m", route->length_m).member("duration_s", route->duration_s).key("steps").open_array();
  for (const std::string& id : route->steps) {
    const space::IndoorThing* thing = model->find(id);
    json.open_object().member("id", id);
    if (thing != nullptr)
      json.member("type", thing->type)
          .member("category", thing->category)
          .member("name", thing->name)
          .member("storey", thing->storey);
    json.close_object();
  }
  json.close_array().close_object().close_object();
  return Response{200, "application/geo+json", {}, json.take(), {}};
}

Result<Response> find_indoor_tile(const ApiState& state, const Request& request) {
  const auto model = read_model(state, request, request.path_value("building"), true);
  if (!model) return model.error();
  auto tile = space::make_indoor_tile(*model, request.path_value("path"));
  if (!tile) return tile.error();
  char etag[24];
  std::snprintf(etag, sizeof etag, "\"%016llx\"",
                static_cast<unsigned long long>(XXH3_64bits(tile->bytes.data(), tile->bytes.size())));
  Response response;
  response.header("ETag", etag);
  response.header("Cache-Control", "no-cache");
  if (request.header("If-None-Match").value_or("").find(etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  response.content_type = tile->content_type == "application/json" ? "application/json" : "model/gltf-binary";
  response.body = std::make_shared<const std::string>(std::move(tile->bytes));
  return response;
}

constexpr std::string_view indoors_schema =
    R"({"type":"object","required":["type","building","storeys","storey","features"],"properties":{
    "type":{"const":"FeatureCollection"},
    "building":{"type":"object","required":["id","name"],"properties":{"id":{"type":"string"},"name":{"type":"string"}}},
    "storeys":{"type":"array","items":{"type":"object","required":["id","name","order","rooms","things"],"properties":{
      "id":{"type":"string"},"name":{"type":"string"},"order":{"type":"number"},"elevation":{"type":"number"},
      "height":{"type":"number"},"rooms":{"type":"integer"},"things":{"type":"integer"}}}},
    "storey":{"type":["string","null"]},
    "features":{"type":"array","items":{"type":"object","required":["id","geometry","properties"],"properties":{
      "id":{"type":"string"},"geometry":{"type":["object","null"]},
      "properties":{"type":"object","required":["type","category","storey"],"properties":{
        "type":{"type":"string"},"category":{"type":"string"},"name":{"type":"string"},"number":{"type":"string"},
        "material":{"type":"string"},"storey":{"type":"string"},"area":{"type":"number"},"height":{"type":"number"},
        "connects":{"type":"array","items":{"type":"string"}},"opensTo":{"type":"array","items":{"type":"string"}}}}}}}}})";

constexpr std::string_view way_schema = R"({"type":"object","required":["type","geometry","properties"],"properties":{
    "type":{"const":"Feature"},"geometry":{"type":"object","required":["type","coordinates"],"properties":{
      "type":{"const":"LineString"},"coordinates":{"type":"array","items":{"type":"array","items":{"type":"number"}}}}},
    "properties":{"type":"object","required":["length_m","duration_s","steps"],"properties":{
      "length_m":{"type":"number"},"duration_s":{"type":"number"},
      "steps":{"type":"array","items":{"type":"object","required":["id"],"properties":{"id":{"type":"string"},
        "type":{"type":"string"},"category":{"type":"string"},"name":{"type":"string"},"storey":{"type":"string"}}}}}}}})";

}  // namespace

void add_indoor_doors(Router& router, const ApiStatePointer& state) {
  const std::string text = R"({"type":"string"})";
  Route plan;
  plan.path = "/api/indoors";
  plan.operation_id = "getIndoors";
  plan.tag = "City";
  plan.summary = "The storeys of a building, and the plan of one: rooms and elements";
  plan.handler = answer_or_fail([state](const Request& request) { return find_indoors(*state, request); });
  plan.blocking = true;  // reads all that stands in the building
  plan.parameters = {
      {Parameter::In::query, "building", "The building's id", text, true},
      {Parameter::In::query, "storey", "A storey's id, or its place from below (0 the lowest)", text, false},
      as_of_parameter(),
      branch_parameter()};
  plan.answers = {
      {200, "Storeys; with `storey`, its features", {{"application/geo+json", schema_reference("Indoors")}}}};
  router.add(std::move(plan));
  Route way;
  way.path = "/api/indoors/route";
  way.operation_id = "findIndoorRoute";
  way.tag = "City";
  way.summary = "The way from a room to another, or out of the building";
  way.handler = answer_or_fail([state](const Request& request) { return find_way(*state, request); });
  way.blocking = true;
  way.parameters = {
      {Parameter::In::query, "building", "The building's id", text, true},
      {Parameter::In::query, "from", "A room's id, or outside", text, true},
      {Parameter::In::query, "to", "A room's id, or outside", R"({"type":"string","default":"outside"})", false},
      as_of_parameter(),
      branch_parameter()};
  way.answers = {{200, "A LineString", {{"application/geo+json", schema_reference("IndoorRoute")}}}};
  router.add(std::move(way));
  Route tiles;
  tiles.path = "/tiles/indoors/{building}/{path*}";
  tiles.operation_id = "getIndoorTile";
  tiles.tag = "City";
  tiles.summary = "A building's inside as 3D Tiles 1.1, a tile for each storey, from tileset.json on";
  tiles.handler = answer_or_fail([state](const Request& request) { return find_indoor_tile(*state, request); });
  tiles.blocking = true;
  tiles.parameters = {as_of_parameter(), branch_parameter()};
  tiles.answers = {{200, "A tileset or its content", {{"application/json", "{}"}, {"model/gltf-binary", ""}}},
                   {304, "As the client has it", {}}};
  router.add(std::move(tiles));
  router.add_schema("Indoors", std::string(indoors_schema));
  router.add_schema("IndoorRoute", std::string(way_schema));
}

}  // namespace cityloom::serve

// /api/rasters and /tiles/raster: raster layers over time, put by models, shown as pictures, asked for values.
#include <rapidjson/document.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"
#include "space/raster/raster_layers.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;
using space::RasterLayer;
using space::RasterLayers;
using space::RasterStep;

constexpr std::string_view id_start = "urn:ngsi-ld:RasterLayer:";
constexpr size_t body_bytes_max = 80u << 20;

/// "flood" or the whole id.
Result<std::string> layer_id(std::string_view text) {
  std::string id = text.starts_with("urn:") ? std::string(text) : std::string(id_start) + std::string(text);
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == ':';
  };
  if (!id.starts_with(id_start) || id.size() == id_start.size() || id.size() > 200 ||
      !std::all_of(id.begin(), id.end(), is_good)) {
    return fail(Code::invalid, "a layer's name has letters, digits, '-', '_' and '.'", "id");
  }
  return id;
}

Result<std::optional<base::Instant>> instant_in(const Request& request, std::string_view name) {
  const auto text = request.query_value(name);
  if (!text) return std::optional<base::Instant>();
  const auto instant = base::Instant::parse(*text);
  if (!instant) return fail(Code::invalid, instant.error().what, std::string(name), "write 2026-11-22T08:05:00Z");
  return std::optional(*instant);
}

std::string member_text(const rapidjson::Document& json, const char* name) {
  const auto found = json.FindMember(name);
  return found != json.MemberEnd() && found->value.IsString() ? found->value.GetString() : "";
}

/// The text of a member as it stands in the head, so that names and scales are kept as they were written.
std::string member_json(const rapidjson::Document& json, const char* name) {
  const auto found = json.FindMember(name);
  if (found == json.MemberEnd()) return {};
  JsonText text;
  if (found->value.IsString()) {
    text.value(std::string_view(found->value.GetString(), found->value.GetStringLength()));
    return text.take();
  }
  if (found->value.IsArray()) {
    text.open_array();
    for (const auto& pair : found->value.GetArray()) {
      if (!pair.IsArray() || pair.Size() != 2 || !pair[0].IsNumber() || !pair[1].IsString()) return "null";
      text.open_array().value(pair[0].GetDouble()).value(std::string_view(pair[1].GetString())).close_array();
    }
    text.close_array();
    return text.take();
  }
  if (!found->value.IsObject()) return "null";
  text.open_object();
  for (const auto& member : found->value.GetObject()) {
    if (member.value.IsString()) text.member(member.name.GetString(), std::string_view(member.value.GetString()));
  }
  text.close_object();
  return text.take();
}

Result<Response> put_step(const ApiState& state, RasterLayers& layers, const Request& request) {
  const auto id = layer_id(request.query_value("id").value_or(""));
  if (!id) return id.error();
  const auto upload = space::read_raw_raster(request.body());
  if (!upload) return upload.error();
  rapidjson::Document head;
  head.Parse<rapidjson::kParseIterativeFlag>(upload->head.data(), upload->head.size());
  auto time = instant_in(request, "time");
  if (!time) return time.error();
  if (!*time) {
    const std::string text = member_text(head, "time");
    const auto instant = base::Instant::parse(text);
    if (!instant) return fail(Code::invalid, "a step has a time", "time", "write 2026-11-22T08:05:00Z");
    *time = *instant;
  }
  space::RasterPut what;
  what.id = *id;
  what.time = **time;
  const std::string name = member_json(head, "name");
  what.name = name.starts_with("\"") ? member_text(head, "name") : name;
  what.unit = member_text(head, "unit");
  what.scale = member_json(head, "scale");
  const auto writing = writing_of(*state.services.tenants, request);
  if (!writing) return writing.error();
  const auto step = layers.put(*writing->thread, writing->branch, what, upload->grid);
  if (!step) return step.error();
  JsonText json;
  json.open_object().member("id", *id).member("time", step->time).member("min", step->least);
  json.member("max", step->greatest).member("asset", step->asset).close_object();
  return Response::json(json.take(), 201);
}

void write_layer(JsonText& json, const RasterLayer& layer) {
  json.open_object().member("id", layer.id);
  if (!layer.name.empty()) json.key("name").raw(layer.name);
  json.member("unitCode", layer.unit).member("min", layer.least()).member("max", layer.greatest());
  if (!layer.steps.empty()) {
    const twin::Box& box = layer.steps.back().box;
    json.key("bbox").open_array().value(box.west_deg).value(box.south_deg).value(box.east_deg).value(box.north_deg);
    json.close_array();
  }
  json.key("times").open_array();
  for (const RasterStep& step : layer.steps) json.value(step.time);
  json.close_array().key("legend").open_array();
  if (const auto scale = layer.colours()) {
    for (const auto& stop : scale->stops) {
      char colour[16];
      std::snprintf(colour, sizeof colour, "#%02x%02x%02x%02x", stop.colour[0], stop.colour[1], stop.colour[2],
                    stop.colour[3]);
      json.open_object().member("value", stop.value).member("colour", colour).close_object();
    }
  }
  json.close_array().member("tiles", "/tiles/raster/" + layer.id + "/{z}/{x}/{y}.png").close_object();
}

Result<Response> list_layers(const ApiState& state, const RasterLayers& layers, const Request& request) {
  const auto reading = reading_of(*state.services.tenants, request);
  if (!reading) return reading.error();
  const auto all = layers.list(*reading->thread, reading->snapshot);
  if (!all) return all.error();
  JsonText json;
  json.open_object().key("rasters").open_array();
  for (const RasterLayer& layer : *all) write_layer(json, layer);
  json.close_array().close_object();
  return Response::json(json.take());
}

/// The layer of a request with its reading.
struct Asked {
  Reading reading;
  RasterLayer layer;
};
Result<Asked> asked_layer(const ApiState& state, const RasterLayers& layers, const Request& request) {
  const auto id = layer_id(request.path_value("id"));
  if (!id) return id.error();
  const auto reading = reading_of(*state.services.tenants, request);
  if (!reading) return reading.error();
  auto layer = layers.find(*reading->thread, reading->snapshot, *id);
  if (!layer) return layer.error();
  return Asked{*reading, std::move(*layer)};
}

Result<Response> find_values(const ApiState& state, const RasterLayers& layers, const Request& request) {
  const auto asked = asked_layer(state, layers, request);
  if (!asked) return asked.error();
  double place[2] = {0, 0};
  const char* const names[] = {"lon", "lat"};
  for (size_t i = 0; i < 2; ++i) {
    const std::string_view text = request.query_value(names[i]).value_or("");
    const auto read = std::from_chars(text.data(), text.data() + text.size(), place[i]);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
      return fail(Code::invalid, "not a number", names[i], "write lon=127.1&lat=37.51");
    }
  }
  const auto from = instant_in(request, "from"), to = instant_in(request, "to");
  if (!from) return from.error();
  if (!to) return to.error();
  JsonText json;
  json.open_object().member("id", asked->layer.id).member("unitCode", asked->layer.unit).key("values").open_array();
  for (const RasterStep& step : asked->layer.steps) {
    if ((*from && step.time < **from) || (*to && !(step.time < **to))) continue;
    const auto grid = layers.grid(*asked->reading.thread, step);
    if (!grid) return grid.error();
    json.open_object().member("time", step.time).key("value");
    const auto value = (*grid)->value_at(place[0], place[1]);
    value ? json.value(*value) : json.null();
    json.close_object();
  }
  json.close_array().close_object();
  return Response::json(json.take());
}

Result<Response> find_tile(const ApiState& state, const RasterLayers& layers, const Request& request) {
  std::string_view row = request.path_value("y");
  if (row.ends_with(".png")) row.remove_suffix(4);
  const auto tile = space::TileAddress::parse(request.path_value("z"), request.path_value("x"), row);
  if (!tile) return fail(Code::not_found, tile.error().what, tile.error().where);
  const auto asked = asked_layer(state, layers, request);
  if (!asked) return asked.error();
  const auto time = instant_in(request, "time");
  if (!time) return time.error();
  const RasterStep* step = asked->layer.step_at(*time ? **time : state.services.clock->now());
  if (step == nullptr) return fail(Code::not_found, "this layer has no step yet", asked->layer.id);
  const auto scale = asked->layer.colours();
  if (!scale) return scale.error();
  Response response;
  // The picture follows from the step and the scale alone.
  const std::string etag = "\"" + step->asset.substr(0, 24) + "-" +
                           std::to_string(std::hash<std::string>{}(scale->text()) & 0xFFFFFFFF) + "\"";
  response.header("ETag", etag);
  response.header("Cache-Control", "no-cache");
  if (request.header("If-None-Match").value_or("").find(etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  const auto grid = layers.grid(*asked->reading.thread, *step);
  if (!grid) return grid.error();
  response.content_type = "image/png";
  response.body = space::raster_tile(**grid, *scale, *tile);
  return response;
}

using LayersPointer = std::shared_ptr<RasterLayers>;

void add_put_door(Router& router, const ApiStatePointer& state, const LayersPointer& layers) {
  Route put;
  put.method = Method::post;
  put.path = "/api/rasters";
  put.action = trust::Action::write;
  put.operation_id = "putRasterStep";
  put.tag = "Rasters";
  put.summary = "Puts a time step of a raster layer: a line of JSON, then numbers of 32 bits";
  put.handler = answer_or_fail([state, layers](const Request& request) { return put_step(*state, *layers, request); });
  put.blocking = true;
  put.body_bytes_max = body_bytes_max;
  put.parameters = {
      {Parameter::In::query, "id", "The layer: a name, or urn:ngsi-ld:RasterLayer:NAME", R"({"type":"string"})", true},
      {Parameter::In::query, "time", "Of the step, instead of in the head", R"({"type":"string"})", false},
      branch_parameter()};
  put.request_body = {{"application/octet-stream", ""}};
  put.answers = {{201, "The step", {{"application/json", R"({"type":"object"})"}}}};
  router.add(std::move(put));
}

}  // namespace

void add_raster_doors(Router& router, const ApiStatePointer& state) {
  const auto layers = std::make_shared<RasterLayers>();
  add_put_door(router, state, layers);
  Route list;
  list.path = "/api/rasters";
  list.operation_id = "listRasters";
  list.tag = "Rasters";
  list.summary = "The raster layers with their times and legends";
  list.handler =
      answer_or_fail([state, layers](const Request& request) { return list_layers(*state, *layers, request); });
  list.parameters = {as_of_parameter(), branch_parameter()};
  list.answers = {{200, "They", {{"application/json", R"({"type":"object"})"}}}};
  router.add(std::move(list));
  Route values;
  values.path = "/api/rasters/{id}/value";
  values.operation_id = "getRasterValues";
  values.tag = "Rasters";
  values.summary = "What a layer says at a place over time";
  values.handler =
      answer_or_fail([state, layers](const Request& request) { return find_values(*state, *layers, request); });
  values.blocking = true;  // unpacks grids
  const std::string number = R"({"type":"number"})", time = R"({"type":"string","format":"date-time"})";
  values.parameters = {{Parameter::In::query, "lon", "Longitude", number, true},
                       {Parameter::In::query, "lat", "Latitude", number, true},
                       {Parameter::In::query, "from", "Steps from this time on", time, false},
                       {Parameter::In::query, "to", "and before this one", time, false},
                       as_of_parameter(),
                       branch_parameter()};
  values.answers = {{200, "Values by time; null where there is none", {{"application/json", R"({"type":"object"})"}}}};
  router.add(std::move(values));
  Route tile;
  tile.path = "/tiles/raster/{id}/{z}/{x}/{y}";
  tile.operation_id = "getRasterTile";
  tile.tag = "Rasters";
  tile.summary = "A tile of a raster layer as PNG, of the step at or before a time";
  tile.handler =
      answer_or_fail([state, layers](const Request& request) { return find_tile(*state, *layers, request); });
  tile.blocking = true;
  tile.parameters = {
      {Parameter::In::query, "time", "Now if not given", time, false}, as_of_parameter(), branch_parameter()};
  tile.answers = {{200, "A picture of 256 x 256", {{"image/png", ""}}}, {304, "As the client has it", {}}};
  router.add(std::move(tile));
}

}  // namespace cityloom::serve

// /tiles/vector and /ogc: vector tiles with TileJSON, and the same tiles by OGC API - Tiles.
#include "space/vector/vector_tiles.hpp"

#include <algorithm>
#include <array>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"
#include "serve/ogc/landing.hpp"
#include "serve/ogc/links.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;
using ogc::origin_of;
using ogc::write_link;
using space::TileAddress;
using space::VectorLayer;

constexpr std::string_view mvt_type = "application/vnd.mapbox-vector-tile";
constexpr std::string_view matrix_set_uri = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
constexpr std::string_view crs_uri = "http://www.opengis.net/def/crs/EPSG/0/3857";
constexpr std::string_view drop_order =
    "features that show from a later zoom on first, then smaller before larger, then later entities before earlier";

Result<space::VectorTiles*> tiles_of(const ApiState& state, const Request& request) {
  if (state.services.vector_tiles == nullptr || !request.tenant().empty()) {
    return fail(Code::not_found, "there are tiles of the default tenant only");
  }
  if (request.query_value("branch").value_or("main") != "main") {
    return fail(Code::unsupported, "there are tiles of the branch main only", "branch");
  }
  return state.services.vector_tiles;
}

/// The moment of `asOf`, or of OGC's `datetime`.
Result<std::optional<thread::Offset>> moment_of(const ApiState& state, const Request& request) {
  const auto moment = request.query_value("asOf") ? request.query_value("asOf") : request.query_value("datetime");
  if (!moment) return std::optional<thread::Offset>();
  const auto read = read_moment(*moment);
  if (!read) return read.error();
  const thread::Thread& thread = state.services.tenants->main();
  const auto snapshot = std::holds_alternative<thread::Offset>(*read)
                            ? thread.snapshot_at(std::get<thread::Offset>(*read))
                            : thread.snapshot_at(std::get<base::Instant>(*read));
  if (!snapshot) return snapshot.error();
  return std::optional(snapshot->offset());
}

Result<Response> send_tile(const ApiState& state, const Request& request, const Result<TileAddress>& address) {
  if (!address) return fail(Code::not_found, address.error().what, address.error().where, address.error().remedy);
  const auto tiles = tiles_of(state, request);
  if (!tiles) return tiles.error();
  const auto as_of = moment_of(state, request);
  if (!as_of) return as_of.error();
  const auto tile = (*tiles)->find(*address, *as_of);
  if (!tile) return tile.error();
  Response response;
  response.header("ETag", (*tile)->etag);
  response.header("Cache-Control", "no-cache");
  response.header("Cityloom-Features", std::to_string((*tile)->features));
  response.header("Cityloom-Features-Dropped", std::to_string((*tile)->dropped));
  if (request.header("If-None-Match").value_or("").find((*tile)->etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  response.content_type = mvt_type;
  response.body = std::shared_ptr<const std::string>(*tile, &(*tile)->bytes);
  return response;
}

Result<Response> find_tile(const ApiState& state, const Request& request) {
  std::string_view row = request.path_value("y");
  for (const std::string_view ending : {".mvt", ".pbf"}) {
    if (row.ends_with(ending)) row.remove_suffix(ending.size());
  }
  return send_tile(state, request, TileAddress::parse(request.path_value("z"), request.path_value("x"), row));
}

void write_layers(JsonText& json) {
  json.key("vector_layers").open_array();
  for (size_t i = 0; i < space::vector_layer_count; ++i) {
    const auto layer = static_cast<VectorLayer>(i);
    json.open_object().member("id", space::name_of(layer)).member("minzoom", space::zoom_least_of(layer));
    json.member("maxzoom", space::vector_zoom_max).key("fields").open_object();
    for (const space::VectorField& field : space::vector_fields()) {
      if (field.layer == layer) json.member(field.name, field.description);
    }
    json.close_object().close_object();
  }
  json.close_array();
}

void write_bounds(JsonText& json, const twin::Box& box) {
  for (const double number : {box.west_deg, box.south_deg, box.east_deg, box.north_deg}) json.value(number);
}

Result<Response> tile_json(const ApiState& state, const Request& request) {
  const auto tiles = tiles_of(state, request);
  if (!tiles) return tiles.error();
  const auto bounds = (*tiles)->bounds();
  if (!bounds) return bounds.error();
  JsonText json;
  json.open_object().member("tilejson", "3.0.0").member("name", state.services.city_name);
  json.key("tiles").open_array().value(origin_of(request) + "/tiles/vector/{z}/{x}/{y}.mvt").close_array();
  json.member("minzoom", 0).member("maxzoom", space::vector_zoom_max);
  if (*bounds) {
    json.key("bounds").open_array();
    write_bounds(json, **bounds);
    json.close_array();
  }
  write_layers(json);
  json.member("dropOrder", drop_order).close_object();
  return Response::json(json.take());
}

Response matrix_sets(const Request& request) {
  JsonText json;
  json.open_object().key("tileMatrixSets").open_array().open_object();
  json.member("id", "WebMercatorQuad").member("title", "Google Maps Compatible for the World");
  json.member("uri", matrix_set_uri).member("crs", crs_uri).key("links").open_array();
  write_link(json, origin_of(request) + "/ogc/tileMatrixSets/WebMercatorQuad", "self", "application/json",
             "The definition");
  json.close_array().close_object().close_array().close_object();
  return Response::json(json.take());
}

Response matrix_set() {
  constexpr double half_m = 20037508.3427892;
  JsonText json;
  json.open_object().member("id", "WebMercatorQuad").member("title", "Google Maps Compatible for the World");
  json.member("uri", matrix_set_uri).member("crs", crs_uri);
  json.key("orderedAxes").open_array().value("X").value("Y").close_array();
  json.member("wellKnownScaleSet", "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible");
  json.key("tileMatrices").open_array();
  for (uint32_t z = 0; z <= space::tile_zoom_max; ++z) {
    const auto count = int64_t{1} << z;
    const double cell_m = 2 * half_m / 256 / static_cast<double>(count);
    json.open_object().member("id", std::to_string(z)).member("scaleDenominator", cell_m / 0.00028);
    json.member("cellSize", cell_m).member("cornerOfOrigin", "topLeft");
    json.key("pointOfOrigin").open_array().value(-half_m).value(half_m).close_array();
    json.member("tileWidth", 256).member("tileHeight", 256).member("matrixWidth", count);
    json.member("matrixHeight", count).close_object();
  }
  json.close_array().close_object();
  return Response::json(json.take());
}

void write_tileset(JsonText& json, const Request& request, const std::optional<twin::Box>& bounds) {
  const std::string here = origin_of(request) + "/ogc/tiles/WebMercatorQuad";
  json.open_object().member("title", "The city").member("dataType", "vector").member("crs", crs_uri);
  json.member("tileMatrixSetURI", matrix_set_uri).member("tileMatrixSetId", "WebMercatorQuad");
  if (bounds) {
    json.key("boundingBox").open_object().key("lowerLeft").open_array();
    json.value(bounds->west_deg).value(bounds->south_deg).close_array().key("upperRight").open_array();
    json.value(bounds->east_deg).value(bounds->north_deg).close_array();
    json.member("crs", "http://www.opengis.net/def/crs/OGC/1.3/CRS84").close_object();
  }
  json.key("links").open_array();
  write_link(json, here, "self", "application/json", "This set of tiles");
  write_link(json, origin_of(request) + "/ogc/tileMatrixSets/WebMercatorQuad",
             "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", "application/json", "The tile matrix set");
  write_link(json, here + "/{tileMatrix}/{tileRow}/{tileCol}", "item", mvt_type, "Tiles", true);
  write_link(json, origin_of(request) + "/tiles/vector/tiles.json", "describedby", "application/json", "TileJSON");
  json.close_array().key("layers").open_array();
  for (size_t i = 0; i < space::vector_layer_count; ++i) {
    const auto layer = static_cast<VectorLayer>(i);
    json.open_object().member("id", space::name_of(layer)).member("dataType", "vector");
    json.member("minTileMatrix", std::to_string(space::zoom_least_of(layer)));
    json.member("maxTileMatrix", std::to_string(space::vector_zoom_max)).close_object();
  }
  json.close_array().close_object();
}

Result<Response> tileset(const ApiState& state, const Request& request, bool is_list) {
  const auto tiles = tiles_of(state, request);
  if (!tiles) return tiles.error();
  const auto bounds = (*tiles)->bounds();
  if (!bounds) return bounds.error();
  JsonText json;
  if (is_list) json.open_object().key("tilesets").open_array();
  write_tileset(json, request, *bounds);
  if (is_list) json.close_array().close_object();
  return Response::json(json.take());
}

Route route_of(std::string path, std::string operation, std::string summary, Handler handler) {
  Route route;
  route.path = std::move(path);
  route.operation_id = std::move(operation);
  route.tag = "Tiles";
  route.summary = std::move(summary);
  route.handler = std::move(handler);
  route.answers = {{200, "It", {{"application/json", R"({"type":"object"})"}}}};
  return route;
}

std::vector<Answer> tile_answers() {
  return {{200,
           "A Mapbox vector tile 2.1; its headers tell how many features it holds and how many were left out",
           {{std::string(mvt_type), ""}}},
          {304, "As the client has it", {}}};
}

void add_ogc_doors(Router& router, const ApiStatePointer& state) {
  ogc::add_landing_doors(router, state->services.city_name);
  router.add(route_of("/ogc/tileMatrixSets", "listTileMatrixSets", "OGC API: the tile matrix sets",
                      answer([](const Request& request) { return matrix_sets(request); })));
  router.add(route_of("/ogc/tileMatrixSets/WebMercatorQuad", "getTileMatrixSet", "OGC API: the squares of the web",
                      answer([](const Request&) { return matrix_set(); })));
  Route list = route_of("/ogc/tiles", "listTilesets", "OGC API: the sets of tiles of the city",
                        answer_or_fail([state](const Request& request) { return tileset(*state, request, true); }));
  list.blocking = true;
  router.add(std::move(list));
  Route one = route_of("/ogc/tiles/WebMercatorQuad", "getTileset", "OGC API: the city as vector tiles",
                       answer_or_fail([state](const Request& request) { return tileset(*state, request, false); }));
  one.blocking = true;
  router.add(std::move(one));
  Route tile =
      route_of("/ogc/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}", "getTile",
               "OGC API: a vector tile, by row then column", answer_or_fail([state](const Request& request) {
                 return send_tile(*state, request,
                                  TileAddress::parse(request.path_value("tileMatrix"), request.path_value("tileCol"),
                                                     request.path_value("tileRow")));
               }));
  tile.parameters = {{Parameter::In::query, "datetime", "The city as recorded at that time (RFC 3339)",
                      R"({"type":"string"})", false}};
  tile.answers = tile_answers();
  tile.blocking = true;
  router.add(std::move(tile));
}

}  // namespace

void add_vector_doors(Router& router, const ApiStatePointer& state) {
  Route description = route_of("/tiles/vector/tiles.json", "getVectorTileJson", "The vector tiles as TileJSON 3",
                               answer_or_fail([state](const Request& request) { return tile_json(*state, request); }));
  description.blocking = true;
  router.add(std::move(description));
  Route tile = route_of("/tiles/vector/{z}/{x}/{y}", "getVectorTile", "A vector tile; y may end in .mvt or .pbf",
                        answer_or_fail([state](const Request& request) { return find_tile(*state, request); }));
  tile.parameters = {as_of_parameter()};
  tile.answers = tile_answers();
  tile.blocking = true;  // one that is not in memory is made here
  router.add(std::move(tile));
  add_ogc_doors(router, state);
}

}  // namespace cityloom::serve

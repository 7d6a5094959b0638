// /api/underground: what is under a dig, and sections of the ground.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "ngsi/body.hpp"
#include "ngsi/values.hpp"
#include "serve/api/doors.hpp"
#include "serve/json.hpp"
#include "space/underground/section_drawing.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;
using space::Language;

constexpr size_t positions_max = 1'000;
constexpr size_t body_bytes_max = 4u << 20;

/// A number at the front of a text; moves past it.
bool take_number(std::string_view& text, double& to) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), to);
  if (read.ec != std::errc{} || !std::isfinite(to)) return false;
  text.remove_prefix(static_cast<size_t>(read.ptr - text.data()));
  return true;
}

/// "lon,lat;lon,lat"
Result<std::vector<twin::Position>> read_line(std::string_view text, std::string_view name) {
  std::vector<twin::Position> line;
  while (!text.empty()) {
    double longitude = 0, latitude = 0;
    bool is_pair = take_number(text, longitude) && text.starts_with(",");
    if (is_pair) text.remove_prefix(1);
    is_pair = is_pair && take_number(text, latitude) && (text.empty() || text.starts_with(";"));
    if (!is_pair || line.size() == positions_max) {
      return fail(Code::invalid, "not a list of up to 1000 places", std::string(name),
                  "write longitude,latitude;longitude,latitude");
    }
    if (!text.empty()) text.remove_prefix(1);
    auto position = twin::Position::make(longitude, latitude);
    if (!position) return fail(Code::invalid, position.error().what, std::string(name));
    line.push_back(*position);
  }
  return line;
}

Result<double> read_length(const Request& request, std::string_view name, double otherwise) {
  const auto given = request.query_value(name);
  if (!given) return otherwise;
  std::string_view text = *given;
  double number = 0;
  if (!take_number(text, number) || !text.empty() || number < 0) {
    return fail(Code::invalid, "not a number of metres", std::string(name));
  }
  return number;
}

Language language_of(const Request& request) {
  if (const auto asked = request.query_value("lang")) return space::language_of(*asked);
  return space::language_of(request.header("Accept-Language").value_or(""));
}

twin::Geometry polygon_of(std::vector<twin::Position> corners) {
  twin::Geometry polygon;
  polygon.kind = twin::GeometryKind::polygon;
  if (!corners.empty() && corners.front() != corners.back()) corners.push_back(corners.front());
  polygon.positions = std::move(corners);
  polygon.line_ends = {static_cast<uint32_t>(polygon.positions.size())};
  return polygon;
}

Result<twin::Geometry> read_area(const Request& request) {
  if (const auto polygon = request.query_value("polygon")) {
    auto corners = read_line(*polygon, "polygon");
    if (!corners) return corners.error();
    return polygon_of(std::move(*corners));
  }
  if (const auto box = request.query_value("bbox")) {
    std::string text(*box);
    if (const size_t middle = text.find(',', text.find(',') + 1); middle != std::string::npos) text[middle] = ';';
    auto corners = read_line(text, "bbox");
    if (!corners || corners->size() != 2) return fail(Code::invalid, "not west,south,east,north", "bbox");
    const auto& low = (*corners)[0];
    const auto& high = (*corners)[1];
    return polygon_of({low, {high.longitude_deg, low.latitude_deg}, high, {low.longitude_deg, high.latitude_deg}});
  }
  if (const auto centre = request.query_value("around")) {
    auto place = read_line(*centre, "around");
    if (!place || place->size() != 1) return fail(Code::invalid, "not a longitude and latitude", "around");
    const auto radius = read_length(request, "radius", 5);
    if (!radius) return radius.error();
    if (!(*radius > 0 && *radius <= space::dig_length_m_max)) return fail(Code::invalid, "not above 0", "radius");
    return space::disc_of(place->front(), *radius);
  }
  if (const auto line = request.query_value("line")) {
    auto places = read_line(*line, "line");
    if (!places) return places.error();
    const auto width = read_length(request, "width", 1);
    if (!width) return width.error();
    return space::strip_of(*places, *width);
  }
  return fail(Code::invalid, "no area is given", "polygon",
              "name a polygon, bbox, around and radius, or line and width");
}

Result<space::DigRequest> read_body(const Request& request) {
  if (const auto read = ngsi::Body::read(request.body()); !read.ok())
    return fail(Code::invalid, read.error().what, read.error().where, read.error().remedy);
  simdjson::dom::parser parser;
  simdjson::dom::element body, area;
  if (parser.parse(request.body().data(), request.body().size()).get(body) != simdjson::SUCCESS) {
    return fail(Code::invalid, "the body is no JSON");
  }
  if (body["area"].get(area) != simdjson::SUCCESS) return fail(Code::invalid, "it has no area", "area");
  space::DigRequest wanted;
  const ngsi::JsonPath path{nullptr, "area"};
  auto geometry = ngsi::read_geometry(area, path);
  if (!geometry) return geometry.error();
  wanted.area = std::move(*geometry);
  for (const auto& [name, member] :
       {std::pair{"depth", &space::DigRequest::depth_m}, std::pair{"margin", &space::DigRequest::margin_m}}) {
    simdjson::dom::element given;
    if (body[name].get(given) != simdjson::SUCCESS || given.is_null()) continue;
    if (given.get_double().get(wanted.*member) != simdjson::SUCCESS) {
      return fail(Code::invalid, "not a number of metres", name);
    }
  }
  return wanted;
}

Result<space::DigRequest> read_dig(const Request& request) {
  if (request.method() == Method::post) return read_body(request);
  space::DigRequest wanted;
  auto area = read_area(request);
  if (!area) return area.error();
  wanted.area = std::move(*area);
  const auto depth = read_length(request, "depth", wanted.depth_m);
  if (!depth) return depth.error();
  const auto margin = read_length(request, "margin", wanted.margin_m);
  if (!margin) return margin.error();
  wanted.depth_m = *depth;
  wanted.margin_m = *margin;
  return wanted;
}

void write_text(JsonText& json, std::string_view name, const std::string& text) {
  if (text.empty()) {
    json.key(name).null();
  } else {
    json.member(name, text);
  }
}

/// The members of one object, without its braces.
void write_object(JsonText& json, const space::DigObject& object, Language language) {
  const space::Buried& thing = object.buried;
  json.member("id", thing.id).member("type", thing.type);
  write_text(json, "name", space::own_name_of(thing, language));
  write_text(json, "network", thing.network);
  json.member("label", space::label_of(thing, language)).member("detail", space::detail_of(object, language));
  write_text(json, "hazard", std::string(space::name_of(thing.hazard)));
  json.member("conflict", space::name_of(object.conflict)).member("clearance_m", object.clearance_m);
  json.member("depthMin_m", object.depth_min_m).member("depthMax_m", object.depth_max_m);
  json.member("bottom_m", object.bottom_m).member("verticalClearance_m", object.vertical_clearance_m);
  write_text(json, "depthFrom", object.depth_from);
  json.member("diameter_m", thing.diameter_m).member("width_m", thing.width_m).member("height_m", thing.height_m);
  json.member("pressure_kpa", thing.pressure_kpa).member("voltage_v", thing.voltage_v);
  write_text(json, "material", thing.material);
  write_text(json, "installedAt", thing.installed_at);
  write_text(json, "status", thing.status);
  write_text(json, "owner", thing.owner);
  write_text(json, "ownerPhone", thing.owner_phone);
  write_text(json, "accuracyClass", thing.accuracy_class);
  json.member("horizontalAccuracy_m", thing.accuracy.horizontal_m);
  json.member("verticalAccuracy_m", thing.accuracy.vertical_m);
  json.key("unknown").open_array();
  if (!std::isfinite(object.depth_min_m)) json.value("depth");
  if (!std::isfinite(thing.size_m())) json.value("size");
  if (thing.owner.empty()) json.value("owner");
  if (std::isnan(thing.accuracy.horizontal_m)) json.value("accuracy");
  if (thing.material.empty()) json.value("material");
  if (thing.installed_at.empty()) json.value("installedAt");
  json.close_array();
}

void write_not_known(JsonText& json, const std::vector<space::NotKnown>& all, Language language) {
  json.key("notKnown").open_array();
  for (const space::NotKnown& one : all) {
    json.open_object().member("code", one.code).member("count", one.count);
    if (!one.networks.empty()) {
      json.key("networks").open_array();
      for (const std::string& network : one.networks) json.value(network);
      json.close_array();
    }
    json.member("text", space::sentence_of(one, language)).close_object();
  }
  json.close_array();
}

/// Whom to call, and about how many things.
void write_owners(JsonText& json, const std::vector<space::DigObject>& objects) {
  struct Owned {
    std::string phone;
    size_t count = 0;
    std::vector<std::string> networks;
  };
  std::map<std::string, Owned> owners;
  for (const space::DigObject& object : objects) {
    if (object.buried.owner.empty()) continue;
    Owned& owned = owners[object.buried.owner];
    ++owned.count;
    if (owned.phone.empty()) owned.phone = object.buried.owner_phone;
    const std::string& network = object.buried.network;
    if (!network.empty() && std::find(owned.networks.begin(), owned.networks.end(), network) == owned.networks.end()) {
      owned.networks.push_back(network);
    }
  }
  json.key("owners").open_array();
  for (const auto& [owner, owned] : owners) {
    json.open_object().member("owner", owner);
    write_text(json, "ownerPhone", owned.phone);
    json.member("objects", owned.count).key("networks").open_array();
    for (const std::string& network : owned.networks) json.value(network);
    json.close_array().close_object();
  }
  json.close_array();
}

Result<Response> tell_dig(const ApiState& state, const Request& request) {
  const auto wanted = read_dig(request);
  if (!wanted) return wanted.error();
  const auto reading = reading_of(*state.services.tenants, request);
  if (!reading) return reading.error();
  const auto answer = space::what_is_under(reading->snapshot, reading->thread->terms(), *wanted, state.services.ground);
  if (!answer) return answer.error();
  const Language language = language_of(request);
  JsonText json;
  json.open_object().member("offset", reading->snapshot.offset().number);
  json.member("depth_m", wanted->depth_m).member("margin_m", wanted->margin_m);
  json.member("terrainKnown", answer->is_ground_known).key("objects").open_array();
  int64_t hazards = 0;
  for (const space::DigObject& object : answer->objects) {
    hazards += object.buried.hazard != space::Hazard::none ? 1 : 0;
    json.open_object();
    write_object(json, object, language);
    json.member("location", object.buried.location);
    if (!object.axis.empty()) {
      json.key("axis").open_array();
      for (const twin::Position& at : object.axis) {
        json.open_array().value(at.longitude_deg).value(at.latitude_deg).value(at.height_m).close_array();
      }
      json.close_array();
    }
    json.close_object();
  }
  json.close_array();
  write_owners(json, answer->objects);
  json.member("hazards", hazards);
  write_not_known(json, answer->not_known, language);
  json.close_object();
  return Response::json(json.take());
}

std::string section_json(const space::Section& section, Language language) {
  JsonText json;
  json.open_object().member("length_m", section.length_m);
  json.member("reference", section.is_above_ellipsoid ? "ellipsoid" : "terrain").key("terrain").open_array();
  for (const auto& [station_m, height_m] : section.ground) {
    json.open_array().value(station_m).value(height_m).close_array();
  }
  json.close_array().key("objects").open_array();
  for (const space::SectionObject& object : section.objects) {
    json.open_object();
    write_object(json, object.object, language);
    json.member("station_m", object.station_m).member("from_m", object.from_m).member("to_m", object.to_m);
    json.member("angle_deg", object.angle_deg);
    if (std::isfinite(object.top_m)) json.member("top_m", object.top_m);
    if (std::isfinite(object.bottom_m)) json.member("bottom_m", object.bottom_m);
    json.close_object();
  }
  json.close_array();
  write_not_known(json, section.not_known, language);
  json.close_object();
  return json.take();
}

Result<Response> tell_section(const ApiState& state, const Request& request) {
  space::SectionRequest wanted;
  auto line = read_line(request.query_value("line").value_or(""), "line");
  if (!line) return line.error();
  wanted.line = std::move(*line);
  const auto width = read_length(request, "width", wanted.width_m);
  if (!width) return width.error();
  const auto depth = read_length(request, "depth", wanted.depth_m);
  if (!depth) return depth.error();
  wanted.width_m = *width;
  wanted.depth_m = *depth;
  const std::string_view reference = request.query_value("reference").value_or("terrain");
  if (reference != "terrain" && reference != "ellipsoid") {
    return fail(Code::invalid, "neither terrain nor ellipsoid", "reference");
  }
  wanted.is_above_ellipsoid = reference == "ellipsoid";
  const bool accepts_svg = request.header("Accept").value_or("").find("image/svg+xml") != std::string_view::npos;
  const std::string_view format = request.query_value("format").value_or(accepts_svg ? "svg" : "json");
  if (format != "svg" && format != "json") return fail(Code::invalid, "neither svg nor json", "format");
  const auto reading = reading_of(*state.services.tenants, request);
  if (!reading) return reading.error();
  const auto section = space::section_along(reading->snapshot, reading->thread->terms(), wanted, state.services.ground);
  if (!section) return section.error();
  const Language language = language_of(request);
  if (format == "json") return Response::json(section_json(*section, language));
  return Response{200, "image/svg+xml", {}, space::section_svg(*section, language), {}};
}

Parameter parameter(const char* name, const char* description, const char* schema = R"({"type":"string"})") {
  return {Parameter::In::query, name, description, schema, false};
}

constexpr const char* number_schema = R"({"type":"number","minimum":0})";

Route dig_route(const ApiStatePointer& state) {
  Route route;
  route.path = "/api/underground";
  route.operation_id = "findUnderground";
  route.tag = "City";
  route.summary = "What is under a dig: hazards first, with clearance, depth, accuracy and owner";
  route.handler = answer_or_fail([state](const Request& request) { return tell_dig(*state, request); });
  route.blocking = true;
  route.parameters = {parameter("polygon", "lon,lat;lon,lat;..."),
                      parameter("bbox", "west,south,east,north"),
                      parameter("around", "lon,lat"),
                      parameter("radius", "Metres around it", number_schema),
                      parameter("line", "lon,lat;lon,lat;..."),
                      parameter("width", "Metres across the line", number_schema),
                      parameter("depth", "How deep is dug, in metres", number_schema),
                      parameter("margin", "Metres around the area", number_schema),
                      parameter("lang", "ko or en"),
                      as_of_parameter(),
                      branch_parameter()};
  route.answers = {{200, "What is there, and what is not known", {{"application/json", schema_reference("Dig")}}}};
  return route;
}

}  // namespace

void add_underground_doors(Router& router, const ApiStatePointer& state) {
  router.add(dig_route(state));
  Route by_body = dig_route(state);
  by_body.method = Method::post;
  by_body.operation_id = "findUndergroundOfArea";
  by_body.parameters = {parameter("lang", "ko or en"), as_of_parameter(), branch_parameter()};
  by_body.request_body = {{"application/json", R"({"type":"object","required":["area"],"properties":{
    "area":{"type":"object"},"depth":{"type":"number"},"margin":{"type":"number"}}})"}};
  by_body.body_bytes_max = body_bytes_max;
  router.add(std::move(by_body));
  Route section;
  section.path = "/api/underground/section";
  section.operation_id = "getUndergroundSection";
  section.tag = "City";
  section.summary = "A section of the ground along a line, as JSON or SVG";
  section.handler = answer_or_fail([state](const Request& request) { return tell_section(*state, request); });
  section.blocking = true;
  section.parameters = {parameter("line", "lon,lat;lon,lat;..."),
                        parameter("width", "Metres across the line in which things are drawn", number_schema),
                        parameter("depth", "Metres below the ground that are drawn at least", number_schema),
                        parameter("reference", "What heights are above", R"({"enum":["terrain","ellipsoid"]})"),
                        parameter("format", "The drawing or its numbers", R"({"enum":["svg","json"]})"),
                        parameter("lang", "ko or en"),
                        as_of_parameter(),
                        branch_parameter()};
  section.parameters[0].required = true;
  section.answers = {
      {200, "The section", {{"application/json", schema_reference("GroundSection")}, {"image/svg+xml", ""}}}};
  router.add(std::move(section));
  router.add_schema("Dig", R"({"type":"object","required":["offset","objects","owners","hazards","notKnown"],
    "properties":{"offset":{"type":"integer"},"hazards":{"type":"integer"},"terrainKnown":{"type":"boolean"},
    "objects":{"type":"array","items":{"type":"object"}},"owners":{"type":"array","items":{"type":"object"}},
    "notKnown":{"type":"array","items":{"type":"object","required":["code","text"]}}}})");
  router.add_schema("GroundSection",
                    R"({"type":"object","required":["length_m","reference","terrain","objects","notKnown"],
    "properties":{"length_m":{"type":"number"},"reference":{"enum":["terrain","ellipsoid"]},
    "terrain":{"type":"array"},"objects":{"type":"array","items":{"type":"object"}},"notKnown":{"type":"array"}}})");
}

}  // namespace cityloom::serve

// /api/export: a part of the city as CityJSON or GeoJSON.
#include <algorithm>
#include <charconv>

#include "serve/api/doors.hpp"
#include "space/city/city_export.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr size_t export_bytes_max = 512u << 20;

/// "west,south,east,north"
Result<twin::Box> read_box(std::string_view text) {
  double sides[4] = {};
  const char *at = text.data(), *const end = at + text.size();
  for (size_t i = 0; i < 4; ++i) {
    const auto [stop, error] = std::from_chars(at, end, sides[i]);
    const bool goes_on = i < 3 && stop != end && *stop == ',';
    if (error != std::errc{} || (i < 3 && !goes_on) || (i == 3 && stop != end)) {
      return fail(Code::invalid, "not four numbers", "bbox", "write for example bbox=127.09,37.50,127.11,37.52");
    }
    at = goes_on ? stop + 1 : stop;
  }
  const auto corner = twin::Position::make(sides[0], sides[1]), other = twin::Position::make(sides[2], sides[3]);
  if (!corner) return fail(Code::invalid, corner.error().what, "bbox");
  if (!other) return fail(Code::invalid, other.error().what, "bbox");
  if (sides[0] >= sides[2] || sides[1] >= sides[3]) {
    return fail(Code::invalid, "west must be below east, and south below north", "bbox");
  }
  return twin::Box{sides[0], sides[1], sides[2], sides[3]};
}

Result<Response> export_part(const ApiState& state, const Request& request) {
  space::ExportRequest wanted;
  const auto format = space::export_format_of(request.query_value("format").value_or("cityjson"));
  if (!format) return format.error();
  wanted.format = *format;
  if (const auto box = request.query_value("bbox")) {
    const auto read = read_box(*box);
    if (!read) return read.error();
    wanted.box = *read;
  }
  for (std::string_view types = request.query_value("type").value_or(""); !types.empty();) {
    const size_t end = std::min(types.find(','), types.size());
    if (end > 0) wanted.types.emplace_back(types.substr(0, end));
    types.remove_prefix(std::min(end + 1, types.size()));
  }
  const auto reading = reading_of(*state.services.tenants, request);
  if (!reading) return reading.error();
  std::string text;
  const auto report = space::export_city(reading->snapshot, reading->thread->terms(), wanted,
                                         [&](std::string_view piece) -> base::Status {
                                           if (text.size() + piece.size() > export_bytes_max) {
                                             return fail(Code::too_large, "the part is larger than 512 MiB", "bbox",
                                                         "ask for a smaller bbox, or use cityloom export");
                                           }
                                           text += piece;
                                           return {};
                                         });
  if (!report) return report.error();
  Response response;
  const bool is_geojson = wanted.format == space::ExportFormat::geo_json;
  response.content_type = is_geojson ? "application/geo+json" : "application/city+json";
  response.header("Content-Disposition",
                  is_geojson ? "attachment; filename=\"city.geojson\"" : "attachment; filename=\"city.city.json\"");
  response.body = std::move(text);
  return response;
}

}  // namespace

void add_export_door(Router& router, const ApiStatePointer& state) {
  Route route;
  route.path = "/api/export";
  route.operation_id = "exportCity";
  route.tag = "City";
  route.summary = "A part of the city as CityJSON 2.0 or GeoJSON";
  route.handler = answer_or_fail([state](const Request& request) { return export_part(*state, request); });
  route.blocking = true;
  route.parameters = {
      {Parameter::In::query, "format", "The file's format", R"({"enum":["cityjson","geojson"],"default":"cityjson"})",
       false},
      {Parameter::In::query, "bbox", "West, south, east, north: what meets it", R"({"type":"string"})", false},
      {Parameter::In::query, "type", "Types, with commas between; all if absent", R"({"type":"string"})", false},
      as_of_parameter(),
      branch_parameter()};
  route.answers = {{200, "The file", {{"application/city+json", ""}, {"application/geo+json", ""}}}};
  router.add(std::move(route));
}

}  // namespace cityloom::serve

// /api/transit/departures: what leaves a stop.
#include <charconv>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"
#include "space/transit/timetables.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

Result<int64_t> read_count(const Request& request, std::string_view name, int64_t otherwise, int64_t most) {
  const auto given = request.query_value(name);
  if (!given) return otherwise;
  int64_t number = 0;
  const auto read = std::from_chars(given->data(), given->data() + given->size(), number);
  if (read.ec != std::errc{} || read.ptr != given->data() + given->size() || number < 1 || number > most) {
    return fail(Code::invalid, "not a whole number from 1 to " + std::to_string(most), std::string(name));
  }
  return number;
}

/// "25:10:00"
std::string service_time_text(int32_t time_s) {
  std::string text;
  for (const int32_t part : {time_s / 3'600, time_s / 60 % 60, time_s % 60}) {
    text += (text.empty() ? "" : ":") + std::string(part < 10 ? "0" : "") + std::to_string(part);
  }
  return text;
}

std::string answer_text(const space::Timetables::Answer& answer, const space::DepartureRequest& wanted) {
  JsonText json;
  json.open_object().member("stop", wanted.stop_id).member("feed", answer.feed_id);
  json.member("timeZone", answer.index->time_zone).member("from", wanted.from);
  json.member("validFrom", space::date_text(answer.index->first_day));
  json.member("validTo", space::date_text(answer.index->last_day)).key("departures").open_array();
  for (const space::Departure& departure : answer.departures) {
    json.open_object().member("at", departure.at).member("stop", departure.stop_id);
    json.member("route", departure.trip->route_id).member("trip", departure.trip->id);
    json.member("headsign", departure.trip->headsign).member("serviceDate", space::date_text(departure.service_day));
    json.member("time", service_time_text(departure.time_s)).member("approximate", departure.is_approximate);
    json.close_object();
  }
  json.close_array().close_object();
  return json.take();
}

}  // namespace

void add_transit_doors(Router& router, const ApiStatePointer& state) {
  const auto timetables = std::make_shared<space::Timetables>();
  Route route;
  route.path = "/api/transit/departures";
  route.operation_id = "listDepartures";
  route.tag = "City";
  route.summary = "What leaves a stop or a station from a time on";
  route.handler = answer_or_fail([state, timetables](const Request& request) -> Result<Response> {
    space::DepartureRequest wanted;
    wanted.stop_id = request.query_value("stop").value_or("");
    if (wanted.stop_id.empty()) return fail(Code::invalid, "no stop is named", "stop", "name the stop's entity id");
    wanted.from = state->services.clock->now();
    if (const auto at = request.query_value("at")) {
      const auto read = base::Instant::parse(*at);
      if (!read) return fail(Code::invalid, read.error().what, "at");
      wanted.from = *read;
    }
    const auto minutes = read_count(request, "within", 60, space::departure_window_s_max / 60);
    if (!minutes) return minutes.error();
    const auto limit = read_count(request, "limit", 20, static_cast<int64_t>(space::departures_max));
    if (!limit) return limit.error();
    wanted.window_s = *minutes * 60;
    wanted.limit = static_cast<size_t>(*limit);
    const auto reading = reading_of(*state->services.tenants, request);
    if (!reading) return reading.error();
    const auto answer = timetables->departures(*reading->thread, reading->snapshot, wanted);
    if (!answer) return answer.error();
    return Response::json(answer_text(*answer, wanted));
  });
  route.blocking = true;
  const auto parameter = [](const char* name, const char* description, const char* schema, bool is_needed) {
    return Parameter{Parameter::In::query, name, description, schema, is_needed};
  };
  route.parameters = {
      parameter("stop", "The stop's or station's entity id", R"({"type":"string"})", true),
      parameter("at", "From this time on; now if not given", R"({"type":"string","format":"date-time"})", false),
      parameter("within", "Minutes", R"({"type":"integer","default":60})", false),
      parameter("limit", "Departures at most", R"({"type":"integer","default":20})", false),
      as_of_parameter(),
      branch_parameter()};
  route.answers = {{200, "Departures by time", {{"application/json", schema_reference("Departures")}}}};
  router.add(std::move(route));
  router.add_schema("Departures", R"({"type":"object","required":["stop","feed","timeZone","departures"],"properties":{
    "stop":{"type":"string"},"feed":{"type":"string"},"timeZone":{"type":"string"},"validFrom":{"type":"string"},
    "validTo":{"type":"string"},"departures":{"type":"array","items":{"type":"object",
      "required":["at","route","trip","time","approximate"],"properties":{"at":{"type":"string","format":"date-time"},
      "route":{"type":"string"},"trip":{"type":"string"},"time":{"type":"string"},"approximate":{"type":"boolean"}}}}}})");
}

}  // namespace cityloom::serve

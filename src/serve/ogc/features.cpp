#include "serve/ogc/features.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

#include "ngsi/json.hpp"
#include "serve/ngsi/text.hpp"
#include "serve/ogc/feature_writer.hpp"
#include "serve/ogc/filter.hpp"
#include "serve/ogc/keyset.hpp"
#include "serve/ogc/links.hpp"

namespace cityloom::serve::ogc {
namespace {

using base::Code;
using base::fail;
using base::Result;
using std::chrono::steady_clock;

constexpr std::string_view geojson_type = "application/geo+json";
constexpr std::string_view collections_path = "/ogc/collections";
constexpr size_t limit_default = 100;
constexpr size_t answer_bytes_max = 64u << 20;  // past it a page ends early, and the next begins there
constexpr std::chrono::milliseconds count_time_max{1'000};

/// What the handlers share.
struct Door {
  explicit Door(ngsi_ld::Services& given) : services(given), collections(given) {}
  ngsi_ld::Services& services;
  Collections collections;
};
using DoorPointer = std::shared_ptr<const Door>;

constexpr std::array<std::string_view, 4> common_parameters = {"f", "asOf", "branch", "lang"};
constexpr std::array<std::string_view, 11> items_parameters = {"f",     "asOf", "branch",   "lang", "limit",   "offset",
                                                               "after", "bbox", "bbox-crs", "crs",  "datetime"};

base::Status check_common(const Request& request, bool any_name = false, std::string_view besides = {}) {
  for (const auto& [name, value] : request.query_values()) {
    const bool is_known = name == besides || std::find(common_parameters.begin(), common_parameters.end(), name) !=
                                                 common_parameters.end();
    if (!is_known && !any_name) {
      return fail(Code::invalid, "there is no parameter of this name here", std::string(name.substr(0, 200)),
                  "check its spelling");
    }
    if (name == "f" && value != "json" && value != "geojson") {
      return fail(Code::invalid, "answers are JSON and GeoJSON only", "f", "leave it out, or write f=json");
    }
  }
  return {};
}

bool wants_korean(const Request& request) {
  if (const auto language = request.query_value("lang")) return language->starts_with("ko");
  const std::string_view languages = request.header("Accept-Language").value_or("");
  const size_t korean = languages.find("ko");
  const size_t english = languages.find("en");
  return korean != std::string_view::npos && korean < english;
}

base::Status may_read(const Door& door, const Request& request, std::string_view type) {
  trust::Resource resource{request.tenant(), request.branch(), request.path_value("featureId"), type, {}, "features"};
  const auto decision = door.services.gate.decide({{}, request.address()}, trust::Action::read, resource);
  if (decision.allow) return {};
  return fail(Code::forbidden, decision.reason.empty() ? "this may not be read" : decision.reason);
}

std::string collection_address(const Request& request, const Collection& collection) {
  return origin_of(request) + std::string(collections_path) + "/" + percent_encoded(collection.id);
}

void write_extent(JsonText& json, const Summary& summary) {
  json.key("extent").open_object();
  if (summary.box) {
    json.key("spatial").open_object().key("bbox").open_array().open_array();
    const twin::Box& box = *summary.box;
    for (const double side : {box.west_deg, box.south_deg, box.east_deg, box.north_deg}) json.value(side);
    json.close_array().close_array().member("crs", crs84_uri).close_object();
  }
  if (summary.first.exists()) {
    json.key("temporal").open_object().key("interval").open_array().open_array();
    json.value(summary.first).value(summary.last).close_array().close_array();
    json.member("trs", "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian").close_object();
  }
  json.close_object();
}

void write_collection(JsonText& json, const Request& request, const Collection& collection, std::string_view iri,
                      const Summaries* summaries) {
  const std::string here = collection_address(request, collection);
  const std::string title = title_of(collection.id, wants_korean(request));
  json.open_object().member("id", collection.id).member("title", title);
  json.member("description", "Entities of type " + std::string(iri)).member("itemType", "feature");
  if (summaries != nullptr) {
    if (const auto summary = summaries->find(collection.type); summary != summaries->end()) {
      write_extent(json, summary->second);
    }
  }
  json.key("crs").open_array();
  for (const std::string_view uri : crs_uris()) json.value(uri);
  json.close_array().member("storageCrs", crs84_uri).key("links").open_array();
  write_link(json, here, "self", "application/json", "This collection");
  write_link(json, here + "/items", "items", geojson_type, title);
  write_link(json, origin_of(request) + "/ngsi-ld/v1/entities?type=" + percent_encoded(iri), "alternate",
             "application/ld+json", "The same entities by NGSI-LD");
  json.close_array().close_object();
}

Response described(const Request& request, std::string text) {
  Response response = Response::json(std::move(text));
  response.header("Content-Language", wants_korean(request) ? "ko" : "en");
  response.header("Vary", "Accept-Language");
  return response;
}

Result<Response> list_collections(const Door& door, const Request& request, const Effort& effort) {
  if (const auto status = check_common(request); !status.ok()) return status.error();
  const auto reading = reading_of(door.services.tenants, request);
  if (!reading.ok()) return reading.error();
  const auto collections = door.collections.all(request, *reading, effort);
  if (!collections.ok()) return collections.error();
  const auto summaries = door.collections.summaries(*reading, effort);
  if (!summaries.ok()) return summaries.error();
  JsonText json;
  json.open_object().key("links").open_array();
  write_link(json, own_address(request), "self", "application/json", "The collections");
  json.close_array().key("collections").open_array();
  for (const Collection& each : *collections) {
    const std::string_view iri = reading->thread->terms().text(each.type);
    if (!may_read(door, request, iri).ok()) continue;
    write_collection(json, request, each, iri, summaries->get());
  }
  json.close_array().close_object();
  return described(request, json.take());
}

Result<Response> show_collection(const Door& door, const Request& request, const Effort& effort) {
  if (const auto status = check_common(request); !status.ok()) return status.error();
  const auto reading = reading_of(door.services.tenants, request);
  if (!reading.ok()) return reading.error();
  const auto collection = door.collections.find(request.path_value("collectionId"), request, *reading, effort);
  if (!collection.ok()) return collection.error();
  const std::string_view iri = reading->thread->terms().text(collection->type);
  if (const auto status = may_read(door, request, iri); !status.ok()) return status.error();
  const auto summaries = door.collections.summaries(*reading, effort);
  if (!summaries.ok()) return summaries.error();
  JsonText json;
  write_collection(json, request, *collection, iri, summaries->get());
  return described(request, json.take());
}

/// Which part of the matches is asked for.
struct Part : thread::Page {
  std::optional<After> after;
};

Result<Part> page_of(const Request& request) {
  Part page;
  page.limit = limit_default;
  page.count = true;
  if (const auto text = request.query_value("limit")) {
    const auto limit = ngsi_ld::number_of<uint32_t>(*text);
    if (!limit || *limit == 0) return fail(Code::invalid, "must be a whole number from 1", "limit");
    page.limit = std::min<size_t>(*limit, features_max);
  }
  if (const auto text = request.query_value("offset")) {
    const auto offset = ngsi_ld::number_of<uint32_t>(*text);
    if (!offset) return fail(Code::invalid, "must be a whole number from 0", "offset");
    page.offset = *offset;
  }
  if (const auto text = request.query_value("after")) {
    page.after = After::read(*text);
    if (!page.after)
      return fail(Code::invalid, "not where a page ended", "after", "take it from a link to a next page");
    if (page.offset != 0) return fail(Code::invalid, "a page begins after an entity or at an offset", "after, offset");
  }
  return page;
}

/// Counted where that is quick: by an index, or within a second.
Result<thread::QueryResult> find_counted(const Reading& reading, const twin::Query& query, thread::Page page,
                                         const Effort& effort, bool& is_counted) {
  is_counted = true;
  if (!effort.is_long) return reading.snapshot.query(query, page, effort.bounds);
  thread::Bounds counting = effort.bounds;
  counting.goes_on = [&effort, until = steady_clock::now() + count_time_max] {
    return steady_clock::now() < until && effort.bounds.goes_on();
  };
  auto counted = reading.snapshot.query(query, page, counting);
  if (counted.ok() || counted.error().code != Code::cancelled) return counted;
  is_counted = false;
  page.count = false;
  if (page.limit == 0) return thread::QueryResult();
  return reading.snapshot.query(query, page, effort.bounds);
}

/// A page of the matches. `page` is told where it begins among them.
Result<thread::QueryResult> find_page(const Reading& reading, const twin::Query& query, Part& page,
                                      const Effort& effort, bool& is_counted) {
  if (!page.after) return find_counted(reading, query, page, effort, is_counted);
  twin::Query rest = query;
  const auto is_by_place = begin_after(*page.after, reading.snapshot, effort.bounds, rest, page);
  if (!is_by_place.ok()) return is_by_place.error();
  if (*is_by_place) return find_counted(reading, query, page, effort, is_counted);
  thread::Page counting = page;
  counting.limit = 0;
  const auto counted = find_counted(reading, query, counting, effort, is_counted);
  if (!counted.ok()) return counted.error();
  page.count = false;
  auto found = reading.snapshot.query(rest, page, effort.bounds);
  if (found.ok()) found->count = counted->count;
  page.offset = page.after->position;
  return found;
}

struct Found {
  const thread::QueryResult& result;
  const thread::Page& page;
  bool is_counted;
  base::Instant now;
};

std::string features_text(const Door& door, const Request& request, const Reading& reading,
                          const Collection& collection, const Crs& crs, const Found& found) {
  const auto names = door.services.state_of(*reading.thread).core_names;
  std::string body = R"({"type":"FeatureCollection","features":[)";
  uint64_t returned = 0, outside = 0;
  size_t looked_at = 0;
  for (const twin::EntityRecord& record : found.result.records) {
    if (body.size() > answer_bytes_max) break;
    ++looked_at;
    if (!ngsi_ld::is_visible(record)) continue;
    body += returned++ == 0 ? "{" : ",{";
    if (!append_feature(record, crs, found.now, *names, body)) ++outside;
    body += '}';
  }
  body += "]";
  if (found.is_counted) body += ",\"numberMatched\":" + std::to_string(found.result.count);
  body += ",\"numberReturned\":" + std::to_string(returned);
  if (outside > 0) body += ",\"numberOutsideCrs\":" + std::to_string(outside);
  body += ",\"timeStamp\":";
  ngsi::append_instant(found.now, body);
  JsonText links;
  links.open_array();
  write_link(links, own_address(request), "self", geojson_type, "This page");
  const thread::Page& page = found.page;
  if (found.result.more || looked_at < found.result.records.size()) {
    const After last{found.result.records[looked_at - 1].number().number, page.offset + looked_at};
    write_link(links, page_address(request, "after=" + last.text(), page.limit), "next", geojson_type, "Next page");
  }
  if (page.offset > 0) {
    const std::string before = "offset=" + std::to_string(page.offset - std::min(page.offset, page.limit));
    write_link(links, page_address(request, before, page.limit), "prev", geojson_type, "Previous page");
  }
  write_link(links, collection_address(request, collection), "collection", "application/json", "The collection");
  return body + ",\"links\":" + links.close_array().take() + "}";
}

Response features_response(const Crs& crs, std::string body) {
  Response response{200, geojson_type, {}, std::move(body), {}};
  response.header("Content-Crs", "<" + crs.uri() + ">");
  return response;
}

bool is_too_large_here(const thread::QueryResult& result, const Door& door, const Effort& effort) {
  size_t bytes = 0;
  for (const twin::EntityRecord& record : result.records) bytes += record.bytes().size();
  return !effort.is_long && bytes > door.services.quick_bytes_max;
}

Result<Response> list_items(const Door& door, const Request& request, const Effort& effort) {
  if (const auto status = check_common(request, true); !status.ok()) return status.error();
  const auto reading = reading_of(door.services.tenants, request);
  if (!reading.ok()) return reading.error();
  if (!effort.is_long && is_of_the_past(request, *reading)) return too_much_here();
  const auto collection = door.collections.find(request.path_value("collectionId"), request, *reading, effort);
  if (!collection.ok()) return collection.error();
  const std::string_view iri = reading->thread->terms().text(collection->type);
  if (const auto status = may_read(door, request, iri); !status.ok()) return status.error();
  const auto crs = Crs::find(request.query_value("crs"), "crs");
  if (!crs.ok()) return crs.error();
  auto page = page_of(request);
  if (!page.ok()) return page.error();
  const base::Instant now = moment_of(door.services, request, *reading);
  const FilterContext context{
      door.services, door.services.state_of(*reading->thread), *reading, door.collections, effort, now};
  const auto query = query_of(context, request, *collection, items_parameters);
  if (!query.ok()) return query.error();
  // Geometries may each cost much.
  Effort careful = effort;
  if (!effort.is_long && (query->geo || query->also)) careful.bounds.records_max = door.services.quick_geometries_max;
  bool is_counted = true;
  const auto result = find_page(*reading, *query, *page, careful, is_counted);
  if (!result.ok()) return result.error();
  if (is_too_large_here(*result, door, effort)) return too_much_here();
  return features_response(
      *crs, features_text(door, request, *reading, *collection, *crs, {*result, *page, is_counted, now}));
}

Result<Response> show_item(const Door& door, const Request& request, const Effort& effort) {
  if (const auto status = check_common(request, false, "crs"); !status.ok()) return status.error();
  const auto reading = reading_of(door.services.tenants, request);
  if (!reading.ok()) return reading.error();
  if (!effort.is_long && is_of_the_past(request, *reading)) return too_much_here();
  const auto collection = door.collections.find(request.path_value("collectionId"), request, *reading, effort);
  if (!collection.ok()) return collection.error();
  const std::string_view iri = reading->thread->terms().text(collection->type);
  if (const auto status = may_read(door, request, iri); !status.ok()) return status.error();
  const auto crs = Crs::find(request.query_value("crs"), "crs");
  if (!crs.ok()) return crs.error();
  const std::string_view id = request.path_value("featureId");
  const auto record = reading->snapshot.find(id);
  if (!record.ok()) return record.error();
  const ngsi_ld::TenantState& tenant = door.services.state_of(*reading->thread);
  const base::Instant now = moment_of(door.services, request, *reading);
  if (!ngsi_ld::is_visible(*record) || !record->has_type(collection->type) || tenant.expiry->is_over(*record, now)) {
    return fail(Code::not_found, "there is no feature with this id in the collection", std::string(id.substr(0, 200)));
  }
  std::string body = "{";
  append_feature(*record, *crs, now, *tenant.core_names, body);
  JsonText links;
  links.open_array();
  write_link(links, own_address(request), "self", geojson_type, "This feature");
  write_link(links, collection_address(request, *collection), "collection", "application/json", "The collection");
  write_link(links, origin_of(request) + "/ngsi-ld/v1/entities/" + percent_encoded(id), "alternate",
             "application/ld+json", "The same entity by NGSI-LD");
  body += ",\"links\":" + links.close_array().take() + "}";
  return features_response(*crs, std::move(body));
}

Response failed(const base::Error& error) {
  return problem(error);
}

using Read = Result<Response> (*)(const Door&, const Request&, const Effort&);

Route route_of(const DoorPointer& door, std::string path, std::string operation, std::string summary, Read read) {
  Route route;
  route.path = std::string(collections_path) + path;
  route.operation_id = std::move(operation);
  route.tag = "Features";
  route.summary = std::move(summary);
  route.handler = bounded(
      door->services,
      [door, read](const Request& request, const Effort& effort) { return read(*door, request, effort); }, failed);
  route.parameters = {
      {Parameter::In::query, "f", "The form of the answer", R"({"type":"string","enum":["json","geojson"]})", false},
      {Parameter::In::query, "asOf", "As recorded at a date-time or offset", R"({"type":"string"})", false},
      {Parameter::In::query, "branch", "A branch of the record other than main", R"({"type":"string"})", false},
      {Parameter::In::query, "lang", "Language of titles: en or ko", R"({"type":"string"})", false}};
  route.answers = {{200, "It", {{"application/json", R"({"type":"object"})"}}}};
  return route;
}

Parameter crs_parameter(std::string name, std::string description) {
  std::string schema = R"({"type":"string","format":"uri","default":")" + std::string(crs84_uri) + R"(","enum":[)";
  for (const std::string_view uri : crs_uris()) schema += (uri == crs84_uri ? "\"" : ",\"") + std::string(uri) + "\"";
  return {Parameter::In::query, std::move(name), std::move(description), schema + "]}", false};
}

void describe_items(Route& route) {
  const auto add = [&route](const char* name, const char* description, std::string schema) {
    route.parameters.push_back({Parameter::In::query, name, description, std::move(schema), false});
  };
  add("limit", "At most so many", R"({"type":"integer","minimum":1,"maximum":10000,"default":100})");
  add("offset", "Leaves out so many", R"({"type":"integer","minimum":0,"default":0})");
  add("after", "Where the page before ended, as its link to the next one has it", R"({"type":"string"})");
  add("bbox", "Only what meets this box, in the order of axes of bbox-crs",
      R"({"type":"array","minItems":4,"maxItems":6,"items":{"type":"number"}})");
  route.parameters.push_back(crs_parameter("bbox-crs", "Coordinate system of bbox"));
  route.parameters.push_back(crs_parameter("crs", "Coordinate system of the answer"));
  add("datetime", "Only what was observed or is valid at this date-time or in this interval", R"({"type":"string"})");
  // Every property of the collection is a parameter; OpenAPI says that of one that is an object.
  add("properties", "Values that properties must have, each as a parameter of its own",
      R"({"type":"object","additionalProperties":{"type":"string"}})");
  route.answers = {{200, "A page of features", {{std::string(geojson_type), R"({"type":"object"})"}}}};
}

}  // namespace

void add_feature_doors(Router& router, ngsi_ld::Services& services) {
  const auto door = std::make_shared<const Door>(services);
  router.add(route_of(door, "", "listCollections", "OGC API: the collections, one an entity type", list_collections));
  router.add(route_of(door, "/{collectionId}", "getCollection", "OGC API: a collection of features", show_collection));
  Route items =
      route_of(door, "/{collectionId}/items", "listFeatures", "OGC API: features of a collection", list_items);
  describe_items(items);
  router.add(std::move(items));
  Route item = route_of(door, "/{collectionId}/items/{featureId}", "getFeature", "OGC API: a feature", show_item);
  item.parameters.push_back(crs_parameter("crs", "Coordinate system of the answer"));
  item.answers = {{200, "The feature", {{std::string(geojson_type), R"({"type":"object"})"}}}};
  router.add(std::move(item));
}

}  // namespace cityloom::serve::ogc

// /api/summary and /api/search.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_set>

#include "serve/api/doors.hpp"
#include "serve/api/names.hpp"
#include "serve/json.hpp"
#include "space/terrain/terrain.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr size_t results_max = 100;
constexpr size_t text_bytes_max = 200;

/// What the hub keeps for itself beside the city: subscriptions, registrations, models, rules.
bool is_own_type(std::string_view iri) {
  return iri.starts_with("urn:cityloom:type:");
}
bool is_own_id(std::string_view id) {
  return id.starts_with("urn:cityloom:internal:");
}

Result<size_t> limit_of(const Request& request) {
  const auto text = request.query_value("limit");
  if (!text) return size_t{20};
  size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc{} || end != text->data() + text->size() || limit == 0 || limit > results_max) {
    return fail(Code::invalid, "not a number from 1 to 100", "limit");
  }
  return limit;
}

/// Results in their order, each entity once.
class Results {
 public:
  explicit Results(size_t limit) : limit_(limit) {}
  bool full() const { return places_.size() >= limit_; }
  size_t room() const { return limit_ - places_.size(); }
  void add(PlaceFound place) {
    if (!full() && !is_own_id(place.id) && ids_.insert(place.id).second) places_.push_back(std::move(place));
  }
  Response response(const twin::TermTable& terms) const {
    JsonText json;
    json.open_object().key("results").open_array();
    for (const PlaceFound& place : places_) {
      json.open_object().member("id", place.id).member("type", short_name(terms.text(place.type)));
      json.member("name", place.name);
      if (place.centre) json.member("location", twin::Geometry::point(*place.centre));
      json.close_object();
    }
    json.close_array().close_object();
    return Response::json(json.take());
  }

 private:
  size_t limit_;
  std::vector<PlaceFound> places_;
  std::unordered_set<std::string> ids_;
};

struct Wanted {
  std::string text;
  std::string folded_text;
  size_t limit = 20;
};

/// Entities of a type whose name is the text.
base::Status add_by_type(const Reading& reading, const Wanted& wanted, Results& results) {
  const auto types = reading.snapshot.types();
  if (!types) return types.error();
  const twin::TermTable& terms = reading.thread->terms();
  for (const auto& [type, count] : *types) {
    if (is_own_type(terms.text(type))) continue;
    if (folded(short_name(terms.text(type))) != wanted.folded_text) continue;
    twin::Query query;
    query.types.any_of = {{type}};
    thread::Page page;
    page.limit = wanted.limit;
    const auto found = reading.snapshot.query(query, page);
    if (!found) return found.error();
    NameReader reader(terms);
    for (const auto& record : found->records) results.add(reader.place(record));
  }
  return {};
}

/// Looks at every entity of a snapshot, where no index can answer.
base::Status add_by_walk(const Reading& reading, const Wanted& wanted, const thread::Bounds& bounds, Results& results) {
  NameReader reader(reading.thread->terms());
  std::vector<std::pair<int, PlaceFound>> named;
  std::vector<PlaceFound> by_id;
  const auto walked = reading.snapshot.each(
      {},
      [&](const twin::EntityRecord& record) {
        const size_t at = record.id().find(wanted.text);
        if (at != std::string_view::npos && by_id.size() < wanted.limit) by_id.push_back(reader.place(record));
        std::string names;
        PlaceFound place = reader.place(record, &names);
        if (const auto rank = fit(names, wanted.folded_text)) {
          named.emplace_back(*rank, std::move(place));
          if (named.size() >= results_max * 100) return false;
        }
        return true;
      },
      bounds);
  if (!walked) return walked.error();
  std::stable_sort(named.begin(), named.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  for (auto& [rank, place] : named) results.add(std::move(place));
  for (PlaceFound& place : by_id) results.add(std::move(place));
  return {};
}

/// Entities whose id holds the text, from the list of all ids.
base::Status add_by_id(const Reading& reading, const Gazetteer& gazetteer, const Wanted& wanted, Results& results) {
  NameReader reader(reading.thread->terms());
  for (size_t from = 0; !results.full();) {
    const auto ids = gazetteer.ids_with(wanted.text, wanted.limit, from);
    if (ids.empty()) return {};
    for (const std::string& id : ids) {
      const auto record = reading.snapshot.find(id);
      if (!record) return record.error();
      if (record->exists()) results.add(reader.place(*record));
    }
  }
  return {};
}

/// The rest of a search, where names alone do not fill the answer.
Result<Response> search_all(const Reading& reading, const Gazetteer* gazetteer, const Wanted& wanted, Results results,
                            const Reply& reply) {
  if (auto by_type = add_by_type(reading, wanted, results); !by_type) return by_type.error();
  thread::Bounds bounds;
  bounds.goes_on = [&reply] { return reply.is_wanted(); };
  if (!results.full() && wanted.text.size() >= 2) {
    const auto added = gazetteer != nullptr ? add_by_id(reading, *gazetteer, wanted, results)
                                            : add_by_walk(reading, wanted, bounds, results);
    if (!added) return added.error();
  }
  return results.response(reading.thread->terms());
}

void send(Reply reply, Result<Response> response) {
  if (response) {
    reply.send(std::move(*response));
  } else {
    reply.fail(response.error());
  }
}

void search(const ApiStatePointer& state, const Request& request, Reply reply) {
  auto reading = reading_of(*state->services.tenants, request);
  if (!reading) return reply.fail(reading.error());
  const auto limit = limit_of(request);
  if (!limit) return reply.fail(limit.error());
  const auto text = request.query_value("q");
  if (!text || text->empty() || text->size() > text_bytes_max) {
    return reply.fail(fail(Code::invalid, "q must be a text of 1 to 200 bytes", "q"));
  }
  const Wanted wanted{std::string(*text), folded(*text), *limit};
  Results results(*limit);
  // An id as it stands, the commonest thing to paste.
  NameReader reader(reading->thread->terms());
  if (const auto exact = reading->snapshot.find(*text); exact && exact->exists()) {
    results.add(reader.place(*exact));
  }
  const auto gazetteer = reading->is_live ? state->gazetteer(*reading->thread) : nullptr;
  if (gazetteer != nullptr) {
    for (const twin::EntityNumber number : gazetteer->search(*text, *limit)) {
      const auto record = reading->snapshot.find(number);
      if (!record) return reply.fail(record.error());
      if (record->exists()) results.add(reader.place(*record));
    }
    if (results.full()) return reply.send(results.response(reading->thread->terms()));
  }
  reply.run_long([reading = *reading, gazetteer, wanted, results](Reply back) mutable {
    auto response = search_all(reading, gazetteer.get(), wanted, std::move(results), back);
    send(std::move(back), std::move(response));
  });
}

/// The ground in the middle of the city, or what its buildings stand on.
std::optional<double> ground_m(const ApiState& state, const Gazetteer& gazetteer, const twin::Box& bounds) {
  if (state.services.terrain != nullptr) {
    const twin::Position middle{(bounds.west_deg + bounds.east_deg) / 2, (bounds.south_deg + bounds.north_deg) / 2};
    const auto height_m = space::height_m_at(*state.services.terrain->relief(), middle);
    if (height_m && *height_m) return **height_m;
  }
  return gazetteer.mean_base_m();
}

void write_city(const ApiState& state, const Gazetteer* gazetteer, JsonText& json) {
  const auto bounds = gazetteer != nullptr ? gazetteer->bounds() : std::nullopt;
  json.key("city");
  if (!bounds) {
    json.null();
    return;
  }
  json.open_object().member("name", state.services.city_name).key("bbox").open_array();
  json.value(bounds->west_deg).value(bounds->south_deg).value(bounds->east_deg).value(bounds->north_deg);
  json.close_array();
  if (const auto height_m = ground_m(state, *gazetteer, *bounds)) {
    json.member("ground_m", std::round(*height_m * 10) / 10);
  }
  json.close_object();
}

Result<Response> summary(const ApiState& state, const Reading& reading) {
  const auto types = reading.snapshot.types();
  if (!types) return types.error();
  JsonText json;
  json.open_object();
  const auto gazetteer = state.gazetteer(*reading.thread);
  write_city(state, gazetteer.get(), json);
  base::Instant first = base::Instant::none();
  if (reading.snapshot.offset().number > 0) {
    if (const auto at = reading.thread->recorded_at(thread::Offset{1})) first = *at;
  }
  json.member("offset", reading.snapshot.offset().number).member("firstRecordedAt", first);
  json.member("now", state.services.clock->now()).key("types").open_array();
  for (const auto& [type, count] : *types) {
    const std::string_view iri = reading.thread->terms().text(type);
    if (is_own_type(iri)) continue;
    json.open_object().member("type", short_name(iri)).member("iri", iri).member("count", count).close_object();
  }
  json.close_array().close_object();
  return Response::json(json.take());
}

void summarise(const ApiStatePointer& state, const Request& request, Reply reply) {
  auto reading = reading_of(*state->services.tenants, request);
  if (!reading) return reply.fail(reading.error());
  if (reading->is_live) return send(std::move(reply), summary(*state, *reading));
  reply.run_long([state, reading = *reading](Reply back) { send(std::move(back), summary(*state, reading)); });
}

void add_schemas(Router& router) {
  router.add_schema("Summary",
                    R"({"type":"object","required":["city","offset","firstRecordedAt","now","types"],"properties":{
    "city":{"oneOf":[{"type":"null"},{"type":"object","required":["name","bbox"],"properties":{"name":{"type":"string"},
      "bbox":{"type":"array","items":{"type":"number"},"minItems":4,"maxItems":4},"ground_m":{"type":"number"}}}]},
    "offset":{"type":"integer"},"firstRecordedAt":{"type":["string","null"],"format":"date-time"},
    "now":{"type":"string","format":"date-time"},
    "types":{"type":"array","items":{"type":"object","required":["type","iri","count"],"properties":{
      "type":{"type":"string"},"iri":{"type":"string"},"count":{"type":"integer"}}}}}})");
  router.add_schema("Point", R"({"type":"object","required":["type","coordinates"],"properties":{
    "type":{"const":"Point"},"coordinates":{"type":"array","items":{"type":"number"},"minItems":2,"maxItems":3}}})");
  router.add_schema("SearchResults", R"({"type":"object","required":["results"],"properties":{"results":{"type":"array",
    "items":{"type":"object","required":["id","type","name"],"properties":{"id":{"type":"string"},
      "type":{"type":"string"},"name":{"type":"string"},"location":{"$ref":"#/components/schemas/Point"}}}}}})");
}

}  // namespace

void add_search_doors(Router& router, const ApiStatePointer& state) {
  add_schemas(router);
  Route overview;
  overview.path = "/api/summary";
  overview.operation_id = "getSummary";
  overview.tag = "City";
  overview.summary = "What is recorded: place, types and how many, since when";
  overview.handler = [state](const Request& request, Reply reply) { summarise(state, request, std::move(reply)); };
  overview.parameters = {as_of_parameter(), branch_parameter()};
  overview.answers = {{200, "The city", {{"application/json", schema_reference("Summary")}}}};
  router.add(std::move(overview));

  Route find;
  find.path = "/api/search";
  find.operation_id = "search";
  find.tag = "City";
  find.summary = "Entities by name in any language, by id, or by type";
  find.handler = [state](const Request& request, Reply reply) { search(state, request, std::move(reply)); };
  find.parameters = {{Parameter::In::query, "q", "Part of a name (without regard to case), of an id, or a type",
                      R"({"type":"string","minLength":1,"maxLength":200})", true},
                     {Parameter::In::query, "limit", "Results at most",
                      R"({"type":"integer","minimum":1,"maximum":100,"default":20})", false},
                     as_of_parameter(),
                     branch_parameter()};
  find.answers = {{200, "What fits, the best first", {{"application/json", schema_reference("SearchResults")}}}};
  router.add(std::move(find));
}

}  // namespace cityloom::serve

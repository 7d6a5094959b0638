// Entities read: retrieve, query, query by POST. ETSI GS CIM 009 clauses 5.7.1, 5.7.2.
#include <simdjson.h>

#include <algorithm>
#include <map>

#include "ngsi/linked.hpp"
#include "ngsi/ordering.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/query.hpp"
#include "serve/ngsi/gathering.hpp"
#include "serve/ngsi/linked_lookup.hpp"
#include "serve/ngsi/mapped_query.hpp"
#include "serve/ngsi/ordered_query.hpp"
#include "serve/ngsi/routes.hpp"
#include "serve/ngsi/text.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using ngsi::ProblemType;

Error unknown_entity(std::string_view id) {
  return {Code::not_found, "there is no entity with this id", std::string(id), {}};
}

void append_records(const Call& call, const std::vector<twin::EntityRecord>& records, const ngsi::Representation& how,
                    const ngsi::Names& names, std::string& body) {
  if (call.answer() == Media::geo_json) {
    ngsi::append_features(records, how, names, body);
  } else {
    ngsi::append_entities(records, how, names, body);
  }
}

// The join that a request asks for by its parameters, with which its representation must agree.
base::Result<std::optional<ngsi::Join>> join_for(const Call& call, const ngsi::Representation& how) {
  auto join = join_of(call);
  if (!join.ok()) return join;
  if (const auto status = ngsi::check_projection(how.projection, *join); !status.ok()) return status.error();
  return join;
}

// NGSI-LD: 4.5.23 linked entities, inline or beside what links to them
base::Status append_joined(const Call& call, LinkedLookup& lookup, const TenantState& tenant, const ngsi::Join& join,
                           std::vector<twin::EntityRecord> records, ngsi::Representation how, bool as_list,
                           std::string& body) {
  ngsi::LinkedEntities linked(join, [&lookup](std::string_view id) { return lookup.find(id); });
  const auto names = names_for(call, tenant);
  if (join.is_flat) {
    const auto beside = linked.beside(records, how.projection);
    if (call.answer() == Media::geo_json) {
      ngsi::append_features(records, beside, how, *names, body);
    } else {
      ngsi::append_entities(records, beside, how, *names, body);
    }
    return linked.status();
  }
  ngsi::Representation inner = how;
  inner.projection = {};
  inner.datasets.clear();
  inner.datasets_given = false;
  inner.context_json = {};
  inner.linked = how.linked = &linked;
  linked.set_representation(std::move(inner));
  if (as_list) {
    append_records(call, records, how, *names, body);
  } else if (call.answer() == Media::geo_json) {
    ngsi::append_feature(records.front(), how, *names, body);
  } else {
    ngsi::append_entity(records.front(), how, *names, body);
  }
  return linked.status();
}

// The entity as it is here, and in what sources gave.
base::Result<twin::EntityRecord> find_everywhere(const Call& call, const Reading& reading, const TenantState& tenant,
                                                 std::string_view id) {
  auto found = reading.snapshot.find(id);
  if (found.ok() && !is_there(call, reading, tenant, *found)) found = twin::EntityRecord();
  if (!found.ok() || call.gathered() == nullptr) return found;
  return call.gathered()->entity(id, *found, call.services().clock.now());
}

// Reads of the past fetch records from the disk: never on a connection's worker. A snapshot is of the past.
bool is_of_the_past(const Call& call, const Reading& reading) {
  if (reading.selection) return true;
  return call.parameter("asOf").has_value() && reading.snapshot.offset() < reading.thread->head();
}

// NGSI-LD: 5.7.1 retrieve an entity
void retrieve_entity(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const std::string_view id = call.entity_id();
  const TenantState& tenant = call.services().state_of(*reading->thread);
  if (gather(
          call, tenant, [&call] { return gather_of(call, true); }, retrieve_entity))
    return;
  const twin::TermTable& terms = terms_for(call, tenant);
  const auto found = find_everywhere(call, *reading, tenant, id);
  if (!found.ok()) return call.fail(found.error());
  if (!*found) return call.fail(unknown_entity(id));
  if (const auto type = call.parameter("type")) {
    const auto selection = ngsi::parse_type_selection(*type, *call.context(), terms);
    if (!selection.ok()) return call.fail(selection.error());
    if (!twin::satisfies(*found, *selection)) return call.fail(unknown_entity(id));
  }
  const auto how = call.representation(terms, ngsi::join_level_max);
  if (!how.ok()) return call.fail(how.error());
  if (call.parameter("attrs") && !ngsi::has_any_attribute(*found, *how)) {
    return call.fail({Code::not_found, "the entity has none of these attributes", std::string(id), {}});
  }
  const auto join = join_for(call, *how);
  if (!join.ok()) return call.fail(join.error());
  if (!ngsi::has_any_member(*found, *how)) return call.fail(nothing_left(id));
  if (*join && !call.is_long()) return Call::go_long(std::move(call), retrieve_entity);
  std::optional<UsedMap> map;
  if (wants_map(call)) {
    auto used = use_map(call, *reading, id);
    if (!used.ok()) return call.fail(used.error());
    map = std::move(*used);
  }
  LinkedLookup lookup(call, *reading, tenant);
  const auto respond = [&](std::string text) {
    Response response = body_response(call, std::move(text));
    lookup.add_warnings(response);
    if (is_of_the_past(call, *reading)) {
      const auto warned = warn_of_thinning(call, reading->snapshot, {std::string(id)}, {}, response);
      if (!warned.ok()) return call.fail(warned.error());
    }
    if (map) add_map_header(*map, response);
    call.send(std::move(response));
  };
  std::string body;
  if (*join) {
    const auto joined = append_joined(call, lookup, tenant, **join, {*found}, *how, false, body);
    if (!joined.ok()) return call.fail_read(joined.error());
    if (gather_linked(call, tenant, lookup.unasked(), retrieve_entity)) return;
    return respond(std::move(body));
  }
  const auto names = names_for(call, tenant);
  body.reserve(found->bytes().size() * 3);
  if (call.answer() == Media::geo_json) {
    ngsi::append_feature(*found, *how, *names, body);
  } else {
    ngsi::append_entity(*found, *how, *names, body);
  }
  respond(std::move(body));
}

/// What an answer to a query is made with.
struct Answering {
  const Reading& reading;
  const TenantState& tenant;
  const ngsi::Representation& how;
  const std::optional<ngsi::Join>& join;
  LinkedLookup& lookup;
  const std::vector<twin::Query>& any_of;
  const std::vector<twin::Query>& everywhere;  // the same as they are put to what sources gave too
  const UsedMap* map = nullptr;                // by which it is paged
};

// Answers a page of entities; or, on a connection's worker, gives false and answers nothing if they are too large.
bool answer_page(Call& call, void (*run)(Call), const Answering& with, thread::QueryResult& result) {
  size_t bytes = 0;
  for (const twin::EntityRecord& record : result.records) bytes += record.bytes().size();
  if (bytes > call.services().quick_bytes_max && !call.is_long()) return false;
  std::erase_if(result.records, [&](const twin::EntityRecord& record) {
    return !is_visible(record) || !ngsi::has_any_member(record, with.how);
  });
  std::vector<std::string> of_the_past;
  if (is_of_the_past(call, with.reading)) {
    for (const twin::EntityRecord& record : result.records) of_the_past.emplace_back(record.id());
  }
  std::string body;
  if (with.join) {
    if (!call.is_long()) return false;
    const auto joined =
        append_joined(call, with.lookup, with.tenant, *with.join, std::move(result.records), with.how, true, body);
    if (!joined.ok()) {
      call.fail_read(joined.error());
      return true;
    }
    if (gather_linked(call, with.tenant, with.lookup.unasked(), run)) return true;
  } else {
    append_records(call, result.records, with.how, *names_for(call, with.tenant), body);
  }
  Response response = body_response(call, std::move(body));
  with.lookup.add_warnings(response);
  if (const auto warned = warn_of_thinning(call, with.reading.snapshot, of_the_past, {}, response); !warned.ok()) {
    call.fail(warned.error());
    return true;
  }
  if (with.map != nullptr && with.map->is_new) response.status = 201;
  if (with.map != nullptr) add_map_header(*with.map, response);
  add_page_headers(call, result.more, result.count, response);
  call.send(std::move(response));
  return true;
}

// Answers what a query found; moves the operation to where it may take long if it did not come to its end, or asks
// sources for what its conditions look at.
void answer_query(Call& call, void (*run)(Call), const Answering& with, base::Result<thread::QueryResult> result) {
  if (result.ok() && gather_linked(call, with.tenant, with.lookup.unasked(), run)) return;
  const bool too_much = !result.ok() && result.error().code == Code::cancelled && !call.is_long();
  if (!result.ok() && !too_much) return call.fail_read(result.error());
  if (too_much || !answer_page(call, run, with, *result)) Call::go_long(std::move(call), run);
}

// The matches of several queries, each entity once, in order of first creation; a page of them.
base::Result<thread::QueryResult> query_any(const thread::Snapshot& snapshot, const std::vector<twin::Query>& any_of,
                                            const thread::Page& page, size_t entities_max,
                                            const thread::Bounds& bounds) {
  if (any_of.size() == 1) return snapshot.query(any_of.front(), page, bounds);
  std::map<twin::EntityNumber, twin::EntityRecord> matches;
  for (const twin::Query& query : any_of) {
    const auto status = snapshot.each(
        query,
        [&](const twin::EntityRecord& record) {
          matches.emplace(record.number(), record);
          return matches.size() <= entities_max;
        },
        bounds);
    if (!status.ok()) return status.error();
    if (matches.size() > entities_max) {
      return base::fail(Code::too_complex,
                        "several selectors match more than " + std::to_string(entities_max) + " entities", "entities",
                        "ask for each of them alone");
    }
  }
  thread::QueryResult result;
  result.count = page.count ? matches.size() : 0;
  size_t position = 0;
  for (auto& [number, record] : matches) {
    const size_t at = position++;
    if (at < page.offset) continue;
    if (result.records.size() == page.limit) {
      result.more = true;
      break;
    }
    result.records.push_back(std::move(record));
  }
  return result;
}

// What kept queries of linked entities from being answered.
base::Status status_of_links(const std::vector<twin::Query>& any_of) {
  for (const twin::Query& query : any_of) {
    if (query.linked && !query.linked->status.ok()) return query.linked->status;
  }
  return {};
}

bool asks_of_links(const std::vector<twin::Query>& any_of) {
  return std::any_of(any_of.begin(), any_of.end(), [](const auto& query) { return query.linked != nullptr; });
}

// Whether what sources gave is still to be judged.
bool is_judged_here(const Call& call, const std::vector<twin::Query>& any_of) {
  return call.flag("splitEntities") || asks_of_links(any_of);
}

// The same with what sources gave. Where entities may lie in pieces, or conditions are of linked ones, they are put to
// whole ones.
base::Result<thread::QueryResult> query_everywhere(const Call& call, const Reading& reading, const TenantState& tenant,
                                                   std::vector<twin::Query> any_of,
                                                   const std::vector<twin::Query>& everywhere,
                                                   const thread::Page& asked) {
  const Gathered& gathered = *call.gathered();
  const size_t entities_max = call.services().union_entities_max;
  const bool is_split = call.flag("splitEntities"), is_judged = is_judged_here(call, everywhere);
  thread::Page page = asked;
  page.limit = std::min(entities_max, is_judged ? entities_max : page.offset + page.limit + 1);
  page.offset = 0;
  std::vector<twin::Matcher> matchers;
  for (const twin::Query& query : everywhere) matchers.emplace_back(query);
  if (is_split) {
    for (twin::Query& query : any_of) {
      query.condition.reset();
      query.geo.reset();
      query.scopes.clear();
      query.attributes.clear();
    }
  }
  const auto here = query_any(reading.snapshot, any_of, page, entities_max, call.bounds());
  if (!here.ok()) return here;
  if (is_split && here->more) {
    return base::fail(
        Code::too_complex,
        "more than " + std::to_string(entities_max) + " entities would have to be put together from their pieces",
        "splitEntities", "narrow the query by type or id");
  }
  const auto find = [&](std::string_view id) -> base::Result<twin::EntityRecord> {
    auto found = reading.snapshot.find(id);
    if (found.ok() && !is_there(call, reading, tenant, *found)) return twin::EntityRecord();
    return found;
  };
  const auto is_match = [&](const twin::EntityRecord& record) {
    return std::any_of(matchers.begin(), matchers.end(), [&](const twin::Matcher& matcher) { return matcher(record); });
  };
  const auto wanted = [&](const twin::EntityRecord& record) { return !is_judged || is_match(record); };
  return gathered.page(*here, asked, find, wanted, is_match, call.services().clock.now());
}

// The same, in an order if one is asked for.
base::Result<thread::QueryResult> query_page(const Call& call, const Reading& reading, const TenantState& tenant,
                                             const std::vector<twin::Query>& any_of,
                                             const ngsi::OrderParameters& parameters, const thread::Page& page) {
  const twin::TermTable& terms = tenant.thread->terms();
  auto ordering = ngsi::parse_ordering(parameters, *call.context(), terms);
  if (!ordering.ok()) return ordering.error();
  const size_t entities_max = call.services().union_entities_max;
  if (!*ordering) return query_any(reading.snapshot, any_of, page, entities_max, call.bounds());
  const twin::Sorter sorter(std::move(**ordering), [&terms](twin::Term term) { return terms.text(term); });
  return query_ordered(reading.snapshot, any_of, sorter, page, entities_max, call.bounds());
}

}  // namespace

EachMatch each_match(const Call& call, const Reading& reading, const TenantState& tenant,
                     const std::vector<twin::Query>& any_of, const std::vector<twin::Query>& everywhere,
                     const ngsi::OrderParameters& ordering, const LinkedLookup& lookup) {
  const auto is_known = [&]() -> base::Status {
    for (const auto* queries : {&any_of, &everywhere}) {
      if (auto linked = status_of_links(*queries); !linked.ok()) return linked;
    }
    return lookup.unasked().empty() ? base::Status() : base::fail(Code::busy, "linked entities are still asked for");
  };
  return [&, is_known](const std::function<bool(std::string_view id)>& take) -> base::Status {
    const thread::Page all{0, std::min(call.services().union_entities_max, tenant.entity_maps->options().entities_max)};
    if (!has_sources(call) && any_of.size() == 1 && !ordering.order_by && !ordering.collation) {
      const auto visit = [&](const twin::EntityRecord& record) { return !is_visible(record) || take(record.id()); };
      if (auto told = reading.snapshot.each(any_of.front(), visit, call.bounds()); !told.ok()) return told;
      return is_known();
    }
    const auto found = has_sources(call) ? query_everywhere(call, reading, tenant, any_of, everywhere, all)
                                         : query_page(call, reading, tenant, any_of, ordering, all);
    if (!found.ok()) return found.error();
    // Of what sources have beyond what they were asked for a warning tells.
    if (found->records.size() == all.limit && found->more) {
      return base::fail(
          Code::too_complex,
          "the query matches more than the " + std::to_string(all.limit) + " entities that an entity map may hold",
          "entityMap", "narrow the query");
    }
    for (const twin::EntityRecord& record : found->records) {
      if (is_visible(record) && !take(record.id())) break;
    }
    return is_known();
  };
}

namespace {

// Answers a page; or moves the operation to where it may take long.
void answer(Call& call, void (*run)(Call), Answering with, const ngsi::OrderParameters& ordering) {
  if (!call.is_long() && (asks_of_links(with.any_of) || wants_map(call))) return Call::go_long(std::move(call), run);
  std::optional<UsedMap> map;
  if (wants_map(call)) {
    auto used =
        use_map(call, with.reading,
                each_match(call, with.reading, with.tenant, with.any_of, with.everywhere, ordering, with.lookup));
    // A map is not made before all is known.
    const bool may_wait = !used.ok() && used.error().code == Code::busy;
    if (may_wait && gather_linked(call, with.tenant, with.lookup.unasked(), run)) return;
    if (!used.ok()) return call.fail_read(used.error());
    map = std::move(*used);
    with.map = &*map;
  }
  auto result = map ? query_map(call, with.reading, with.tenant, *map->map.content, with.everywhere,
                                is_judged_here(call, with.everywhere))
                : has_sources(call)
                    ? query_everywhere(call, with.reading, with.tenant, with.any_of, with.everywhere, call.page())
                    : query_page(call, with.reading, with.tenant, with.any_of, ordering, call.page());
  for (const auto* queries : {&with.any_of, &with.everywhere}) {
    if (const auto linked = status_of_links(*queries); result.ok() && !linked.ok()) result = linked.error();
  }
  answer_query(call, run, with, std::move(result));
}

// What is asked of the sources of a query; by the map that it uses, if it does.
base::Result<Gather> by_map(const Call& call, const TenantState& tenant, base::Result<Gather> gather) {
  if (gather.ok()) ask_by_map(call, tenant, *gather);
  return gather;
}

}  // namespace

ngsi::OrderParameters ordering_of(const Call& call) {
  ngsi::OrderParameters ordering;
  ordering.order_by = call.parameter_text("orderBy");
  ordering.order_direction = call.parameter_text("orderDirection");
  ordering.collation = call.parameter_text("collation");
  ordering.order_from = call.parameter_text("orderFrom");
  ordering.order_geometry = call.parameter_text("orderGeometry");
  return ordering;
}

namespace {

// NGSI-LD: 5.7.2 query entities
void query_entities(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  if (!call.is_long() && is_of_the_past(call, *reading)) return Call::go_long(std::move(call), query_entities);
  const TenantState& tenant = call.services().state_of(*reading->thread);
  LinkedLookup lookup(call, *reading, tenant);
  auto query = query_of(call, *reading, tenant, &lookup);
  if (!query.ok()) return call.fail(query.error());
  if (gather(
          call, tenant, [&] { return by_map(call, tenant, gather_of(call, false)); }, query_entities))
    return;
  const auto how = call.representation(terms_for(call, tenant), ngsi::join_level_max);
  if (!how.ok()) return call.fail(how.error());
  const auto join = join_for(call, *how);
  if (!join.ok()) return call.fail(join.error());
  const std::vector<twin::Query> any_of = {std::move(query).value()};
  std::vector<twin::Query> everywhere;
  if (has_sources(call)) {
    auto with_sources = ngsi::parse_query(selection_of(call), *call.context(), call.gathered()->terms());
    if (!with_sources.ok()) return call.fail(with_sources.error());
    if (const auto linked = link(*join, lookup, *with_sources); !linked.ok()) return call.fail(linked.error());
    everywhere = {std::move(with_sources).value()};
  }
  const auto& judged = everywhere.empty() ? any_of : everywhere;
  answer(call, query_entities, {*reading, tenant, *how, *join, lookup, any_of, judged}, ordering_of(call));
}

// Whether a Query has entity selectors: of type "*" they ask for every type, and say so.
bool has_selectors(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  return parser.parse(body.data(), body.size()).get(root) == simdjson::SUCCESS &&
         root["entities"].error() == simdjson::SUCCESS;
}

}  // namespace

base::Result<ngsi::QueryBody> query_in_body(const Call& call, const Reading& reading, const TenantState& tenant,
                                            LinkedLookup& lookup) {
  auto asked = ngsi::parse_query_body(call.body(), *call.context(), terms_for(call, tenant));
  if (!asked.ok()) return asked.error();
  if (asked->has_temporal) {
    return base::fail(Code::invalid, "a query of what is now has no temporalQ", "temporalQ",
                      "send it to /ngsi-ld/v1/temporal/entityOperations/query");
  }
  for (twin::Query& query : asked->any_of) {
    const bool narrow = !query.types.any_of.empty() || !query.attributes.empty() || query.condition || query.geo;
    if (!narrow && !call.flag("local") && !has_selectors(call.request().body())) {
      return base::fail(Code::invalid, "the query asks for everything: a type, attrs, q or geoQ is needed");
    }
    if (const auto hidden = hide_internal(query, reading, tenant); !hidden.ok()) return hidden.error();
    hide_expired(call, reading, tenant, query);
    if (const auto linked = link(asked->join, lookup, query); !linked.ok()) return linked.error();
  }
  return asked;
}

namespace {

// NGSI-LD: 5.7.2 query entities by POST
void query_by_post(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  if (!call.is_long() && is_of_the_past(call, *reading)) return Call::go_long(std::move(call), query_by_post);
  const TenantState& tenant = call.services().state_of(*reading->thread);
  LinkedLookup lookup(call, *reading, tenant);
  auto asked = query_in_body(call, *reading, tenant, lookup);
  if (!asked.ok()) return call.fail(asked.error());
  if (gather(
          call, tenant, [&] { return by_map(call, tenant, gather_of_body(call, call.body(), *asked)); }, query_by_post))
    return;
  const twin::TermTable& terms = terms_for(call, tenant);
  auto how = call.representation(terms, ngsi::join_level_max);
  if (!how.ok()) return call.fail(how.error());
  how->projection = asked->projection;
  if (const auto status = ngsi::check_projection(how->projection, asked->join); !status.ok())
    return call.fail(status.error());
  if (!asked->language.empty()) how->language = asked->language;
  for (const std::string& dataset : asked->dataset_ids) {
    how->datasets_given = true;
    how->datasets.push_back(dataset == "@none" ? twin::Term{} : terms.find(dataset));
  }
  std::vector<twin::Query> everywhere;
  if (has_sources(call)) {
    auto with_sources = ngsi::parse_query_body(call.body(), *call.context(), terms);
    if (!with_sources.ok()) return call.fail(with_sources.error());
    everywhere = std::move(with_sources->any_of);
    for (twin::Query& query : everywhere) {
      if (const auto linked = link(asked->join, lookup, query); !linked.ok()) return call.fail(linked.error());
    }
  }
  const auto& judged = everywhere.empty() ? asked->any_of : everywhere;
  const Answering with{*reading, tenant, *how, asked->join, lookup, asked->any_of, judged};
  answer(call, query_by_post, with, asked->ordering);
}

}  // namespace

std::vector<Parameter> ordering_parameters() {
  return {query_parameter("orderBy", "What they are ordered by: temperature;desc,address[city],location;dist-asc",
                          R"({"type":"string","examples":["temperature;desc", "name"]})"),
          query_parameter("orderDirection", "Of keys of orderBy that name none", R"({"enum":["asc","desc"]})"),
          query_parameter("collation", "Language whose order texts stand in: ko, de-u-co-phonebk",
                          R"({"type":"string","examples":["ko"]})"),
          query_parameter("orderFrom", "Coordinates that distances are measured from",
                          R"({"type":"string","examples":["[127.1,37.5]"]})"),
          query_parameter("orderGeometry", "Kind of the geometry of orderFrom; Point if not given",
                          R"({"type":"string","examples":["Point"]})")};
}

std::vector<Parameter> join_parameters() {
  return {query_parameter("join", "Whether linked entities are given", R"({"enum":["inline","flat","@none"]})"),
          query_parameter("joinLevel", "How many links away they may be, up to 10",
                          R"({"type":"integer","minimum":1,"maximum":10,"default":1})"),
          query_parameter("containedBy", "Ids of entities that are not to be given as linked ones again",
                          R"({"type":"string","examples":["urn:ngsi-ld:Room:1"]})")};
}

Parameter split_parameter() {
  return query_parameter("splitEntities", "Whether an entity may lie in pieces in several sources",
                         R"({"type":"boolean"})");
}

namespace {

std::vector<Parameter> joined(std::vector<Parameter> left, std::vector<Parameter> right) {
  for (Parameter& parameter : right) left.push_back(std::move(parameter));
  return left;
}

}  // namespace

void add_entity_reads(Router& router, Services& services) {
  Form one;
  one.answers = entity_answers;
  one.options = option_reads;
  Route retrieve{
      Method::get,
      "/entities/{entityId}",
      trust::Action::read,
      "retrieveEntity",
      {},
      "Retrieve an entity",
      {},
      joined(joined(joined({query_parameter("type", "Types one of which it has"),
                            query_parameter("attrs", "Attributes that are given")},
                           representation_parameters()),
                    join_parameters()),
             map_parameters()),
      {},
      {{200, "The entity", {{"application/json", {}}, {"application/ld+json", {}}, {"application/geo+json", {}}}}}};
  add_operation(router, services, std::move(retrieve), one, retrieve_entity);

  Form many = one;
  many.paged = true;
  Route query{Method::get,
              "/entities",
              trust::Action::read,
              "queryEntities",
              {},
              "Query entities",
              {},
              joined(joined(joined(selection_parameters(), ordering_parameters()), representation_parameters()),
                     joined(joined(join_parameters(), map_parameters()), {split_parameter()})),
              {},
              {{200,
                "A page of the entities",
                {{"application/json", {}}, {"application/ld+json", {}}, {"application/geo+json", {}}}}}};
  add_operation(router, services, std::move(query), many, query_entities);

  Form post = many;
  post.body = Form::Body::object;
  Route by_post{
      Method::post,
      "/entityOperations/query",
      trust::Action::read,
      "queryBatch",
      {},
      "Query entities by POST",
      {},
      joined({query_parameter("geometryProperty", "GeoProperty that is the geometry of GeoJSON"), split_parameter()},
             map_parameters()),
      {},
      {{200, "A page of the entities", {{"application/json", {}}, {"application/ld+json", {}}}}}};
  add_operation(router, services, std::move(by_post), post, query_by_post);
}

}  // namespace cityloom::serve::ngsi_ld

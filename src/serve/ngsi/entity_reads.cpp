// Entities read: retrieve, query, query by POST. ETSI GS CIM 009 clauses 5.7.1, 5.7.2.
#include <simdjson.h>

#include <algorithm>
#include <map>

#include "ngsi/linked.hpp"
#include "ngsi/ordering.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/query.hpp"
#include "serve/ngsi/gathering.hpp"
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
base::Result<std::optional<ngsi::Join>> join_of(const Call& call, const ngsi::Representation& how) {
  ngsi::JoinParameters parameters;
  parameters.join = call.parameter_text("join");
  parameters.join_level = call.parameter_text("joinLevel");
  parameters.contained_by = call.parameter_text("containedBy");
  auto join = ngsi::parse_join(parameters);
  if (!join.ok()) return join;
  if (const auto status = ngsi::check_projection(how.projection, *join); !status.ok()) return status.error();
  return join;
}

// NGSI-LD: 4.5.23 linked entities, inline or beside what links to them
base::Status append_joined(const Call& call, const Reading& reading, const TenantState& tenant, const ngsi::Join& join,
                           std::vector<twin::EntityRecord> records, ngsi::Representation how, bool as_list,
                           std::string& body, std::vector<std::string>& missing) {
  const thread::Bounds bounds = call.bounds();
  ngsi::LinkedEntities linked(join, [&](std::string_view id) -> base::Result<twin::EntityRecord> {
    if (bounds.goes_on && !bounds.goes_on()) return base::fail(Code::cancelled, "the time is over");
    auto found = reading.snapshot.find(id);
    if (!found.ok() || is_there(call, reading, tenant, *found)) return found;
    if (call.gathered() != nullptr) found = call.gathered()->entity(id, {}, call.services().clock.now());
    if (call.gathered() == nullptr || (found.ok() && !*found)) {
      missing.emplace_back(id);
      return twin::EntityRecord();
    }
    return found;
  });
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

// What is asked of the sources of a retrieval, or of a query by parameters.
base::Result<Gather> asked_of_sources(const Call& call, bool one) {
  Gather gather;
  gather.conditions = selection_of(call);
  gather.attributes = wanted_attributes(gather.conditions, *call.context());
  if (one) gather.conditions = {};
  gather.conditions.type = call.parameter_text("type");
  auto query = ngsi::source_query_of(gather.conditions, *call.context());
  if (!query.ok()) return query.error();
  gather.query = std::move(query).value();
  if (one) gather.query.ids = {std::string(call.entity_id())};
  if (one) gather.query.attributes = gather.attributes;
  if (const auto datasets = call.parameter("datasetId")) {
    for (const std::string_view dataset : split(*datasets, ',')) gather.query.dataset_ids.emplace_back(dataset);
  }
  gather.one = one;
  gather.split = call.flag("splitEntities");
  gather.ordered = call.parameter("orderBy").has_value();
  return gather;
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
          call, tenant, [&call] { return asked_of_sources(call, true); }, retrieve_entity))
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
  const auto join = join_of(call, *how);
  if (!join.ok()) return call.fail(join.error());
  if (!ngsi::has_any_member(*found, *how)) return call.fail(nothing_left(id));
  if (*join && !call.is_long()) return Call::go_long(std::move(call), retrieve_entity);
  std::optional<UsedMap> map;
  if (wants_map(call)) {
    auto used = use_map(call, tenant, id);
    if (!used.ok()) return call.fail(used.error());
    map = std::move(*used);
  }
  const auto respond = [&](std::string text) {
    Response response = body_response(call, std::move(text));
    if (is_of_the_past(call, *reading)) {
      const auto warned = warn_of_thinning(call, reading->snapshot, {std::string(id)}, {}, response);
      if (!warned.ok()) return call.fail(warned.error());
    }
    if (map) add_map_header(*map, response);
    call.send(std::move(response));
  };
  std::string body;
  if (*join) {
    std::vector<std::string> missing;
    const auto joined = append_joined(call, *reading, tenant, **join, {*found}, *how, false, body, missing);
    if (!joined.ok()) return call.fail_read(joined.error());
    if (gather_linked(call, tenant, missing, retrieve_entity)) return;
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
  const UsedMap* map = nullptr;  // by which it is paged
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
    std::vector<std::string> missing;
    const auto joined = append_joined(call, with.reading, with.tenant, *with.join, std::move(result.records), with.how,
                                      true, body, missing);
    if (!joined.ok()) {
      call.fail_read(joined.error());
      return true;
    }
    if (gather_linked(call, with.tenant, missing, run)) return true;
  } else {
    append_records(call, result.records, with.how, *names_for(call, with.tenant), body);
  }
  Response response = body_response(call, std::move(body));
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

// Answers what a query found; moves the operation to where it may take long if it did not come to its end.
void answer_query(Call call, void (*run)(Call), const Answering& with, base::Result<thread::QueryResult> result) {
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

// The same with what sources gave. Where entities may lie in pieces the conditions are put to whole ones.
base::Result<thread::QueryResult> query_everywhere(const Call& call, const Reading& reading, const TenantState& tenant,
                                                   std::vector<twin::Query> any_of,
                                                   const std::vector<twin::Query>& everywhere,
                                                   const thread::Page& wanted_page) {
  const Gathered& gathered = *call.gathered();
  const size_t entities_max = call.services().union_entities_max;
  const bool is_split = call.flag("splitEntities");
  thread::Page page = wanted_page;
  page.limit = std::min(entities_max, is_split ? entities_max : page.offset + page.limit + 1);
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
  const auto find = [&](std::string_view id) -> base::Result<twin::EntityRecord> {
    auto found = reading.snapshot.find(id);
    if (found.ok() && !is_there(call, reading, tenant, *found)) return twin::EntityRecord();
    return found;
  };
  const auto is_match = [&](const twin::EntityRecord& record) {
    return std::any_of(matchers.begin(), matchers.end(), [&](const twin::Matcher& matcher) { return matcher(record); });
  };
  const auto wanted = [&](const twin::EntityRecord& record) { return !is_split || is_match(record); };
  return gathered.page(*here, wanted_page, find, wanted, is_match, call.services().clock.now());
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

Error too_many_for_map(size_t most) {
  return {Code::too_complex,
          "the query matches more than the " + std::to_string(most) + " entities that an entity map may hold",
          "entityMap", "narrow the query"};
}

}  // namespace

EachMatch each_match(const Call& call, const Reading& reading, const TenantState& tenant,
                     const std::vector<twin::Query>& any_of, const ngsi::OrderParameters& ordering) {
  return [&](const std::function<bool(std::string_view id)>& take) -> base::Status {
    const thread::Page all{0, std::min(call.services().union_entities_max, tenant.entity_maps->options().entities_max)};
    if (any_of.size() == 1 && !ordering.order_by && !ordering.collation) {
      const auto visit = [&](const twin::EntityRecord& record) { return !is_visible(record) || take(record.id()); };
      if (auto told = reading.snapshot.each(any_of.front(), visit, call.bounds()); !told.ok()) return told;
      return status_of_links(any_of);
    }
    const auto found = query_page(call, reading, tenant, any_of, ordering, all);
    if (!found.ok()) return found.error();
    if (found->more) {
      return too_many_for_map(all.limit);
    }
    for (const twin::EntityRecord& record : found->records) {
      if (is_visible(record) && !take(record.id())) break;
    }
    return status_of_links(any_of);
  };
}

namespace {

// Answers a page; or moves the operation to where it may take long.
void answer(Call& call, void (*run)(Call), Answering with, const std::vector<twin::Query>& any_of,
            const ngsi::OrderParameters& ordering) {
  const bool links =
      std::any_of(any_of.begin(), any_of.end(), [](const auto& query) { return query.linked != nullptr; });
  if (!call.is_long() && (links || wants_map(call))) return Call::go_long(std::move(call), run);
  std::optional<UsedMap> map;
  if (wants_map(call)) {
    auto used = use_map(call, with.tenant, each_match(call, with.reading, with.tenant, any_of, ordering));
    if (!used.ok()) return call.fail_read(used.error());
    map = std::move(*used);
    with.map = &*map;
  }
  auto result = map ? query_map(call, with.reading, with.tenant, *map->map.content, any_of)
                    : query_page(call, with.reading, with.tenant, any_of, ordering, call.page());
  if (const auto linked = status_of_links(any_of); result.ok() && !linked.ok()) result = linked.error();
  answer_query(std::move(call), run, with, std::move(result));
}

// The same with what sources gave. A map that is made of it tells who holds what.
void answer_everywhere(Call& call, void (*run)(Call), Answering with, const std::vector<twin::Query>& any_of,
                       const std::vector<twin::Query>& everywhere) {
  if (!wants_map(call)) {
    auto result = query_everywhere(call, with.reading, with.tenant, any_of, everywhere, call.page());
    return answer_query(std::move(call), run, with, std::move(result));
  }
  if (!call.is_long()) return Call::go_long(std::move(call), run);
  const EachMatch each = [&](const auto& take) -> base::Status {
    const size_t most = std::min(call.services().union_entities_max, with.tenant.entity_maps->options().entities_max);
    const auto found = query_everywhere(call, with.reading, with.tenant, any_of, everywhere, {0, most});
    if (!found.ok()) return found.error();
    if (found->more) return too_many_for_map(most);
    for (const twin::EntityRecord& record : found->records) {
      if (is_visible(record) && !take(record.id())) break;
    }
    return {};
  };
  const auto used = use_map(call, with.tenant, each, [&](std::string_view id) {
    std::vector<std::string> holders = call.gathered()->holders_of(id);
    const auto here = with.reading.snapshot.find(id);
    if (here.ok() && is_there(call, with.reading, with.tenant, *here)) holders.insert(holders.begin(), "@none");
    return holders;
  });
  if (!used.ok()) return call.fail_read(used.error());
  with.map = &*used;
  auto result = query_map(call, with.reading, with.tenant, *used->map.content, any_of, everywhere);
  answer_query(std::move(call), run, with, std::move(result));
}

// NGSI-LD: 5.7.2 query entities
void query_entities(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  if (!call.is_long() && is_of_the_past(call, *reading)) return Call::go_long(std::move(call), query_entities);
  const TenantState& tenant = call.services().state_of(*reading->thread);
  auto query = query_of(call, *reading, tenant);
  if (!query.ok()) return call.fail(query.error());
  if (gather(
          call, tenant, [&] { return for_map(call, tenant, asked_of_sources(call, false)); }, query_entities))
    return;
  const auto how = call.representation(terms_for(call, tenant), ngsi::join_level_max);
  if (!how.ok()) return call.fail(how.error());
  const auto join = join_of(call, *how);
  if (!join.ok()) return call.fail(join.error());
  if (has_sources(call)) {
    const auto everywhere = ngsi::parse_query(selection_of(call), *call.context(), call.gathered()->terms());
    if (!everywhere.ok()) return call.fail(everywhere.error());
    return answer_everywhere(call, query_entities, {*reading, tenant, *how, *join}, {*query}, {*everywhere});
  }
  answer(call, query_entities, {*reading, tenant, *how, *join}, {std::move(query).value()}, ordering_of(call));
}

// Whether a Query has entity selectors: of type "*" they ask for every type, and say so.
bool has_selectors(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  return parser.parse(body.data(), body.size()).get(root) == simdjson::SUCCESS &&
         root["entities"].error() == simdjson::SUCCESS;
}

}  // namespace

base::Result<ngsi::QueryBody> query_in_body(const Call& call, const Reading& reading, const TenantState& tenant) {
  auto asked = ngsi::parse_query_body(call.body(), *call.context(), tenant.thread->terms());
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
    if (const auto linked = link(call, reading, tenant, asked->join, query); !linked.ok()) return linked.error();
  }
  return asked;
}

namespace {

// What is asked of the sources of a query by POST.
base::Result<Gather> asked_of_sources_by_post(const Call& call, const ngsi::QueryParameters& conditions) {
  twin::TermTable terms;
  const auto asked = ngsi::parse_query_body(call.body(), *call.context(), ngsi::TermOf::interning(terms));
  if (!asked.ok()) return asked.error();
  Gather gather;
  gather.query = ngsi::source_query_of(asked->any_of, terms);
  gather.query.dataset_ids = asked->dataset_ids;
  gather.conditions = conditions;
  gather.attributes = wanted_attributes(conditions, *call.context());
  gather.by_post = true;
  gather.split = call.flag("splitEntities");
  gather.ordered = asked->ordering.order_by.has_value();
  return gather;
}

// NGSI-LD: 5.7.2 query entities by POST
void query_by_post(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  if (!call.is_long() && is_of_the_past(call, *reading)) return Call::go_long(std::move(call), query_by_post);
  const TenantState& tenant = call.services().state_of(*reading->thread);
  auto asked = query_in_body(call, *reading, tenant);
  if (!asked.ok()) return call.fail(asked.error());
  if (gather(
          call, tenant, [&] { return for_map(call, tenant, asked_of_sources_by_post(call, asked->conditions)); },
          query_by_post))
    return;
  std::vector<twin::Query> everywhere;
  if (call.gathered() != nullptr) {
    auto with_sources = ngsi::parse_query_body(call.body(), *call.context(), call.gathered()->terms());
    if (!with_sources.ok()) return call.fail(with_sources.error());
    everywhere = with_sources->any_of;
    asked->projection = with_sources->projection;
  }
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
  if (has_sources(call)) {
    return answer_everywhere(call, query_by_post, {*reading, tenant, *how, asked->join}, asked->any_of, everywhere);
  }
  answer(call, query_by_post, {*reading, tenant, *how, asked->join}, asked->any_of, asked->ordering);
}

Parameter split_parameter() {
  return query_parameter("splitEntities", "Whether an entity may lie in pieces in several sources",
                         R"({"type":"boolean"})");
}

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

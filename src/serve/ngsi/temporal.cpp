// The past of entities: retrieve and query. ETSI GS CIM 009 clauses 4.5.19, 5.7.3, 5.7.4, 6.3.10 (206), 6.18 - 6.24.
#include <algorithm>

#include "ngsi/aggregation.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/query.hpp"
#include "serve/ngsi/mapped_query.hpp"
#include "serve/ngsi/past_order.hpp"
#include "serve/ngsi/past_scopes.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using base::Instant;
using ngsi::ProblemType;
using thread::AttributeHistory;
using thread::HistoryQuery;
using thread::TimeProperty;

Error unknown_entity(std::string_view id) {
  return {Code::not_found, "there never was an entity with this id", std::string(id), {}};
}

Instant time_of(const twin::Attribute& attribute, TimeProperty property) {
  switch (property) {
    case TimeProperty::observed_at:
      return attribute.observed_at;
    case TimeProperty::created_at:
      return attribute.created_at;
    case TimeProperty::modified_at:
    case TimeProperty::deleted_at:
      return attribute.modified_at;
  }
  return {};
}

// The stretch of time that a cut answer is complete for.
struct Cut {
  bool cut = false;
  Instant first, last;
};

// An entity's past as it will be written; `found` is false if it never existed.
struct Past {
  std::string id;
  std::vector<twin::Term> types;
  std::vector<std::string> scopes;
  Instant created_at, modified_at;
  std::vector<AttributeHistory> attributes;
  std::optional<ngsi::PastAggregates> aggregates;  // given instead of the attributes
  bool found = false;
};

// What of the past is asked for.
struct Asked {
  HistoryQuery history;
  std::optional<ngsi::Aggregation> aggregation;
};

void fill(Past& past, const twin::EntityRecord& record) {
  past.types = record.types();
  past.scopes = record.scopes();
  past.created_at = record.created_at();
  past.modified_at = record.modified_at();
  past.found = true;
}

// Leaves of every attribute only what lies in the stretch for which all of them are complete, and tells that stretch.
void trim(std::vector<Past>& pasts, const HistoryQuery& query, Cut& cut) {
  const bool backwards = query.last_n > 0;
  // As many as were asked for is not a part of them.
  if (backwards && query.last_n <= query.limit) return;
  Instant end = Instant::none();
  for (const Past& past : pasts) {
    for (const AttributeHistory& history : past.attributes) {
      if (!history.more || history.instances.empty()) continue;
      const Instant reached = time_of(history.instances.back(), query.window.property);
      if (!cut.cut || (backwards ? reached > end : reached < end)) end = reached;
      cut.cut = true;
    }
  }
  if (!cut.cut) return;
  cut.last = end;
  for (Past& past : pasts) {
    for (AttributeHistory& history : past.attributes) {
      std::erase_if(history.instances, [&](const twin::Attribute& attribute) {
        const Instant at = time_of(attribute, query.window.property);
        return backwards ? at < end : at > end;
      });
      if (history.instances.empty()) continue;
      const Instant begin = time_of(history.instances.front(), query.window.property);
      if (!cut.first.exists() || (backwards ? begin > cut.first : begin < cut.first)) cut.first = begin;
    }
  }
}

// Aggregated values are never of a part that was not asked for.
Error too_many_instances(size_t limit, const char* parameter) {
  return {Code::too_large,
          "more than " + std::to_string(limit) + " instances of an attribute would have to be looked at", parameter,
          "ask for a shorter time"};
}

// Puts the past into periods. The last N are gathered first, since they are not told in order else.
base::Status aggregate(const thread::Snapshot& snapshot, const Asked& asked, Past& past) {
  past.aggregates.emplace(*asked.aggregation, asked.history.window);
  if (asked.history.last_n == 0) return past.aggregates->read(snapshot, past.id, asked.history);
  const auto attributes = snapshot.history(past.id, asked.history);
  if (!attributes.ok()) return attributes.error();
  if (asked.history.last_n > asked.history.limit) {
    for (const AttributeHistory& history : *attributes) {
      if (history.more) return too_many_instances(asked.history.limit, "lastN");
    }
  }
  return past.aggregates->take(*attributes);
}

// Whether a snapshot has an entity, also one that has ended since: what was stated of it on the snapshot's branch
// tells.
base::Result<bool> is_selected(const Reading& reading, std::string_view id, const twin::EntityRecord& record) {
  if (!reading.selection) return true;
  if (record && !record.ended()) return reading.selection->shows(record);
  const auto number = reading.snapshot.number_of(id);
  if (number && reading.selection->holds(*number)) return true;
  HistoryQuery query;
  query.window.property = TimeProperty::modified_at;
  query.last_n = 1;
  const auto all = reading.snapshot.history(id, query);
  if (!all.ok()) return all.error();
  return std::any_of(all->begin(), all->end(), [&](const AttributeHistory& history) {
    return !history.instances.empty() && history.instances.back().offset > reading.selection->since();
  });
}

// An entity that was made on a snapshot's branch has no past from before, whatever had its id then.
void leave_out_before(const Selection& selection, twin::EntityNumber number, std::vector<AttributeHistory>& histories) {
  if (selection.holds(number)) return;
  for (AttributeHistory& history : histories) {
    std::erase_if(history.instances, [&](const auto& instance) { return instance.offset <= selection.since(); });
  }
  std::erase_if(histories, [](const AttributeHistory& history) { return history.instances.empty(); });
}

base::Result<Past> past_of(const Reading& reading, std::string_view id, const Asked& asked) {
  const thread::Snapshot& snapshot = reading.snapshot;
  Past past;
  past.id = std::string(id);
  if (is_internal_id(id)) return past;
  auto record = snapshot.find(id);
  if (!record.ok()) return record.error();
  const auto selected = is_selected(reading, id, *record);
  if (!selected.ok()) return selected.error();
  if (!*selected) return past;
  if (asked.aggregation) {
    if (const auto status = aggregate(snapshot, asked, past); !status.ok()) return status.error();
  } else {
    auto attributes = snapshot.history(id, asked.history);
    if (!attributes.ok()) return attributes.error();
    past.attributes = std::move(attributes).value();
    const auto number = reading.selection ? snapshot.number_of(id) : std::nullopt;
    if (number) leave_out_before(*reading.selection, *number, past.attributes);
  }
  const auto head = snapshot.head_of_past(id);
  if (!head.ok()) return head.error();
  const bool is_told = past.aggregates ? !past.aggregates->is_empty() : !past.attributes.empty();
  if (is_visible(*record)) {
    fill(past, *record);
    past.found = record->offset() > head->removed_upto || is_told;
  } else if (head->offset > head->removed_upto) {
    past.types = head->types;
    past.scopes = head->scopes;
    past.created_at = head->created_at;
    past.modified_at = head->modified_at;
    past.found = true;
  }
  return past;
}

ngsi::TemporalFormat format_of(const Call& call) {
  if (call.has_option(option_temporal_values)) return ngsi::TemporalFormat::simplified;
  return call.has_option(option_concise) ? ngsi::TemporalFormat::concise : ngsi::TemporalFormat::normalized;
}

base::Status write_past(const Call& call, const Reading& reading, const Past& past, const ngsi::Representation& how,
                        const HistoryQuery& query, const ngsi::Names& names, std::string& to) {
  ngsi::TemporalEntity entity{past.id,         past.types,       past.scopes, past.attributes,
                              past.created_at, past.modified_at, nullptr};
  if (past.aggregates) entity.aggregates = &*past.aggregates;
  if (!past.aggregates && how.projection.keeps_scope && query.window.property != TimeProperty::deleted_at) {
    const auto added = add_past_scopes(reading, past.id, query.window, entity.attributes);
    if (!added.ok()) return added;
  }
  ngsi::append_temporal_entity(entity, format_of(call), how, query.window.property, names, to);
  return {};
}

Response temporal_response(const Call& call, std::string body, const Cut& cut, const HistoryQuery& query) {
  Response response = body_response(call, std::move(body));
  if (cut.cut && cut.first.exists()) {
    response.status = 206;
    const std::string size = query.last_n > 0 ? std::to_string(query.last_n) : "*";
    response.header("Content-Range", "date-time " + cut.first.text() + "-" + cut.last.text() + "/" + size);
  }
  return response;
}

// Of a query that is told by parameters.
base::Result<Asked> asked_of(const Call& call, const TenantState& tenant, bool window_needed) {
  ngsi::TemporalParameters parameters{call.parameter_text("timerel"), call.parameter_text("timeAt"),
                                      call.parameter_text("endTimeAt"), call.parameter_text("timeproperty"),
                                      call.parameter_text("lastN")};
  if (window_needed && !parameters.timerel) {
    return base::fail(Code::invalid, "a temporal query is needed", "timerel", "give timerel and timeAt");
  }
  auto query = ngsi::parse_temporal(parameters);
  if (!query.ok()) return query.error();
  for (const char* name : {"attrs", "pick"}) {
    if (const auto names = call.parameter(name); names && query->attributes.empty()) {
      auto terms = terms_of(*names, call, tenant.thread->terms(), name);
      if (!terms.ok()) return terms.error();
      query->attributes = std::move(terms).value();
    }
  }
  query->limit = call.services().history_limit;
  query->with_recorded_times = call.has_option(option_sys_attrs) || query->window.property != TimeProperty::observed_at;
  Asked asked{std::move(query).value(), {}};
  if (call.has_option(option_aggregated_values)) {
    auto aggregation =
        ngsi::parse_aggregation(call.parameter_text("aggrMethods"), call.parameter_text("aggrPeriodDuration"));
    if (!aggregation.ok()) return aggregation.error();
    asked.aggregation = std::move(aggregation).value();
  }
  return asked;
}

// NGSI-LD: 5.7.3 retrieve the past of an entity
void retrieve_past(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  const auto asked = asked_of(call, tenant, false);
  if (!asked.ok()) return call.fail(asked.error());
  const HistoryQuery& query = asked->history;
  auto how = call.representation(tenant.thread->terms());
  if (!how.ok()) return call.fail(how.error());
  auto past = past_of(*reading, call.entity_id(), *asked);
  if (!past.ok()) return call.fail(past.error());
  if (!past->found) return call.fail(unknown_entity(call.entity_id()));
  const bool is_empty = past->aggregates ? past->aggregates->is_empty() : past->attributes.empty();
  if (call.parameter("attrs") && is_empty) {
    return call.fail({Code::not_found,
                      "the entity has no past of these attributes in this time",
                      std::string(call.entity_id()),
                      {}});
  }
  std::vector<Past> pasts;
  pasts.push_back(std::move(past).value());
  Cut cut;
  trim(pasts, query, cut);
  std::optional<UsedMap> map;
  if (wants_map(call)) {
    auto used = use_map(call, tenant, pasts.front().id);
    if (!used.ok()) return call.fail(used.error());
    map = std::move(*used);
  }
  std::string body;
  const auto written = write_past(call, *reading, pasts.front(), *how, query, *tenant.names_in(call.context()), body);
  if (!written.ok()) return call.fail(written.error());
  Response response = temporal_response(call, std::move(body), cut, query);
  if (const auto warned = warn_of_thinning(call, reading->snapshot, {pasts.front().id}, query, response); !warned.ok())
    return call.fail(warned.error());
  if (map) add_map_header(*map, response);
  call.send(std::move(response));
}

// Whether the past within the window satisfies what the query asks of attributes: any instance will do.
bool past_satisfies(const Past& past, const twin::Matcher& matcher) {
  const twin::Query& query = matcher.query();
  if (!query.condition && !query.geo) return true;
  twin::Entity entity;
  entity.id = past.id;
  entity.types = past.types;
  for (const AttributeHistory& history : past.attributes) {
    for (const twin::Attribute& attribute : history.instances) {
      if (entity.attributes.size() < twin::attributes_max) entity.attributes.push_back(attribute);
    }
  }
  return matcher(twin::EntityRecord::pack(entity, {}));
}

// The page of a temporal query as it is gathered.
struct PastsFound {
  std::vector<Past> pasts;
  uint64_t count = 0;  // of all that were looked at
  bool more = false;
};

// The past of one candidate: nothing if it does not match.
base::Result<std::optional<Past>> matching_past(const Reading& reading, std::string_view id,
                                                const twin::Matcher& matcher, const std::vector<std::string>& scopes,
                                                const Asked& asked) {
  // q and geoQ are about what lies in the window, whichever attributes are given.
  const bool looks_at_all = matcher.query().condition || matcher.query().geo;
  Asked all{asked.history, {}};
  if (looks_at_all) all.history.attributes.clear();
  // That there is one instance is all that needs to be known of a past that is given in periods.
  if (asked.aggregation && !looks_at_all && scopes.empty() && !reading.selection) all.history.limit = 1;
  auto past = past_of(reading, id, all);
  if (!past.ok()) return past.error();
  if (past->found && !scopes.empty()) {
    const auto were = leave_within_scopes(reading, id, past->scopes, scopes, all.history.window, past->attributes);
    if (!were.ok()) return were.error();
    if (!*were) return std::optional<Past>();
  }
  std::erase_if(past->attributes, [](const AttributeHistory& one) { return one.instances.empty(); });
  if (!past->found || past->attributes.empty()) return std::optional<Past>();
  if (!past_satisfies(*past, matcher)) {
    const bool is_part = looks_at_all && std::any_of(past->attributes.begin(), past->attributes.end(),
                                                     [](const AttributeHistory& one) { return one.more; });
    if (asked.aggregation && is_part) return too_many_instances(all.history.limit, "q");
    return std::optional<Past>();
  }
  if (const auto& wanted = asked.history.attributes; !wanted.empty()) {
    std::erase_if(past->attributes, [&](const AttributeHistory& one) {
      return std::find(wanted.begin(), wanted.end(), one.name) == wanted.end();
    });
    if (past->attributes.empty()) return std::optional<Past>();
  }
  return std::optional<Past>(std::move(past).value());
}

// Tells the entities whose past in the window is asked for, one after another, until `take` returns false. Of a map,
// those of the page.
base::Status each_past(const Call& call, const Reading& reading, const twin::Query& query, const Asked& asked,
                       const std::function<bool(Past&)>& take, const EntityMapContent* map = nullptr) {
  twin::Query of_attributes;
  of_attributes.condition = query.condition;
  of_attributes.geo = query.geo;
  const twin::Matcher matcher(std::move(of_attributes));
  const thread::Bounds bounds = call.bounds();
  base::Status failed;
  const auto visit = [&](std::string_view id) {
    if (is_internal_id(id)) return true;
    if (bounds.goes_on && !bounds.goes_on()) {
      failed = base::fail(Code::cancelled, "the query was ended");
      return false;
    }
    auto past = matching_past(reading, id, matcher, query.scopes, asked);
    if (!past.ok()) {
      failed = past.error();
      return false;
    }
    return !*past || take(**past);
  };
  if (map == nullptr) {
    auto status = reading.snapshot.each_ever(query, visit, bounds);
    return status.ok() ? failed : status;
  }
  const size_t begin = std::min(call.page().offset, map->entries.size());
  const size_t end = std::min(begin + call.page().limit, map->entries.size());
  for (size_t at = begin; at < end && visit(map->entries[at].id); ++at) continue;
  return failed;
}

// A page of them: of those in a map, or in the order of their first creation.
base::Result<PastsFound> pasts_of(const Call& call, const Reading& reading, const twin::Query& query,
                                  const Asked& asked, const EntityMapContent* map) {
  const thread::Page& page = call.page();
  PastsFound found;
  size_t periods = 0;
  base::Status failed;
  const auto take = [&](Past& past) {
    if (map == nullptr && found.count++ < page.offset) return true;
    if (found.pasts.size() >= page.limit) {
      found.more = true;
      return page.count;
    }
    if (asked.aggregation) {
      past.attributes.clear();
      failed = aggregate(reading.snapshot, asked, past);
      if (!failed.ok()) return false;
      periods += past.aggregates->period_count();
    }
    if (periods > ngsi::PastAggregates::periods_max) {
      failed = base::fail(Code::too_large, "the page has too many periods", "limit",
                          "ask for fewer entities, longer periods or a shorter time");
      return false;
    }
    found.pasts.push_back(std::move(past));
    return true;
  };
  if (const auto status = each_past(call, reading, query, asked, take, map); !status.ok()) {
    return status.error();
  }
  if (map != nullptr) {
    found.count = map->entries.size();
    found.more = page.limit > 0 && page.offset + page.limit < map->entries.size();
  }
  if (!failed.ok()) return failed.error();
  return found;
}

// What the page is taken from: an entity map, or all matches in the order that is asked for; nothing: neither.
base::Result<std::optional<UsedMap>> map_of(const Call& call, const Reading& reading, const twin::Query& query,
                                            const Asked& asked, const ngsi::OrderParameters& ordering) {
  const TenantState& tenant = call.services().state_of(*reading.thread);
  auto order = parse_past_order(ordering, *call.context(), tenant.thread->terms());
  if (!order.ok()) return order.error();
  const EachMatch each = [&](const auto& take) { return each_past_id(call, reading, query, asked.history, take); };
  const EachMatch ordered = [&](const auto& take) -> base::Status {
    return order->has_value() ? each_ordered(**order, each, call.services().union_entities_max, take) : each(take);
  };
  if (wants_map(call)) {
    auto used = use_map(call, tenant, ordered);
    if (!used.ok()) return used.error();
    return std::optional(std::move(*used));
  }
  if (!order->has_value()) return std::optional<UsedMap>();
  auto content = std::make_shared<EntityMapContent>();
  const auto told = ordered([&](std::string_view id) {
    content->entries.push_back({std::string(id), {}});
    return true;
  });
  if (!told.ok()) return told.error();
  return std::optional(UsedMap{{{}, {}, std::move(content)}, false});
}

void answer_pasts(Call& call, const Reading& reading, const twin::Query& query, const Asked& asked,
                  const ngsi::Representation& how, const ngsi::OrderParameters& ordering) {
  const TenantState& tenant = call.services().state_of(*reading.thread);
  const HistoryQuery& history = asked.history;
  const auto map = map_of(call, reading, query, asked, ordering);
  if (!map.ok()) return call.fail_read(map.error());
  auto found = pasts_of(call, reading, query, asked, map->has_value() ? (*map)->map.content.get() : nullptr);
  if (!found.ok()) return call.fail_read(found.error());
  Cut cut;
  trim(found->pasts, history, cut);
  const auto names = tenant.names_in(call.context());
  std::string body = "[";
  for (const Past& past : found->pasts) {
    if (body.size() > 1) body += ',';
    const auto written = write_past(call, reading, past, how, history, *names, body);
    if (!written.ok()) return call.fail(written.error());
  }
  body += ']';
  Response response = temporal_response(call, std::move(body), cut, history);
  std::vector<std::string> told;
  for (const Past& past : found->pasts) told.push_back(past.id);
  if (const auto warned = warn_of_thinning(call, reading.snapshot, told, history, response); !warned.ok())
    return call.fail(warned.error());
  if (map->has_value() && wants_map(call)) {
    if ((*map)->is_new && response.status == 200) response.status = 201;
    add_map_header(**map, response);
  }
  add_page_headers(call, found->more, found->count, response);
  call.send(std::move(response));
}

// NGSI-LD: 5.7.4 query the past of entities
void query_pasts(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  const auto asked = asked_of(call, tenant, true);
  if (!asked.ok()) return call.fail(asked.error());
  const auto query = query_of(call, *reading, tenant);
  if (!query.ok()) return call.fail(query.error());
  const auto how = call.representation(tenant.thread->terms());
  if (!how.ok()) return call.fail(how.error());
  answer_pasts(call, *reading, *query, *asked, *how, ordering_of(call));
}

// Of a query that is told by its body.
base::Result<Asked> asked_in_body(const Call& call, const ngsi::Body& body, const ngsi::Projection& projection) {
  auto history = ngsi::parse_temporal_body(body);
  if (!history.ok()) return history.error();
  history->attributes = projection.pick;
  history->limit = call.services().history_limit;
  history->with_recorded_times =
      call.has_option(option_sys_attrs) || history->window.property != TimeProperty::observed_at;
  Asked asked{std::move(history).value(), {}};
  if (call.has_option(option_aggregated_values) || has_aggregation(call.request().body())) {
    auto aggregation = ngsi::parse_aggregation_body(body);
    if (!aggregation.ok()) return aggregation.error();
    asked.aggregation = std::move(aggregation).value();
  }
  return asked;
}

// NGSI-LD: 5.7.4 query the past of entities by POST
void query_pasts_by_post(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  auto asked = ngsi::parse_query_body(call.body(), *call.context(), tenant.thread->terms());
  if (!asked.ok()) return call.fail(asked.error());
  if (!asked->has_temporal) return call.fail({Code::invalid, "a temporal query is needed", "temporalQ", {}});
  if (asked->any_of.size() != 1) {
    return call.fail(
        ProblemType::operation_not_supported,
        {Code::unsupported, "several selectors with ids of their own are not supported here yet", "entities", {}});
  }
  if (const auto linked = ngsi::check_links(asked->any_of.front(), {}); !linked.ok()) return call.fail(linked.error());
  auto past = asked_in_body(call, call.body(), asked->projection);
  if (!past.ok()) return call.fail(past.error());
  auto how = call.representation(tenant.thread->terms());
  if (!how.ok()) return call.fail(how.error());
  how->projection = asked->projection;
  if (!asked->language.empty()) how->language = asked->language;
  answer_pasts(call, *reading, asked->any_of.front(), *past, *how, asked->ordering);
}

}  // namespace

base::Status each_past_id(const Call& call, const Reading& reading, const twin::Query& query, HistoryQuery history,
                          const std::function<bool(std::string_view id)>& visit) {
  history.limit = query.condition || query.geo ? call.services().history_limit : 1;
  return each_past(call, reading, query, {std::move(history), {}}, [&](const Past& past) { return visit(past.id); });
}

base::Result<HistoryQuery> past_window(const Call& call, const TenantState& tenant) {
  auto asked = asked_of(call, tenant, true);
  if (!asked.ok()) return asked.error();
  return std::move(asked->history);
}

base::Result<HistoryQuery> past_window(const Call& call, const ngsi::Body& body, const ngsi::QueryBody& query) {
  if (!query.has_temporal) return base::fail(Code::invalid, "a temporal query is needed", "temporalQ");
  auto asked = asked_in_body(call, body, query.projection);
  if (!asked.ok()) return asked.error();
  return std::move(asked->history);
}

namespace {

Route route_of(Method method, const char* path, trust::Action action, const char* operation_id, const char* summary,
               std::vector<Parameter> parameters = {}) {
  return {method,
          path,
          action,
          operation_id,
          {},
          summary,
          {},
          std::move(parameters),
          {},
          {{200, "The past", {{"application/json", {}}, {"application/ld+json", {}}}},
           {206, "A part of it, by Content-Range", {{"application/json", {}}, {"application/ld+json", {}}}}}};
}

}  // namespace

void add_temporal_operations(Router& router, Services& services) {
  Form one;
  one.answers = json_answers;
  one.options =
      option_normalized | option_concise | option_sys_attrs | option_temporal_values | option_aggregated_values;
  one.long_work = true;
  std::vector<Parameter> parameters = temporal_parameters();
  for (const Parameter& parameter : representation_parameters()) parameters.push_back(parameter);
  std::vector<Parameter> of_one = parameters;
  of_one.push_back(query_parameter("attrs", "Attributes that are given"));
  for (const Parameter& parameter : map_parameters()) of_one.push_back(parameter);
  add_operation(router, services,
                route_of(Method::get, "/temporal/entities/{entityId}", trust::Action::read, "retrieveTemporal",
                         "The past of an entity", of_one),
                one, retrieve_past);
  Form many = one;
  many.paged = true;
  for (const Parameter& parameter : selection_parameters()) parameters.push_back(parameter);
  for (const Parameter& parameter : ordering_parameters()) parameters.push_back(parameter);
  for (const Parameter& parameter : map_parameters()) parameters.push_back(parameter);
  add_operation(router, services,
                route_of(Method::get, "/temporal/entities", trust::Action::read, "queryTemporal",
                         "The past of entities", parameters),
                many, query_pasts);
  Form post = many;
  post.body = Form::Body::object;
  add_operation(router, services,
                route_of(Method::post, "/temporal/entityOperations/query", trust::Action::read, "temporalQueryBatch",
                         "The past of entities, by POST", map_parameters()),
                post, query_pasts_by_post);
}

}  // namespace cityloom::serve::ngsi_ld

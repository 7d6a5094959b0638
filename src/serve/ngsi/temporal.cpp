// The past of entities: retrieve and query. ETSI GS CIM 009 clauses 4.5.19, 5.7.3, 5.7.4, 6.3.10 (206), 6.18 - 6.24.
#include <algorithm>
#include <set>

#include "ngsi/parse.hpp"
#include "ngsi/query.hpp"
#include "serve/ngsi/mapped_query.hpp"
#include "serve/ngsi/past_order.hpp"
#include "serve/ngsi/past_scopes.hpp"
#include "serve/ngsi/pasts.hpp"
#include "serve/ngsi/routes.hpp"
#include "serve/ngsi/text.hpp"

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

ngsi::TemporalFormat format_of(const Call& call) {
  if (call.has_option(option_temporal_values)) return ngsi::TemporalFormat::simplified;
  return call.has_option(option_concise) ? ngsi::TemporalFormat::concise : ngsi::TemporalFormat::normalized;
}

base::Result<bool> write_past(const Call& call, const Reading& reading, const Past& past,
                              const ngsi::Representation& how, const HistoryQuery& query, const ngsi::Names& names,
                              std::string& to) {
  ngsi::TemporalEntity entity{past.id,         past.types,       past.scopes, past.attributes,
                              past.created_at, past.modified_at, nullptr};
  if (past.aggregates) entity.aggregates = &*past.aggregates;
  if (!past.aggregates && !past.has_scopes && how.projection.keeps_scope) {
    const auto added = add_past_scopes(reading, past.id, query.window, entity.attributes);
    if (!added.ok()) return added.error();
  }
  if (call.gathered() == nullptr)
    return ngsi::append_temporal_entity(entity, format_of(call), how, query.window.property, names, to);
  const ngsi::ForeignInstances& foreign = call.gathered()->instances();
  return ngsi::append_temporal_entity(entity, format_of(call), how, query.window.property, names, foreign, to);
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
base::Result<AskedPast> asked_of(const Call& call, const TenantState& tenant, bool window_needed) {
  ngsi::TemporalParameters parameters{call.parameter_text("timerel"), call.parameter_text("timeAt"),
                                      call.parameter_text("endTimeAt"), call.parameter_text("timeproperty"),
                                      call.parameter_text("lastN")};
  if (window_needed && !parameters.timerel) {
    return base::fail(Code::invalid, "a temporal query is needed", "timerel", "give timerel and timeAt");
  }
  auto query = ngsi::parse_temporal(parameters);
  if (!query.ok()) return query.error();
  if (const auto names = call.parameter("attrs")) {
    auto terms = terms_of(*names, call, terms_for(call, tenant), "attrs");
    if (!terms.ok()) return terms.error();
    query->attributes = std::move(terms).value();
  }
  query->limit = call.services().history_limit;
  query->with_recorded_times = call.has_option(option_sys_attrs) || query->window.property != TimeProperty::observed_at;
  AskedPast asked{std::move(query).value(), {}};
  if (call.has_option(option_aggregated_values)) {
    auto aggregation =
        ngsi::parse_aggregation(call.parameter_text("aggrMethods"), call.parameter_text("aggrPeriodDuration"));
    if (!aggregation.ok()) return aggregation.error();
    asked.aggregation = std::move(aggregation).value();
  }
  return asked;
}

// What is asked of sources, of the past; of a query by the map that it uses, if it does.
base::Result<Gather> of_the_past(const Call& call, const TenantState& tenant, base::Result<Gather> gather,
                                 const HistoryQuery& history) {
  if (!gather.ok()) return gather;
  gather->ask_of_past(history);
  if (!gather->one) ask_by_map(call, tenant, *gather);
  return gather;
}

// NGSI-LD: 5.7.3 retrieve the past of an entity
void retrieve_past(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  auto asked = asked_of(call, tenant, false);
  if (!asked.ok()) return call.fail(asked.error());
  const HistoryQuery& query = asked->history;
  if (gather(
          call, tenant, [&] { return of_the_past(call, tenant, gather_of(call, true), query); }, retrieve_past))
    return;
  auto how = call.representation(terms_for(call, tenant));
  if (!how.ok()) return call.fail(how.error());
  asked->pick(how->projection);
  auto past = past_everywhere(call, *reading, call.entity_id(), *asked);
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
  std::string body;
  const auto written = write_past(call, *reading, pasts.front(), *how, query, *names_for(call, tenant), body);
  if (!written.ok()) return call.fail(written.error());
  if (!*written) return call.fail(nothing_left(call.entity_id()));
  std::optional<UsedMap> map;
  if (wants_map(call)) {
    auto used = use_map(call, *reading, pasts.front().id);
    if (!used.ok()) return call.fail(used.error());
    map = std::move(*used);
  }
  Response response = temporal_response(call, std::move(body), cut, query);
  if (const auto warned = warn_of_thinning(call, reading->snapshot, {pasts.front().id}, query, response); !warned.ok())
    return call.fail(warned.error());
  if (map) add_map_header(*map, response);
  call.send(std::move(response));
}

// The page of a temporal query as it is gathered.
struct PastsFound {
  std::vector<Past> pasts;
  uint64_t count = 0;  // of all that were looked at
  bool more = false;
};

// Conditions on attributes, which are about what lies in the window.
twin::Matcher matcher_of(const twin::Query& query) {
  twin::Query of_attributes;
  of_attributes.condition = query.condition;
  of_attributes.geo = query.geo;
  return twin::Matcher(std::move(of_attributes));
}

// Tells the entities kept here whose past in the window is asked for, one after another, until `take` returns false.
base::Status each_past(const Call& call, const Reading& reading, const twin::Query& query, const AskedPast& asked,
                       const std::function<bool(Past&)>& take) {
  const twin::Matcher matcher = matcher_of(query);
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
  auto status = reading.snapshot.each_ever(query, visit, bounds);
  return status.ok() ? failed : status;
}

bool is_told(const Call& call, std::string_view id) {
  return call.gathered() != nullptr && call.gathered()->tells_of(id);
}

// Fills a page, one entity after another.
class PastPage {
 public:
  PastPage(const Call& call, const Reading& reading, const AskedPast& asked, const twin::Query& query)
      : call_(call),
        reading_(reading),
        asked_(asked),
        scopes_(query.scopes),
        matcher_(matcher_of(query)),
        is_judged_here_(call.flag("splitEntities")) {}

  // Takes the next entity, `known` as far as it is kept here; false: nothing more is to be known.
  bool take(std::string_view id, Past* known) {
    std::optional<Past> judged;
    if (is_judged_here_ && is_told(call_, id)) {
      auto whole = matching_past_everywhere(call_, reading_, id, matcher_, scopes_, asked_);
      if (!whole.ok()) return fail(whole.error());
      if (!*whole) return true;
      judged.emplace(std::move(**whole));
    }
    const thread::Page& page = call_.page();
    if (found.count++ < page.offset) return true;
    if (found.pasts.size() >= page.limit) {
      found.more = true;
      return page.count;
    }
    return add(judged ? base::Result<Past>(std::move(*judged)) : whole_of(id, known));
  }

  // Takes the entities of a map's page, each in its place.
  bool take_mapped(std::string_view id) {
    if (is_judged_here_ && is_told(call_, id))
      return add(matching_past_everywhere(call_, reading_, id, matcher_, scopes_, asked_));
    auto here = matching_past(reading_, id, matcher_, scopes_, asked_);
    if (!here.ok()) return fail(here.error());
    if (!*here && !is_told(call_, id)) return true;
    return add(whole_of(id, *here ? &**here : nullptr));
  }

  PastsFound found;
  base::Status failed;

 private:
  // What is kept here, with what sources tell of it.
  base::Result<Past> whole_of(std::string_view id, Past* known) {
    if (known == nullptr || is_told(call_, id)) return past_everywhere(call_, reading_, id, asked_, scopes_);
    Past past = std::move(*known);
    if (!asked_.aggregation) return past;
    past.attributes.clear();
    if (const auto status = aggregate(reading_.snapshot, asked_, past); !status.ok()) return status.error();
    return past;
  }

  bool add(base::Result<std::optional<Past>> past) {
    if (!past.ok()) return fail(past.error());
    return !*past || add(base::Result<Past>(std::move(**past)));
  }

  bool add(base::Result<Past> past) {
    if (!past.ok()) return fail(past.error());
    if (past->aggregates) periods_ += past->aggregates->period_count();
    if (periods_ > ngsi::PastAggregates::periods_max) {
      return fail(base::fail(Code::too_large, "the page has too many periods", "limit",
                             "ask for fewer entities, longer periods or a shorter time"));
    }
    found.pasts.push_back(std::move(past).value());
    return true;
  }

  bool fail(Error error) {
    failed = std::move(error);
    return false;
  }

  const Call& call_;
  const Reading& reading_;
  const AskedPast& asked_;
  const std::vector<std::string>& scopes_;
  const twin::Matcher matcher_;
  const bool is_judged_here_;
  size_t periods_ = 0;
};

// What sources tell of besides what is kept here, source by source.
void add_from_sources(const Call& call, std::set<std::string, std::less<>> seen, PastPage& page) {
  bool goes_on = true, more = false;
  for (const Gathered::FromSource& source : call.gathered()->sources()) {
    // Past one that has more to give, what the next one has comes later.
    for (const std::string& id : source.ids) {
      if (!goes_on || (more && !call.page().count)) break;
      if (seen.insert(id).second) goes_on = page.take(id, nullptr);
    }
    if (source.complete) continue;
    more = true;
    page.found.count += source.count - std::min<uint64_t>(source.count, source.ids.size());
  }
  page.found.more = page.found.more || (more && !page.found.pasts.empty());
}

// A page of them, in the order of their first creation, then what only sources have.
base::Result<PastsFound> pasts_of(const Call& call, const Reading& reading, const twin::Query& query,
                                  const AskedPast& asked) {
  PastPage page(call, reading, asked, query);
  std::set<std::string, std::less<>> seen;
  bool goes_on = true;
  const auto take = [&](Past& past) {
    const std::string id = past.id;
    if (is_told(call, id)) seen.insert(id);
    return goes_on = page.take(id, &past);
  };
  if (const auto status = each_past(call, reading, query, asked, take); !status.ok()) return status.error();
  if (call.gathered() != nullptr && goes_on) add_from_sources(call, std::move(seen), page);
  if (!page.failed.ok()) return page.failed.error();
  return std::move(page.found);
}

// The page of a map.
base::Result<PastsFound> pasts_of(const Call& call, const Reading& reading, const twin::Query& query,
                                  const AskedPast& asked, const EntityMapContent& map) {
  PastPage page(call, reading, asked, query);
  const thread::Page& asked_page = call.page();
  const thread::Bounds bounds = call.bounds();
  const size_t begin = std::min(asked_page.offset, map.entries.size());
  const size_t end = std::min(begin + asked_page.limit, map.entries.size());
  for (size_t at = begin; at < end && page.take_mapped(map.entries[at].id); ++at) {
    if (bounds.goes_on && !bounds.goes_on()) return base::fail(Code::cancelled, "the query was ended");
  }
  if (!page.failed.ok()) return page.failed.error();
  page.found.count = map.entries.size();
  page.found.more = asked_page.limit > 0 && end < map.entries.size();
  return std::move(page.found);
}

// What the page is taken from: an entity map, or all matches in the order that is asked for; nothing: neither.
base::Result<std::optional<UsedMap>> map_of(const Call& call, const Reading& reading, const twin::Query& query,
                                            const AskedPast& asked, const ngsi::OrderParameters& ordering) {
  const TenantState& tenant = call.services().state_of(*reading.thread);
  auto order = parse_past_order(ordering, *call.context(), tenant.thread->terms());
  if (!order.ok()) return order.error();
  const EachMatch each = [&](const auto& take) { return each_past_id(call, reading, query, asked.history, take); };
  const EachMatch ordered = [&](const auto& take) -> base::Status {
    return order->has_value() ? each_ordered(**order, each, call.services().union_entities_max, take) : each(take);
  };
  if (wants_map(call)) {
    auto used = use_map(call, reading, ordered);
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

void answer_pasts(Call& call, const Reading& reading, const twin::Query& query, const AskedPast& asked,
                  const ngsi::Representation& how, const ngsi::OrderParameters& ordering) {
  const TenantState& tenant = call.services().state_of(*reading.thread);
  const HistoryQuery& history = asked.history;
  const auto map = map_of(call, reading, query, asked, ordering);
  if (!map.ok()) return call.fail_read(map.error());
  auto found = map->has_value() ? pasts_of(call, reading, query, asked, *(*map)->map.content)
                                : pasts_of(call, reading, query, asked);
  if (!found.ok()) return call.fail_read(found.error());
  Cut cut;
  trim(found->pasts, history, cut);
  const auto names = names_for(call, tenant);
  std::string body = "[";
  for (const Past& past : found->pasts) {
    const size_t before = body.size();
    if (before > 1) body += ',';
    const auto written = write_past(call, reading, past, how, history, *names, body);
    if (!written.ok()) return call.fail(written.error());
    if (!*written) body.resize(before);
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
  auto asked = asked_of(call, tenant, true);
  if (!asked.ok()) return call.fail(asked.error());
  const auto query = query_of(call, *reading, tenant);
  if (!query.ok()) return call.fail(query.error());
  if (gather(
          call, tenant, [&] { return of_the_past(call, tenant, gather_of(call, false), asked->history); }, query_pasts))
    return;
  const auto how = call.representation(terms_for(call, tenant));
  if (!how.ok()) return call.fail(how.error());
  asked->pick(how->projection);
  answer_pasts(call, *reading, *query, *asked, *how, ordering_of(call));
}

// Of a query that is told by its body.
base::Result<AskedPast> asked_in_body(const Call& call, const ngsi::Body& body, const ngsi::QueryBody& query) {
  auto history = ngsi::parse_temporal_body(body);
  if (!history.ok()) return history.error();
  if (!query.any_of.empty()) history->attributes = query.any_of.front().attributes;
  history->limit = call.services().history_limit;
  history->with_recorded_times =
      call.has_option(option_sys_attrs) || history->window.property != TimeProperty::observed_at;
  AskedPast asked{std::move(history).value(), {}};
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
  auto asked = ngsi::parse_query_body(call.body(), *call.context(), terms_for(call, tenant));
  if (!asked.ok()) return call.fail(asked.error());
  if (!asked->has_temporal) return call.fail({Code::invalid, "a temporal query is needed", "temporalQ", {}});
  if (asked->any_of.size() != 1) {
    return call.fail(
        ProblemType::operation_not_supported,
        {Code::unsupported, "several selectors with ids of their own are not supported here yet", "entities", {}});
  }
  if (const auto linked = ngsi::check_links(asked->any_of.front(), {}); !linked.ok()) return call.fail(linked.error());
  auto past = asked_in_body(call, call.body(), *asked);
  if (!past.ok()) return call.fail(past.error());
  if (gather(
          call, tenant,
          [&] { return of_the_past(call, tenant, gather_of_body(call, call.body(), *asked), past->history); },
          query_pasts_by_post))
    return;
  auto how = call.representation(terms_for(call, tenant));
  if (!how.ok()) return call.fail(how.error());
  how->projection = asked->projection;
  past->pick(how->projection);
  if (!asked->language.empty()) how->language = asked->language;
  answer_pasts(call, *reading, asked->any_of.front(), *past, *how, asked->ordering);
}

}  // namespace

base::Status each_past_id(const Call& call, const Reading& reading, const twin::Query& query, HistoryQuery history,
                          const std::function<bool(std::string_view id)>& visit) {
  AskedPast asked{std::move(history), {}};
  asked.history.limit = query.condition || query.geo ? call.services().history_limit : 1;
  const bool is_judged_here = call.flag("splitEntities");
  const twin::Matcher matcher = matcher_of(query);
  std::set<std::string, std::less<>> seen;
  base::Status failed;
  bool goes_on = true;
  const auto take = [&](std::string_view id) {
    if (!is_told(call, id)) return goes_on = visit(id);
    if (!seen.emplace(id).second) return true;
    if (!is_judged_here) return goes_on = visit(id);
    const auto past = matching_past_everywhere(call, reading, id, matcher, query.scopes, asked);
    if (!past.ok()) failed = past.error();
    return goes_on = past.ok() && (!*past || visit(id));
  };
  auto told = each_past(call, reading, query, asked, [&](const Past& past) { return take(past.id); });
  if (!told.ok() || call.gathered() == nullptr) return told;
  for (const Gathered::FromSource& source : call.gathered()->sources()) {
    for (size_t i = 0; goes_on && i < source.ids.size(); ++i) (void)take(source.ids[i]);
  }
  return failed;
}

base::Result<HistoryQuery> past_window(const Call& call, const TenantState& tenant) {
  auto asked = asked_of(call, tenant, true);
  if (!asked.ok()) return asked.error();
  return std::move(asked->history);
}

base::Result<HistoryQuery> past_window(const Call& call, const ngsi::Body& body, const ngsi::QueryBody& query) {
  if (!query.has_temporal) return base::fail(Code::invalid, "a temporal query is needed", "temporalQ");
  auto asked = asked_in_body(call, body, query);
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
  parameters.push_back(split_parameter());
  add_operation(router, services,
                route_of(Method::get, "/temporal/entities", trust::Action::read, "queryTemporal",
                         "The past of entities", parameters),
                many, query_pasts);
  Form post = many;
  post.body = Form::Body::object;
  std::vector<Parameter> by_post = map_parameters();
  by_post.push_back(split_parameter());
  add_operation(router, services,
                route_of(Method::post, "/temporal/entityOperations/query", trust::Action::read, "temporalQueryBatch",
                         "The past of entities, by POST", std::move(by_post)),
                post, query_pasts_by_post);
}

}  // namespace cityloom::serve::ngsi_ld

// Entity maps made, looked at, changed and ended. ETSI GS CIM 009 V1.9.1 clauses 5.14, 6.32, 6.34, 6.35.
#include <simdjson.h>

#include "ngsi/parse.hpp"
#include "serve/ngsi/linked_lookup.hpp"
#include "serve/ngsi/mapped_query.hpp"
#include "serve/ngsi/past_order.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using simdjson::SUCCESS;

Error unknown_map(std::string_view id) {
  return {Code::not_found, "there is no entity map with this id", std::string(id), {}};
}

Response map_response(const Call& call, const EntityMap& map) {
  return body_response(call,
                       entity_map_json(map, call.answer() == Media::ld_json ? call.context()->json() : std::string()));
}

// All that match are asked of sources; of the past where it is asked for.
base::Result<Gather> for_map(base::Result<Gather> gather, std::optional<thread::HistoryQuery> past = {}) {
  if (!gather.ok()) return gather;
  gather->for_map = true;
  if (past) gather->ask_of_past(*past);
  return gather;
}

// Whether a map is not made yet because sources were asked for linked entities.
bool waits(Call& call, const TenantState& tenant, const base::Result<UsedMap>& made, const LinkedLookup& lookup,
           void (*run)(Call)) {
  const bool may_wait = !made.ok() && made.error().code == Code::busy;
  return may_wait && gather_linked(call, tenant, lookup.unasked(), run);
}

void answer_made(Call& call, const base::Result<UsedMap>& made) {
  if (!made.ok()) return call.fail_read(made.error());
  Response response = map_response(call, made->map);
  response.status = 201;
  add_map_header(*made, response);
  call.send(std::move(response));
}

// NGSI-LD: 5.14.4 create an entity map
void create_map(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  LinkedLookup lookup(call, *reading, tenant);
  auto query = query_of(call, *reading, tenant, &lookup);
  if (!query.ok()) return call.fail(query.error());
  if (gather(
          call, tenant, [&] { return for_map(gather_of(call, false)); }, create_map))
    return;
  const std::vector<twin::Query> any_of = {std::move(*query)};
  const auto ordering = ordering_of(call);
  const auto made = make_map(call, *reading, each_match(call, *reading, tenant, any_of, any_of, ordering, lookup));
  if (waits(call, tenant, made, lookup, create_map)) return;
  answer_made(call, made);
}

// NGSI-LD: 5.14.4 create an entity map by POST
void create_map_by_post(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  LinkedLookup lookup(call, *reading, tenant);
  const auto asked = query_in_body(call, *reading, tenant, lookup);
  if (!asked.ok()) return call.fail(asked.error());
  if (gather(
          call, tenant, [&] { return for_map(gather_of_body(call, call.body(), *asked)); }, create_map_by_post))
    return;
  const auto each = each_match(call, *reading, tenant, asked->any_of, asked->any_of, asked->ordering, lookup);
  const auto made = make_map(call, *reading, each);
  if (waits(call, tenant, made, lookup, create_map_by_post)) return;
  answer_made(call, made);
}

// Makes a map of those whose past in the window is asked for.
void answer_past(Call& call, const Reading& reading, const twin::Query& query, const thread::HistoryQuery& window,
                 const ngsi::OrderParameters& ordering) {
  const TenantState& tenant = call.services().state_of(*reading.thread);
  const auto order = parse_past_order(ordering, *call.context(), tenant.thread->terms());
  if (!order.ok()) return call.fail(order.error());
  const EachMatch each = [&](const auto& take) { return each_past_id(call, reading, query, window, take); };
  const size_t most = call.services().union_entities_max;
  const EachMatch ordered = [&](const auto& take) {
    return order->has_value() ? each_ordered(**order, each, most, take) : each(take);
  };
  answer_made(call, make_map(call, reading, ordered));
}

// NGSI-LD: 5.14.5 create an entity map of the past
void create_past_map(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  const auto window = past_window(call, tenant);
  if (!window.ok()) return call.fail(window.error());
  const auto query = query_of(call, *reading, tenant);
  if (!query.ok()) return call.fail(query.error());
  if (gather(
          call, tenant, [&] { return for_map(gather_of(call, false), *window); }, create_past_map))
    return;
  answer_past(call, *reading, *query, *window, ordering_of(call));
}

// NGSI-LD: 5.14.5 create an entity map of the past by POST
void create_past_map_by_post(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const TenantState& tenant = call.services().state_of(*reading->thread);
  const auto asked = ngsi::parse_query_body(call.body(), *call.context(), terms_for(call, tenant));
  if (!asked.ok()) return call.fail(asked.error());
  const auto window = past_window(call, call.body(), *asked);
  if (!window.ok()) return call.fail(window.error());
  if (asked->any_of.size() != 1) {
    return call.fail(
        ngsi::ProblemType::operation_not_supported,
        {Code::unsupported, "several selectors with ids of their own are not supported here yet", "entities", {}});
  }
  if (const auto linked = ngsi::check_links(asked->any_of.front(), {}); !linked.ok()) return call.fail(linked.error());
  if (gather(
          call, tenant, [&] { return for_map(gather_of_body(call, call.body(), *asked), *window); },
          create_past_map_by_post))
    return;
  answer_past(call, *reading, asked->any_of.front(), *window, asked->ordering);
}

// The map that the path names. Answers itself where there is none.
std::optional<EntityMap> map_in_path(Call& call, EntityMaps*& maps) {
  const auto reading = call.reading();
  if (!reading) return {};
  maps = call.services().state_of(*reading->thread).entity_maps.get();
  const std::string_view id = call.request().path_value("entityMapId");
  auto map = maps->find(id);
  if (!map) call.fail(unknown_map(id));
  return map;
}

// NGSI-LD: 5.14.1 retrieve an entity map
void retrieve_map(Call call) {
  EntityMaps* maps = nullptr;
  const auto map = map_in_path(call, maps);
  if (map) call.send(map_response(call, *map));
}

// What a fragment of a map says of its time. Members that the server tells are left aside.
base::Result<std::optional<base::Instant>> expiry_in(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object fragment;
  std::optional<base::Instant> expires_at;
  if (parser.parse(body.data(), body.size()).get(fragment) != SUCCESS) return expires_at;
  for (const auto& [name, value] : fragment) {
    if (name == "id" || name == "type" || name == "entityMap" || name == "linkedMaps" || name == "@context") continue;
    if (name != "expiresAt") {
      return base::fail(Code::invalid, "an EntityMap has no such member", std::string(name), "check its spelling");
    }
    std::string_view text;
    const auto instant = value.get(text) == SUCCESS ? base::Instant::parse(text) : base::Instant::parse("");
    if (!instant.ok()) return base::fail(Code::invalid, "must be a date-time", "expiresAt");
    expires_at = *instant;
  }
  return expires_at;
}

// NGSI-LD: 5.14.2 update an entity map
void update_map(Call call) {
  EntityMaps* maps = nullptr;
  const auto map = map_in_path(call, maps);
  if (!map) return;
  const auto expires_at = expiry_in(call.request().body());
  if (!expires_at.ok()) return call.fail(expires_at.error());
  if (*expires_at) {
    // What is to have ended by now has ended.
    if (**expires_at <= call.services().clock.now()) {
      maps->erase(map->id);
    } else if (const auto set = maps->set_expiry(map->id, **expires_at); !set.ok()) {
      return call.fail(set.error());
    }
  }
  call.send(Response::empty());
}

// NGSI-LD: 5.14.3 delete an entity map
void delete_map(Call call) {
  EntityMaps* maps = nullptr;
  const auto map = map_in_path(call, maps);
  if (!map) return;
  if (!maps->erase(map->id)) return call.fail(unknown_map(map->id));
  call.send(Response::empty());
}

Route route_of(Method method, const char* path, const char* operation_id, const char* summary, int status,
               std::vector<Parameter> parameters = {}) {
  // A map is no part of the record: who may read may make one.
  return {method,  path, trust::Action::read,   operation_id, {},
          summary, {},   std::move(parameters), {},           {{status, "Done", {}}}};
}

std::vector<Parameter> all_of(std::initializer_list<std::vector<Parameter>> groups) {
  std::vector<Parameter> all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace

void add_entity_map_operations(Router& router, Services& services) {
  Form make;
  make.answers = json_answers;
  make.long_work = true;
  // What only matters to answers with entities is taken and left aside.
  make.options = option_reads;
  make.paged = true;
  Form post = make;
  post.body = Form::Body::object;
  const auto selection = all_of({selection_parameters(),
                                 representation_parameters(),
                                 ordering_parameters(),
                                 join_parameters(),
                                 map_parameters(),
                                 {split_parameter()}});
  add_operation(router, services,
                route_of(Method::get, "/entityMaps", "createEntityMapQuery", "Make an entity map", 201, selection),
                make, create_map);
  add_operation(router, services,
                route_of(Method::post, "/entityMaps", "createEntityMapBatch", "Make an entity map by POST", 201,
                         all_of({map_parameters(), {split_parameter()}})),
                post, create_map_by_post);
  Form past = make;
  past.options = option_reads | option_temporal_values | option_aggregated_values;
  Form past_post = past;
  past_post.body = Form::Body::object;
  add_operation(
      router, services,
      route_of(Method::get, "/temporal/entityMaps", "createEntityMapTemporal", "Make an entity map of the past", 201,
               all_of({temporal_parameters(),
                       selection_parameters(),
                       representation_parameters(),
                       ordering_parameters(),
                       map_parameters(),
                       {split_parameter()}})),
      past, create_past_map);
  add_operation(
      router, services,
      route_of(Method::post, "/temporal/entityMaps", "createEntityMapTemporalBatch",
               "Make an entity map of the past by POST", 201, all_of({map_parameters(), {split_parameter()}})),
      past_post, create_past_map_by_post);
  Form read;
  read.answers = json_answers;
  add_operation(router, services,
                route_of(Method::get, "/entityMaps/{entityMapId}", "retrieveEntityMap", "An entity map", 200), read,
                retrieve_map);
  Form update;
  update.body = Form::Body::object;
  update.patch = true;
  add_operation(router, services,
                route_of(Method::patch, "/entityMaps/{entityMapId}", "updateEntityMap", "Change an entity map", 204),
                update, update_map);
  add_operation(router, services,
                route_of(Method::del, "/entityMaps/{entityMapId}", "deleteEntityMap", "Delete an entity map", 204),
                Form{}, delete_map);
}

}  // namespace cityloom::serve::ngsi_ld

// Queries that are paged through by an entity map. ETSI GS CIM 009 V1.9.1 clauses 5.5.14, 5.7.1, 5.7.2, 5.7.4.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/query.hpp"
#include "serve/ngsi/call.hpp"
#include "serve/ngsi/entity_maps.hpp"
#include "serve/ngsi/gathering.hpp"
#include "twin/query.hpp"

namespace cityloom::serve::ngsi_ld {

/// The map that a request uses.
struct UsedMap {
  EntityMap map;
  bool is_new = false;
};

/// Whether the request is to be answered by way of an entity map: it names one, or asks for one.
bool wants_map(const Call& call);

/// Tells the ids of the entities that a map is to hold, in their order, until `take` returns false.
using EachMatch = std::function<base::Status(const std::function<bool(std::string_view id)>& take)>;
/// Who holds an entity, as a map tells it: registrations, and "@none" for this broker.
using HoldersOf = std::function<std::vector<std::string>(std::string_view id)>;

/// What an entity map of these queries, in an order if one is asked for, is to hold. All must live on.
EachMatch each_match(const Call& call, const Reading& reading, const TenantState& tenant,
                     const std::vector<twin::Query>& any_of, const ngsi::OrderParameters& ordering);

/// The map that the request names; where there is none, or none any more, a new one of what `each` tells. Errors: those
/// of `each`, invalid (entityMapLifetime), busy, too_complex. Without `holders` all is held here alone.
base::Result<UsedMap> use_map(const Call& call, const TenantState& tenant, const EachMatch& each,
                              const HoldersOf& holders = {});
/// The same of one entity. Errors: likewise.
base::Result<UsedMap> use_map(const Call& call, const TenantState& tenant, std::string_view id);
/// A new one, whatever the request names. Errors: likewise.
base::Result<UsedMap> make_map(const Call& call, const TenantState& tenant, const EachMatch& each,
                               const HoldersOf& holders = {});
/// What is to be asked of sources where the request is paged by a map: all, for a new one; else what the page holds.
base::Result<Gather> for_map(const Call& call, const TenantState& tenant, base::Result<Gather> asked);

/// Those of the map's entities in the page that are there and match any of the queries: an entity that has gone, or is
/// what was asked for no more, leaves a gap and moves no other. Where sources were asked, with what they gave;
/// `everywhere` are then the queries in the names of all.
base::Result<thread::QueryResult> query_map(const Call& call, const Reading& reading, const TenantState& tenant,
                                            const EntityMapContent& content, const std::vector<twin::Query>& any_of,
                                            const std::vector<twin::Query>& everywhere = {});

/// Names the map in the answer.
void add_map_header(const UsedMap& used, Response& response);

/// entityMap and entityMapLifetime, for a route's description.
std::vector<Parameter> map_parameters();

}  // namespace cityloom::serve::ngsi_ld

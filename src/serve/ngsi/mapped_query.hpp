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

class LinkedLookup;

/// The map that a request uses.
struct UsedMap {
  EntityMap map;
  bool is_new = false;
};

/// Whether the request is to be answered by way of an entity map: it names one, or asks for one.
bool wants_map(const Call& call);

/// Tells the ids of the entities that a map is to hold, in their order, until `take` returns false.
using EachMatch = std::function<base::Status(const std::function<bool(std::string_view id)>& take)>;

/// What an entity map of these queries, in an order if one is asked for, is to hold (`everywhere`: the same queries, as
/// they are put to what sources gave); an error while sources are to be
/// asked for what the queries look up. All must live on.
EachMatch each_match(const Call& call, const Reading& reading, const TenantState& tenant,
                     const std::vector<twin::Query>& any_of, const std::vector<twin::Query>& everywhere,
                     const ngsi::OrderParameters& ordering, const LinkedLookup& lookup);

/// The map that the request names; where there is none, or none any more, a new one of what `each` tells. Errors: those
/// of `each`, invalid (entityMapLifetime), busy, too_complex.
base::Result<UsedMap> use_map(const Call& call, const Reading& reading, const EachMatch& each);
/// The same of one entity. Errors: likewise.
base::Result<UsedMap> use_map(const Call& call, const Reading& reading, std::string_view id);
/// A new one, whatever the request names. Errors: likewise.
base::Result<UsedMap> make_map(const Call& call, const Reading& reading, const EachMatch& each);
/// Lets sources be asked for what the map needs that the request uses: for all that match, to make one; for the page,
/// by one that is there.
void ask_by_map(const Call& call, const TenantState& tenant, Gather& gather);

/// Those of the map's entities in the page that are there, here or at sources, and match any of the queries: an entity
/// that has gone, or is what was asked for no more, leaves a gap and moves no other. What a source gave it has judged
/// itself, unless `is_judged_here`.
base::Result<thread::QueryResult> query_map(const Call& call, const Reading& reading, const TenantState& tenant,
                                            const EntityMapContent& content, const std::vector<twin::Query>& any_of,
                                            bool is_judged_here);

/// Names the map in the answer.
void add_map_header(const UsedMap& used, Response& response);

/// entityMap and entityMapLifetime, for a route's description.
std::vector<Parameter> map_parameters();

}  // namespace cityloom::serve::ngsi_ld

// The groups of NGSI-LD routes, and what they share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ngsi/query.hpp"
#include "serve/ngsi/call.hpp"
#include "twin/query.hpp"

namespace cityloom::serve::ngsi_ld {

class LinkedLookup;

/// Retrieve and query.
void add_entity_reads(Router& router, Services& services);
/// Entities and attributes, one at a time.
void add_entity_writes(Router& router, Services& services);
/// Many entities in one request; purge.
void add_batch_operations(Router& router, Services& services);
/// Writes of the past.
void add_temporal_writes(Router& router, Services& services);
/// Past observations in bulk.
void add_observation_load(Router& router, Services& services);
/// The past.
void add_temporal_operations(Router& router, Services& services);
/// Types, attributes, source identity.
void add_discovery(Router& router, Services& services);
/// Hosted contexts.
void add_context_operations(Router& router, Services& services);
/// Subscriptions.
void add_subscription_operations(Router& router, Services& services);
/// Registrations of context sources: kept and discovered.
void add_registration_operations(Router& router, Services& services);
/// Subscriptions to registrations.
void add_source_subscription_operations(Router& router, Services& services);
/// Entity maps.
void add_entity_map_operations(Router& router, Services& services);
/// Data models: kept, chosen, tried; and how good the data are by them.
void add_model_operations(Router& router, Services& services);
void add_quality_operation(Router& router, Services& services);
/// Snapshots.
void add_snapshot_operations(Router& router, Services& services);

/// Rules of retention.
void add_retention_operations(Router& router, Services& services);
/// Says in the answer that of what it tells of the past of these entities less is kept than there was. Errors: corrupt,
/// unavailable.
base::Status warn_of_thinning(const Call& call, const thread::Snapshot& snapshot, const std::vector<std::string>& ids,
                              const thread::HistoryQuery& query, Response& response);

/// Tells the ids of entities whose past in a window is asked for, then those that only sources told of, until `visit`
/// returns false. Errors: cancelled.
base::Status each_past_id(const Call& call, const Reading& reading, const twin::Query& query,
                          thread::HistoryQuery history, const std::function<bool(std::string_view id)>& visit);
/// The window that a request asks for by its parameters, or by a query in a body. Errors: invalid.
base::Result<thread::HistoryQuery> past_window(const Call& call, const TenantState& tenant);
base::Result<thread::HistoryQuery> past_window(const Call& call, const ngsi::Body& body, const ngsi::QueryBody& query);
/// The parameters of such a window, for a route's description.
std::vector<Parameter> temporal_parameters();

/// The parameters that select entities (clause 6.4.3.2), for a route's description.
std::vector<Parameter> selection_parameters();
/// The values of those that the request gives.
ngsi::QueryParameters selection_of(const Call& call);
/// The attributes that attrs or pick asks for, expanded; none: all.
std::vector<std::string> wanted_attributes(const ngsi::QueryParameters& parameters, const ngsi::Context& context);
/// Those that say how entities are written.
std::vector<Parameter> representation_parameters();

/// The query that the parameters of a request ask for. `lookup`, which must live on, finds linked entities; without one
/// they are not asked about. Errors: invalid (also one that asks for everything), too_complex.
base::Result<twin::Query> query_of(const Call& call, const Reading& reading, const TenantState& tenant,
                                   LinkedLookup* lookup = nullptr);

/// The query that a body asks for, made ready for the reading. Errors: likewise.
base::Result<ngsi::QueryBody> query_in_body(const Call& call, const Reading& reading, const TenantState& tenant,
                                            LinkedLookup& lookup);

/// The join that the parameters of a request ask for. Errors: invalid.
base::Result<std::optional<ngsi::Join>> join_of(const Call& call);

/// The order that the parameters of a request ask for.
ngsi::OrderParameters ordering_of(const Call& call);
/// The parameters of orders and of joins, for a route's description.
std::vector<Parameter> ordering_parameters();
std::vector<Parameter> join_parameters();
/// splitEntities, likewise.
Parameter split_parameter();

/// Lets a query of linked entities find them: of those that a join gives. The lookup must live on. Errors: invalid.
base::Status link(const std::optional<ngsi::Join>& join, LinkedLookup& lookup, twin::Query& query);

/// Makes a query that asks for everything ask for everything that clients may know of.
base::Status hide_internal(twin::Query& query, const Reading& reading, const TenantState& tenant);

/// Whether an entity is there for clients: visible, and not past its expiresAt.
bool is_there(const Call& call, const Reading& reading, const TenantState& tenant, const twin::EntityRecord& record);

/// Makes a query leave out what is past its expiresAt and not deleted yet.
void hide_expired(const Call& call, const Reading& reading, const TenantState& tenant, twin::Query& query);

/// Value of a Link header to another page of the same request: "<...>; rel="next"...".
std::string page_link(const Request& request, size_t offset, size_t limit, std::string_view relation);

/// Adds Link rel="next" and rel="prev", and NGSILD-Results-Count where asked.
void add_page_headers(const Call& call, bool more, uint64_t count, Response& response);

/// A response with a body of the negotiated kind, with the Link to the context where it belongs, not yet sent.
Response body_response(const Call& call, std::string body);
/// Of a retrieval whose pick and omit leave no member of what it found.
base::Error nothing_left(std::string_view entity_id);

/// The terms of comma separated names; names that nobody wrote become unknown. Errors: invalid, with `where`.
base::Result<std::vector<twin::Term>> terms_of(std::string_view names, const Call& call, const twin::TermTable& terms,
                                               std::string_view where);

}  // namespace cityloom::serve::ngsi_ld

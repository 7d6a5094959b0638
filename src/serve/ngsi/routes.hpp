// The groups of NGSI-LD routes, and what they share.
#pragma once

#include <string>
#include <vector>

#include "ngsi/query.hpp"
#include "serve/ngsi/call.hpp"
#include "twin/query.hpp"

namespace cityloom::serve::ngsi_ld {

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
/// What the standard has and this server does not yet: each answers 422 and says so.
void add_closed_doors(Router& router, Services& services);

/// The parameters that select entities (clause 6.4.3.2), for a route's description.
std::vector<Parameter> selection_parameters();
/// The values of those that the request gives.
ngsi::QueryParameters selection_of(const Call& call);
/// Those that say how entities are written.
std::vector<Parameter> representation_parameters();

/// The query that the parameters of a request ask for. Errors: invalid (also one that asks for everything),
/// too_complex.
base::Result<twin::Query> query_of(const Call& call, const Reading& reading, const TenantState& tenant);

/// Makes a query that asks for everything ask for everything that clients may know of.
base::Status hide_internal(twin::Query& query, const Reading& reading, const InternalTerms& internal);

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

/// The terms of comma separated names; names that nobody wrote become unknown. Errors: invalid, with `where`.
base::Result<std::vector<twin::Term>> terms_of(std::string_view names, const Call& call, const twin::TermTable& terms,
                                               std::string_view where);

}  // namespace cityloom::serve::ngsi_ld

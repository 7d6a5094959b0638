// The error types of the standard (ETSI GS CIM 009 clause 5.5.2). The HTTP status of each is in `serve`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cityloom::ngsi {

enum class ProblemType : unsigned char {
  invalid_request,   ///< the request is not understood: not JSON, unknown parameter
  bad_request_data,  ///< understood, but the data break a rule
  already_exists,
  operation_not_supported,
  resource_not_found,
  internal_error,
  too_complex_query,
  too_many_results,
  ld_context_not_available,
  no_multi_tenant_support,
  nonexistent_tenant,
  conflict,
  access_denied,  ///< of ours: the standard leaves access control to others
  busy,           ///< of ours: try again later
};

/// "https://uri.etsi.org/ngsi-ld/errors/BadRequestData"; "about:blank" for our own.
std::string_view uri_of(ProblemType type);
/// A short text that is the same for every occurrence, in English.
std::string_view title_of(ProblemType type);

/// The type for an error of any room.
ProblemType problem_of(const base::Error& error);
/// The type for an error that a ContextSource gave: unavailable is LdContextNotAvailable.
ProblemType context_problem_of(const base::Error& error);

/// The type for an error that Body::read gave: what is not JSON is InvalidRequest (clause 5.5.4).
ProblemType body_problem_of(const base::Error& error);

/// The body of an application/problem+json answer: type, title, detail, status, and `where` and `remedy` where known.
std::string problem_json(ProblemType type, const base::Error& error, int status);

}  // namespace cityloom::ngsi

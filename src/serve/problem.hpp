// The one table from base::Error to HTTP status and problem details (RFC 7807).
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "serve/response.hpp"

namespace cityloom::serve {

/// How a family of doors names its problems: the `type` of each code. Title, detail and status are the same for all.
struct ProblemStyle {
  /// The URI of `type` for a code.
  std::string_view (*type)(base::Code code) = nullptr;
  /// The status where the family's standard differs from the table; 0: the table's.
  int (*status)(base::Code code) = nullptr;
};

/// Ours: "urn:cityloom:error:NAME".
const ProblemStyle& own_problem_style();

/// The HTTP status of a code: invalid 400, not_found 404, already_exists 409, conflict 409, forbidden 403,
/// too_large 413, too_complex 403 (as NGSI-LD has it), busy 503, unsupported 501, not_acceptable 406, unavailable 503,
/// timeout 504, cancelled 503, corrupt and internal 500.
int status_of(base::Code code);

/// A short title of a code for a person: "Not found".
std::string_view title_of(base::Code code);

/// `application/problem+json` (in another style than ours: `application/json`) with type, title, status, detail (what,
/// and remedy), and `where` if it is known. busy carries Retry-After. `status` 0: by the table and the style.
Response problem(const base::Error& error, const ProblemStyle& style = own_problem_style(), int status = 0);

}  // namespace cityloom::serve

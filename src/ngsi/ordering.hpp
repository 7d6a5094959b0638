// The ordering language of NGSI-LD (clause 4.23): orderBy, orderDirection, collation, orderFrom, orderGeometry.
#pragma once

#include <optional>
#include <string>

#include "ngsi/query.hpp"
#include "twin/ordering.hpp"

namespace cityloom::ngsi {

inline constexpr size_t order_keys_max = 20;  ///< of one order

/// Reads them; nothing if there is no orderBy, though a collation is checked even then. Errors: invalid, too_complex,
/// with the parameter in `where`.
base::Result<std::optional<twin::Ordering>> parse_ordering(const OrderParameters& parameters, const Context& context,
                                                           const TermOf& terms);

}  // namespace cityloom::ngsi

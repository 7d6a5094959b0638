// The order of entities in queries of the past: by their ids alone. ETSI GS CIM 009 V1.9.1 clause 5.7.4.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "ngsi/ordering.hpp"
#include "ngsi/query.hpp"
#include "serve/ngsi/mapped_query.hpp"
#include "twin/ordering.hpp"

namespace cityloom::serve::ngsi_ld {

/// Reads an order of the past; nothing where none is asked for. Errors: invalid, also where it is by anything but id.
base::Result<std::optional<twin::Ordering>> parse_past_order(const ngsi::OrderParameters& parameters,
                                                             const ngsi::Context& context, const ngsi::TermOf& terms);

/// Whether a query by POST has the member aggrParams, or aggrMethods in its temporalQ: they ask for aggregated values,
/// whatever the options say.
bool has_aggregation(std::string_view body);

/// What `each` tells, in that order. Holds the ids of all. Errors: those of `each`, too_complex (more than
/// `entities_max`).
base::Status each_ordered(const twin::Ordering& order, const EachMatch& each, size_t entities_max,
                          const std::function<bool(std::string_view id)>& take);

}  // namespace cityloom::serve::ngsi_ld

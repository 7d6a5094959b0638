// What of a collection is asked for: bbox, datetime, and values of properties.
#pragma once

#include <span>
#include <string_view>

#include "serve/ogc/collections.hpp"
#include "serve/ogc/crs.hpp"
#include "twin/query.hpp"

namespace cityloom::serve::ogc {

/// A stretch of time as `datetime` gives it: "T", "T/T", "T/..", "../T". Both ends belong to it; none is open.
struct TimeFilter {
  base::Instant from, to;
  /// Errors: invalid.
  static base::Result<TimeFilter> read(std::string_view text);
  /// Whether an entity is of that time: an attribute was observed in it, or it is valid then (validFrom, validTo). One
  /// that says nothing of time always is.
  bool meets(const twin::EntityRecord& record, twin::Term valid_from, twin::Term valid_to) const;
};

/// What a filter is read with.
struct FilterContext {
  ngsi_ld::Services& services;
  const ngsi_ld::TenantState& tenant;
  const Reading& reading;
  const Collections& collections;
  const Effort& effort;
  base::Instant now;
};

/// The query that the parameters ask for, of one collection. Parameters that are not in `known` name properties.
/// Errors: invalid (a value, or a parameter that nothing has as its name), cancelled.
base::Result<twin::Query> query_of(const FilterContext& context, const Request& request, const Collection& collection,
                                   std::span<const std::string_view> known);

}  // namespace cityloom::serve::ogc

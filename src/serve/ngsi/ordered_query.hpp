// A page of a query's matches in an order (clause 4.23).
#pragma once

#include <vector>

#include "base/result.hpp"
#include "thread/snapshot.hpp"
#include "twin/ordering.hpp"
#include "twin/query.hpp"

namespace cityloom::serve::ngsi_ld {

inline constexpr size_t order_bytes_max = 64u << 20;  ///< of the texts that the entities of a page are ordered by

/// The matches of any of the queries, each entity once, by the sorter, those that are equal by first creation; a page
/// of them. Looks at every match and holds those up to the page's end. Errors: cancelled (bounds), too_complex (the
/// page ends, or several queries match, past `entities_max`; texts past `order_bytes_max`).
base::Result<thread::QueryResult> query_ordered(const thread::Snapshot& snapshot,
                                                const std::vector<twin::Query>& any_of, const twin::Sorter& sorter,
                                                const thread::Page& page, size_t entities_max,
                                                const thread::Bounds& bounds);

}  // namespace cityloom::serve::ngsi_ld

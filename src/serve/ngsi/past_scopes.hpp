// The past of an entity's scopes: when it had which. ETSI GS CIM 009 clauses 4.5.6, 4.18, 5.7.4.4.
#pragma once

#include <string_view>
#include <vector>

#include "serve/tenants.hpp"
#include "thread/snapshot.hpp"
#include "twin/query.hpp"

namespace cityloom::serve::ngsi_ld {

/// Adds the scopes that an entity had to its attributes, under `terms::scope`: in order of time, each valid from its
/// observedAt until the next, and where the window is one of observedAt those that were valid at some time of it; of
/// deletedAt that it had none any more from a time in the window on. They are those that were stated of the past, and
/// those of changes of the entity, whose observedAt is when they were recorded. Null: none any more. Errors: as of
/// Snapshot::history.
base::Status add_past_scopes(const Reading& reading, std::string_view id, const thread::TimeWindow& window,
                             std::vector<thread::AttributeHistory>& attributes);

/// The parts of a window in which the scopes satisfied a scopeQ (any of `wanted`), in order; empty: they did so at no
/// time of it. Where the window is not one of observedAt, all of it or nothing. What is recorded first holds for all
/// the time before it: nothing else is known; `plain`, of which no time is known, for all time. Errors: likewise.
base::Result<std::vector<thread::TimeWindow>> parts_within_scopes(const Reading& reading, std::string_view id,
                                                                  const std::vector<std::string>& plain,
                                                                  const std::vector<std::string>& wanted,
                                                                  const thread::TimeWindow& window);

/// The same of scopes that are told already, in their order of time.
std::vector<thread::TimeWindow> parts_within_scopes(const thread::AttributeHistory& scopes,
                                                    const std::vector<std::string>& plain,
                                                    const std::vector<std::string>& wanted,
                                                    const thread::TimeWindow& window);

/// Leaves of the attributes what was observed in those parts, where the window is one of observedAt.
void leave_within(const std::vector<thread::TimeWindow>& parts, std::vector<thread::AttributeHistory>& attributes);

}  // namespace cityloom::serve::ngsi_ld

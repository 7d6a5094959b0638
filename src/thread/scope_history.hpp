// The past of an entity's scopes, as changes of the entity tell it.
#pragma once

#include <vector>

#include "thread/past_corrections.hpp"
#include "thread/snapshot.hpp"
#include "thread/views.hpp"

namespace cityloom::thread {

/// What an entity's scopes were, in order, each from the time at which it was recorded (observed_at, created_at and
/// modified_at alike): a string, Json of several, or Null where it had none any more. `now`: the entity as of the end
/// of the stretches. At most `limit`. Errors: as of Snapshot::history. Any worker.
base::Result<AttributeHistory> scope_history(const Views& views, const std::vector<Stretch>& stretches,
                                             twin::EntityNumber number, const twin::EntityRecord& now, size_t limit);

}  // namespace cityloom::thread

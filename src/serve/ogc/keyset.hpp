// Pages that begin after an entity instead of at a count: nothing is left out or told twice while others come and go.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "thread/snapshot.hpp"

namespace cityloom::serve::ogc {

/// The end of a page: the number of its last entity, and how many matches there were up to it at that time, which is
/// only where to look first.
struct After {
  uint32_t number = 0;
  size_t position = 0;

  /// As a link has it: "NUMBER-POSITION". Nothing: not that.
  static std::optional<After> read(std::string_view text);
  std::string text() const;
};

/// Makes `page` and `query` begin after an entity: by its place among the matches where the index of types has them in
/// order (a few looks), else by a condition, for which everything before it is looked at. Gives whether it was by the
/// place: else a count of the query is of the rest alone. Errors: cancelled, and those of reading.
base::Result<bool> begin_after(const After& after, const thread::Snapshot& snapshot, const thread::Bounds& bounds,
                               twin::Query& query, thread::Page& page);

}  // namespace cityloom::serve::ogc

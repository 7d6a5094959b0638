// A guard: looks at what changes would record before it is recorded, and may refuse it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "twin/entity.hpp"
#include "twin/fact.hpp"

namespace cityloom::thread {

/// What one change has come to, and would record.
struct Proposal {
  std::string_view author;             ///< of the change set
  const twin::Entity& before;          ///< without id: there is none. Of its attributes some may be missing
  const twin::EntityRecord& standing;  ///< the same, whole; of one that has ended what is left of it
  std::span<const twin::Fact> facts;   ///< at least one
  bool is_whole = false;               ///< the change says all of the entity: it is created or replaced
  bool is_rehearsal = false;           ///< of a set of which all or nothing is done; what passes is asked about again
};

/// Asked about every change of a thread, in the order in which they are decided, with the state that each is decided
/// against: so every way in is guarded, and nothing slips between a look and a write. On the deciding worker: it must
/// not block, and every microsecond it takes is one that all writers of the tenant wait.
class Guard {
 public:
  virtual ~Guard() = default;
  /// What to tell the writer although the change is recorded; mostly nothing. Errors: its own; they refuse the change.
  virtual base::Result<std::vector<std::string>> check(const Proposal& proposal) const = 0;
};

}  // namespace cityloom::thread

// Observations of the past: those older than what a datastream has, and changes of what it has had.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "thread/snapshot.hpp"
#include "twin/attribute.hpp"

namespace cityloom::serve::sta {

/// A change of the past of one attribute of an entity.
struct PastWrite {
  enum class Kind : uint8_t {
    add,      ///< an observation before the latest one
    replace,  ///< an observation that is not the latest one is said anew
    remove    ///< an observation is taken out, the latest one too
  };
  Kind kind = Kind::add;
  std::string entity_id;
  twin::Attribute instance;   ///< with name, dataset and observed_at; of `replace` and `remove` the one that is there
  twin::Attribute said = {};  ///< of `replace`: what it becomes
};

/// The changes that do it. All that a snapshot has of one time is one observation, of which the last statement counts:
/// it is replaced, the others taken out. Errors: those of reading.
base::Result<std::vector<thread::Change>> changes_of_past(const PastWrite& write, const thread::Snapshot& snapshot);

}  // namespace cityloom::serve::sta

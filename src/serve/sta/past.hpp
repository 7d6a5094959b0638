// Observations that are older than what a datastream has: writes of the past.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "thread/change.hpp"
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
  twin::Attribute instance;  ///< with name, dataset and observed_at; of `replace` and `remove` the one that is there
};

/// The changes that do it. Until the record takes writes of the past: unsupported.
base::Result<std::vector<thread::Change>> changes_of_past(const PastWrite& write);

}  // namespace cityloom::serve::sta

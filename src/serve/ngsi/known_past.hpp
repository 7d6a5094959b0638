// What is known of an entity's past before it is written to.
#pragma once

#include <string_view>
#include <vector>

#include "serve/ngsi/services.hpp"

namespace cityloom::serve::ngsi_ld {

/// What a snapshot knows of an entity's past.
struct KnownPast {
  bool exists = false;            ///< its past is there
  bool is_live = false;           ///< so is the entity itself
  std::vector<twin::Term> types;  ///< of one that has ended, or was only told of
};

/// Of the hub's own entities nothing is known. Errors: corrupt, unavailable.
base::Result<KnownPast> known_past(const thread::Snapshot& snapshot, std::string_view id);

/// All types that an entity which is no more is to have, when it is now said to have had these; empty: it had them all.
/// Those of one that is there are changed by the writes of the present.
std::vector<twin::Term> types_to_state(const KnownPast& known, const std::vector<twin::Term>& stated);

}  // namespace cityloom::serve::ngsi_ld

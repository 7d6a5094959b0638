// Which types are those of what the server keeps for itself, by their names.
#pragma once

#include "serve/ngsi/services.hpp"

namespace cityloom::serve::ngsi_ld {

/// Whether entities of this type are nobody's but the server's: those of the hub, and of other doors (scenarios). Cost:
/// a look into the table of terms.
inline bool is_own_type(const TenantState& tenant, twin::Term type) {
  return tenant.hides(type) || tenant.thread->terms().text(type).starts_with("urn:cityloom:type:");
}

}  // namespace cityloom::serve::ngsi_ld

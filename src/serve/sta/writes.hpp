// Writes of SensorThings: create, update, delete, and observations in bulk.
#pragma once

#include "serve/ngsi/services.hpp"
#include "serve/router.hpp"

namespace cityloom::serve::sta {

/// POST to a set. Answers when durable, as all of these.
void create(ngsi_ld::Services& services, const Request& request, Reply reply);
/// PATCH: what the body says is set. PUT: what it does not say ends.
void update(ngsi_ld::Services& services, const Request& request, Reply reply);
/// DELETE: what cannot be without it goes too.
void remove(ngsi_ld::Services& services, const Request& request, Reply reply);
/// Many observations of many datastreams; each gets its address or "error".
void create_observations(ngsi_ld::Services& services, const Request& request, Reply reply);

}  // namespace cityloom::serve::sta

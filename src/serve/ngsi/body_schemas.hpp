// What the bodies of NGSI-LD requests and answers are like, for /openapi.json. ETSI GS CIM 009 clauses 5.2 and 6.
#pragma once

#include "serve/ngsi/call.hpp"

namespace cityloom::serve::ngsi_ld {

/// Adds to a route's description what its operation takes and gives: schemas of bodies, and the statuses of answers and
/// errors that such an operation has. What a route says itself stays.
void describe_bodies(Route& route, const Form& form);

/// The schemas that `describe_bodies` refers to.
void add_body_schemas(Router& router);

}  // namespace cityloom::serve::ngsi_ld

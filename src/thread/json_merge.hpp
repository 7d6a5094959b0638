// Merging JSON values member by member.
#pragma once

#include "twin/value.hpp"

namespace cityloom::thread {

/// The present value with a patch merged into it by RFC 7396; a member that is null or the string
/// "urn:ngsi-ld:null" (NGSI-LD 4.5.0) is removed. What is not an object is replaced.
twin::Json merge_json(const twin::Json& present, const twin::Json& patch);

}  // namespace cityloom::thread

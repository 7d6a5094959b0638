// The parsed JSON behind a Body, for the parsers of this room only.
#pragma once

#include <simdjson.h>

#include <vector>

#include "ngsi/body.hpp"

namespace cityloom::ngsi {

/// The parsed document: its elements live as long as the parser here.
struct Body::Parts {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::vector<simdjson::dom::element> items;  // of an array; else the root alone
};

/// Compact JSON text of a value, numbers in their shortest form.
std::string compact_json(simdjson::dom::element value);

}  // namespace cityloom::ngsi

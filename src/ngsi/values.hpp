// Values of attributes read from JSON: what each kind of attribute may hold, checked and made twin values.
// For the parsers of this room.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ngsi/context.hpp"
#include "twin/attribute.hpp"

namespace cityloom::ngsi {

/// Where in a document something stands: a chain of names on the stack, written out only for an error.
struct JsonPath {
  const JsonPath* up = nullptr;
  std::string_view name;
  int64_t index = -1;  ///< in an array; -1: a member

  std::string text() const;
};

/// An error of Code::invalid at a place.
base::Error bad(std::string what, const JsonPath& at, std::string remedy = {});

/// Where NGSI-LD Null may stand in a value.
enum class NullRule : uint8_t {
  never,
  whole,     ///< in place of the whole value: partial update
  anywhere,  ///< also within a compound value: merge
};

/// Whether a value is NGSI-LD Null in the form of its kind: "urn:ngsi-ld:null", an array of only it, or
/// {"@none": "urn:ngsi-ld:null"} for a languageMap.
bool is_ngsi_ld_null(twin::AttributeKind kind, simdjson::dom::element value);

/// The value of an attribute of this kind. NGSI-LD Null becomes twin::Null where the rule lets it. Errors: invalid,
/// too_large.
base::Result<twin::Value> read_value(twin::AttributeKind kind, simdjson::dom::element value, NullRule nulls,
                                     const Context& context, const JsonPath& at);

/// A GeoJSON geometry (not GeometryCollection). Errors: invalid, too_large as soon as positions_max is passed.
base::Result<twin::Geometry> read_geometry(simdjson::dom::element value, const JsonPath& at);

/// Whether a value looks like a GeoJSON geometry: an object with a geometry's type and coordinates.
bool looks_like_geometry(simdjson::dom::element value);

/// A string member, or an error that says what was expected.
base::Result<std::string_view> read_string(simdjson::dom::element value, const JsonPath& at);
/// A DateTime member.
base::Result<base::Instant> read_time(simdjson::dom::element value, const JsonPath& at);
/// A list of strings that is given as one string or an array of at least one.
base::Result<std::vector<std::string_view>> read_strings(simdjson::dom::element value, const JsonPath& at);

}  // namespace cityloom::ngsi

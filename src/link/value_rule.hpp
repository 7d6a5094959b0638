// From a field to the value of an attribute, as its rule says.
#pragma once

#include <optional>

#include "base/result.hpp"
#include "link/mapping.hpp"

namespace cityloom::link {

/// The value that the rule makes of the message; nothing if the field is absent or means "no value".
/// Errors: invalid, with the reason: not a number, out of range, no URI, no position.
base::Result<std::optional<twin::Value>> value_of(const AttributeRule& rule, const Captures& captures,
                                                  const Fields& fields);

/// The number that a field says: a JSON number, or text that is one all through. Errors: invalid.
base::Result<double> number_of(const FieldValue& value);

/// Whether the rule takes anything from the message at hand.
bool is_from_message(const AttributeRule& rule);

}  // namespace cityloom::link

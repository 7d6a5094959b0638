// Expressions evaluated over resources.
#pragma once

#include <vector>

#include "serve/sta/expression.hpp"
#include "serve/sta/model.hpp"

namespace cityloom::serve::sta {

inline constexpr size_t path_values_max = 10'000;  ///< that a path through sets may lead to, of one resource

/// The values of an expression: one, or those that a path through a set leads to. Errors: invalid (no such property,
/// operands of the wrong kind), too_complex, and those of the model.
base::Result<std::vector<Value>> evaluate(const Expression& expression, const Node& node, const Model& model,
                                          base::Instant now);

/// Whether it is true for a resource; of several values one that is true is enough.
base::Result<bool> holds(const Expression& expression, const Node& node, const Model& model, base::Instant now);

/// Whether `left` stands before `right` in an ascending order: nothing first, then numbers, texts, times.
bool stands_before(const Value& left, const Value& right);

/// An operation on values. Errors: invalid.
base::Result<Value> apply(Operation operation, const std::vector<Value>& arguments, base::Instant now);

}  // namespace cityloom::serve::sta

// Expressions of $filter and $orderby, read into a tree. OGC SensorThings API 1.1, clause 9.3.3.5 (OData 4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/sta/value.hpp"

namespace cityloom::serve::sta {

inline constexpr size_t expression_bytes_max = 8'192;
inline constexpr size_t expression_nodes_max = 500;
inline constexpr unsigned expression_depth_max = 32;

/// Everything that takes arguments: operators and functions alike.
enum class Operation : uint8_t {
  none,
  logical_or,
  logical_and,
  logical_not,
  equal,
  not_equal,
  greater,
  greater_or_equal,
  less,
  less_or_equal,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  negate,
  contains,  // contains(a, b); substringof(b, a)
  substring_of,
  ends_with,
  starts_with,
  length,
  index_of,
  substring,
  to_lower,
  to_upper,
  trim,
  concat,
  year,
  month,
  day,
  hour,
  minute,
  second,
  fractional_seconds,
  date,
  time,
  total_offset_minutes,
  now,
  min_date_time,
  max_date_time,
  round,
  floor,
  ceiling,
  time_before,
  time_after,
  time_meets,
  time_during,
  time_overlaps,
  time_starts,
  time_finishes,
  geo_distance,
  geo_length,
  geo_intersects,
  st_equals,
  st_disjoint,
  st_touches,
  st_within,
  st_overlaps,
  st_crosses,
  st_intersects,
  st_contains,
  st_relate,
};

/// A node: an operation with its arguments, a path ("Datastreams", "unitOfMeasurement", "symbol"), or a literal.
struct Expression {
  Operation operation = Operation::none;
  std::vector<Expression> arguments;
  std::vector<std::string> path;
  Value literal;

  bool is_path() const { return operation == Operation::none && !path.empty(); }
  bool is_literal() const { return operation == Operation::none && path.empty(); }
};

/// Reads one. Errors: invalid, with `where` and the position in it; too_complex.
base::Result<Expression> parse_expression(std::string_view text, std::string_view where = "$filter");

}  // namespace cityloom::serve::sta

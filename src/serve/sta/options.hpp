// A SensorThings address: the path of resources, and the query options. OGC SensorThings API 1.1, clause 9.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/sta/expression.hpp"

namespace cityloom::serve::sta {

inline constexpr size_t top_default = 100;
inline constexpr size_t top_max = 1'000;  ///< of observations ten times as many
inline constexpr unsigned expand_depth_max = 6;
inline constexpr size_t expands_max = 40;  ///< in one request, all levels together

/// One step of a path: "Things", "Things('a')", "name", "$ref".
struct Step {
  std::string name;
  std::optional<std::string> id;
  bool operator==(const Step&) const = default;
};
/// Reads "Things('urn:a')/Datastreams"; slashes within quotes belong to ids. Errors: invalid.
base::Result<std::vector<Step>> parse_path(std::string_view path);

/// One key of an order.
struct OrderKey {
  Expression by;
  bool descending = false;
};
struct Expand;

/// What of a collection or entity is given. Regular but for `expand`.
struct Options {
  std::optional<Expression> filter;
  std::vector<OrderKey> order;
  std::vector<std::string> select;
  std::vector<Expand> expand;
  std::optional<size_t> top;
  size_t skip = 0;
  bool count = false;
  bool data_array = false;
  std::vector<std::pair<std::string, std::string>> written;  ///< all but $top and $skip, as they were given: for links
};

/// A related entity or collection that is written inline.
struct Expand {
  std::string name;
  Options options;
};

/// Sets one option by its name ("$filter"). Errors: invalid (unknown, twice as something else, malformed), too_complex.
base::Status set_option(std::string_view name, std::string_view value, Options& options);

/// Parts of a text between separators, outside of quotes and parentheses.
std::vector<std::string_view> split_outside(std::string_view text, char separator);

}  // namespace cityloom::serve::sta

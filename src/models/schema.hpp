// JSON Schema, compiled: what values of a kind must be like, checked in bounded time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "models/value.hpp"
#include "twin/query.hpp"

namespace cityloom::models {

/// Limits of a schema, and of a check by it.
struct SchemaLimits {
  size_t bytes_max = 256u << 10;  ///< of its text
  size_t nodes_max = 4'000;       ///< schemas within it
  size_t depth_max = 64;          ///< of schemas within schemas
  size_t patterns_max = 100;      ///< regular expressions; each of 1,000 characters (RE2: linear time)
  size_t choices_max = 10'000;    ///< values of all `enum`s
  size_t names_max = 2'000;       ///< of `$id`s and anchors
  size_t dynamic_names_max = 64;  ///< of dynamic anchors
  size_t steps_max = 100'000;     ///< of one check: some milliseconds
  size_t check_depth_max = 128;   ///< of one check: `$ref`s that lead round and round
};

/// One rule that a value breaks.
struct Finding {
  std::string path;  ///< names from the entity inwards, joined by '.': "address.postalCode", "levels[2]"
  std::string rule;  ///< the keyword: "type", "maximum", "required"; of ours: "attribute", "unitCode", "kind", "steps"
  std::string what;  ///< "must be at most 100, is 120"
  std::string nearest;  ///< the name that was probably meant; mostly empty
  bool operator==(const Finding&) const = default;

  /// One line: "temperatre: is not in the model; nearest: temperature".
  std::string text() const;
};
inline constexpr size_t findings_max = 20;  ///< told of one entity

/// Which of a schema's nodes; a schema within the schema.
struct NodeIndex {
  uint32_t number = 0;
  bool operator==(const NodeIndex&) const = default;
};

/// One schema of a compiled one. What is not said is empty.
struct SchemaNode {
  enum class Format : uint8_t { none, date_time, date, time, uri, email };
  struct Named {
    std::string name;
    NodeIndex node;
  };
  bool refuses_all = false;                   ///< the schema `false`
  uint8_t kinds = 0;                          ///< bits of Kind, integer as the bit after the last; 0: any
  std::optional<std::vector<Value>> choices;  ///< enum, ascending
  std::optional<Value> constant;
  std::optional<double> minimum, maximum, above, below, multiple_of;
  std::optional<size_t> length_min, length_max, items_min, items_max, members_min, members_max;
  std::optional<twin::Pattern> pattern;
  Format format = Format::none;
  bool unique_items = false;
  std::vector<NodeIndex> first_items;  ///< prefixItems
  std::optional<NodeIndex> items, contains, unevaluated_items;
  std::optional<size_t> contains_min, contains_max;  ///< of `contains`; at least 1 where not said
  std::vector<Named> properties;                     ///< ascending by name
  std::vector<std::pair<twin::Pattern, NodeIndex>> pattern_properties;
  std::optional<NodeIndex> additional, property_names, unevaluated_properties;
  std::vector<std::string> required;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required;
  std::vector<Named> dependent_schemas;
  std::vector<NodeIndex> all_of, any_of, one_of;
  std::optional<NodeIndex> none_of, condition, then, otherwise, reference;  ///< not, if, then, else, $ref
  std::string description;
  std::string ngsi_type, units;  ///< x-ngsi: type, and unitCode or units
};

/// A compiled schema: JSON Schema of draft 07, 2019-09 and 2020-12. Immutable; any worker.
class Schema {
 public:
  /// `$ref`, `$dynamicRef` and `$recursiveRef` may lead to places in the same document (by `$id`, anchor or pointer),
  /// `$ref` also to the definitions that Smart Data Models share (GSMA-Commons, Location-Commons, ...) and GeoJSON's
  /// schemas, which are known here: nothing is fetched, and what is not here is refused, so that nothing is believed to
  /// be checked that is not. What only describes (`title`, `modelTags`, ...) is passed over. A schema that dynamic
  /// references lead through differently counts once for each way. Errors: invalid, too_large, too_complex; `where` is
  /// a JSON pointer.
  static base::Result<Schema> compile(std::string_view json, const SchemaLimits& limits = {});

  NodeIndex root() const { return {0}; }
  const SchemaNode& node(NodeIndex index) const { return nodes_[index.number]; }
  /// Whether a node came from the definitions that are known here.
  bool is_shared(NodeIndex index) const { return index.number < shared_.size() && shared_[index.number]; }

  /// Adds what `value` breaks of a schema within this one to `findings`, until there are `findings_max`. `path` is
  /// where the value stands. Bounded by the limits; past them a finding of rule "steps".
  void check(NodeIndex index, const Value& value, const std::string& path, std::vector<Finding>& findings) const;

 private:
  friend class SchemaCompiler;
  SchemaLimits limits_;
  std::vector<SchemaNode> nodes_;
  std::vector<bool> shared_;
};

/// The bit of a kind in SchemaNode::kinds.
constexpr uint8_t bit_of(Value::Kind kind) {
  return static_cast<uint8_t>(1u << static_cast<unsigned>(kind));
}
inline constexpr uint8_t integer_bit = 1u << 7;

/// Whether a text is of a format.
bool is_of_format(SchemaNode::Format format, std::string_view text);

/// The definitions that Smart Data Models share and GeoJSON's schemas: a JSON text, and the JSON pointer into it for
/// the address of a `$ref`; empty if it is not known here.
std::string_view shared_definitions();
std::string shared_pointer(std::string_view reference);

}  // namespace cityloom::models

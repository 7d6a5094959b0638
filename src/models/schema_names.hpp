// The names that schemas of one document have (`$id`, `$anchor`, `$dynamicAnchor`), and where references lead
// (room-internal).
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/schema.hpp"

namespace cityloom::models {

/// Adds a name to a JSON pointer: RFC 6901 writes '~' and '/' of it as ~0 and ~1.
void append_to_pointer(std::string& pointer, std::string_view name);

/// What a document's schemas are called. References are resolved as JSON Schema 2020-12 says (RFC 3986 against the
/// nearest `$id`); also of 2019-09 (`$recursiveRef`) and draft 07 (`$id` that begins with '#'). Only places where the
/// standard has schemas are looked into, so that an `$id` within a `const` or a property of that name is none.
///
/// A dynamic reference depends on the resources through which a check has come to it. Which these are is known when a
/// schema is compiled, if one and the same schema is compiled once for each way that makes a difference: a `Scope` is
/// what a way makes of dynamic references. Not for several workers at once.
class SchemaNames {
 public:
  /// `document` must outlive it. Errors: invalid (a name twice, or none that is allowed), too_complex, too_large.
  static base::Result<SchemaNames> of(simdjson::dom::element document, const SchemaLimits& limits);

  enum class Reference : uint8_t { plain, dynamic, recursive };  ///< $ref, $dynamicRef, $recursiveRef
  using Scope = uint32_t;
  static constexpr Scope no_scope = 0;  ///< of a check that has not begun

  /// The JSON pointer of the schema that a reference leads to, which stands in the schema at `from` and is met in that
  /// scope; nothing where it leads out of the document, or to a name that no schema has. What a pointer leads to may
  /// not be there.
  std::optional<std::string> find(Reference kind, std::string_view text, std::string_view from, Scope scope) const;

  /// The scope of a check that comes to the schema at `pointer`.
  Scope enter(Scope scope, std::string_view pointer);

 private:
  struct Resource {
    std::string id;  // without a fragment; empty: of the document, where it has none
    std::string pointer;
  };
  struct Anchor {
    uint32_t resource;
    std::string name;  // empty: of $recursiveAnchor
    std::string pointer;
    bool is_dynamic;
  };
  using Dynamic = std::vector<uint32_t>;  // anchors that dynamic references lead to, ascending, one of a name

  base::Status survey(simdjson::dom::element json, std::string& pointer, size_t depth, uint32_t resource);
  base::Status survey_below(simdjson::dom::element json, std::string_view name, std::string& pointer, size_t depth,
                            uint32_t resource);
  base::Status survey_parts(std::string_view keyword, simdjson::dom::element value, std::string& pointer, size_t depth,
                            uint32_t resource);
  base::Status take_id(simdjson::dom::element json, const std::string& pointer, uint32_t& resource);
  base::Status take_anchors(simdjson::dom::element json, const std::string& pointer, uint32_t resource);
  base::Status add_anchor(uint32_t resource, std::string_view name, const std::string& pointer, bool is_dynamic);
  uint32_t resource_of(std::string_view pointer) const;
  const Anchor* anchor(uint32_t resource, std::string_view name) const;

  SchemaLimits limits_;
  std::vector<Resource> resources_;
  std::map<std::string, uint32_t, std::less<>> by_id_, by_pointer_;  // of resources
  std::vector<Anchor> anchors_;
  std::map<std::pair<uint32_t, std::string>, uint32_t> by_name_;  // of anchors, by resource and name
  size_t dynamic_ = 0;                                            // of anchors
  std::vector<Dynamic> scopes_ = {{}};
  std::map<Dynamic, Scope> known_scopes_ = {{{}, no_scope}};
};

}  // namespace cityloom::models

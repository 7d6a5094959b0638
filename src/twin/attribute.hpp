// One attribute instance of an entity, as NGSI-LD has it, with its sub-attributes.
#pragma once

#include <cstdint>
#include <vector>

#include "base/instant.hpp"
#include "twin/term.hpp"
#include "twin/value.hpp"

namespace cityloom::twin {

/// The position of a commit in a tenant's thread: 1 is the first, 0 is before all.
struct Offset {
  uint64_t number = 0;
  constexpr auto operator<=>(const Offset&) const = default;
};
static_assert(sizeof(Offset) == 8);

enum class AttributeKind : uint8_t {  ///< as NGSI-LD has them
  property,
  relationship,
  geo_property,
  language_property,
  vocab_property,
  json_property,
  list_property,
  list_relationship
};

/// An attribute instance. Names are expanded (full IRIs) and interned. What is absent is none, 0 or empty.
struct Attribute {
  Term name;
  Term dataset;  ///< datasetId; none for the default instance
  AttributeKind kind = AttributeKind::property;
  Value value;
  Term unit;                       ///< unitCode (UN/CEFACT Common Code)
  base::Instant observed_at;       ///< observedAt
  base::Instant expires_at;        ///< expiresAt
  std::vector<Term> object_types;  ///< objectType of a relationship
  std::vector<Attribute> members;  ///< sub-attributes; at most `members_max`, `depth_max` levels deep

  // Set when the fact is made, not by who writes:
  base::Instant created_at;
  base::Instant modified_at;
  Offset offset;  ///< of the commit that stated it

  bool operator==(const Attribute&) const = default;
};

inline constexpr size_t attributes_max = 10'000;  ///< attribute instances in one entity
inline constexpr size_t members_max = 1'000;      ///< sub-attributes in one attribute
inline constexpr size_t depth_max = 8;            ///< levels of sub-attributes

/// Whether two instances state the same: all but created_at, modified_at and offset, here and in the members.
bool same_statement(const Attribute& left, const Attribute& right);

}  // namespace cityloom::twin

// The kinds of attribute and the names of their members in NGSI-LD JSON, in one table.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "twin/attribute.hpp"

namespace cityloom::ngsi {

/// How one kind is written. Index: the kind.
struct KindNames {
  std::string_view type;      ///< "Property"
  std::string_view value;     ///< the member that holds its value
  std::string_view previous;  ///< the same before a change, in notifications
  std::string_view values;    ///< the list of values in simplified temporal form
  bool may_have_unit;
};

inline constexpr std::array<KindNames, 8> kind_names = {{
    {"Property", "value", "previousValue", "values", true},
    {"Relationship", "object", "previousObject", "objects", false},
    {"GeoProperty", "value", "previousValue", "values", true},
    {"LanguageProperty", "languageMap", "previousLanguageMap", "languageMaps", false},
    {"VocabProperty", "vocab", "previousVocab", "vocabs", false},
    {"JsonProperty", "json", "previousJson", "jsons", false},
    {"ListProperty", "valueList", "previousValueList", "valueLists", true},
    {"ListRelationship", "objectList", "previousObjectList", "objectLists", false},
}};

/// The names of one kind.
inline const KindNames& names_of(twin::AttributeKind kind) {
  return kind_names[static_cast<size_t>(kind)];
}

/// The kind that a "type" names, or nothing.
inline std::optional<twin::AttributeKind> kind_of_type(std::string_view type) {
  for (size_t i = 0; i < kind_names.size(); ++i) {
    if (kind_names[i].type == type) return static_cast<twin::AttributeKind>(i);
  }
  return std::nullopt;
}

/// The kind that has this member for its value ("value" gives property), or nothing.
inline std::optional<twin::AttributeKind> kind_of_value_member(std::string_view member) {
  for (size_t i = 0; i < kind_names.size(); ++i) {
    if (kind_names[i].value == member) return static_cast<twin::AttributeKind>(i);
  }
  return std::nullopt;
}

/// A member of an attribute that is written plainly, and kept as a sub-attribute of its core name (clause 4.5.2.2).
struct PlainMember {
  std::string_view name;
  std::string_view iri;
  twin::AttributeKind kind;  ///< that it is kept as
};
inline constexpr std::array<PlainMember, 3> plain_members = {{
    {"valueType", "https://uri.etsi.org/ngsi-ld/hasValueType", twin::AttributeKind::vocab_property},
    {"entityIdSealed", "https://uri.etsi.org/ngsi-ld/entityIdSealed", twin::AttributeKind::relationship},
    {"entityTypeSealed", "https://uri.etsi.org/ngsi-ld/entityTypeSealed", twin::AttributeKind::vocab_property},
}};
/// The attribute that alone may have the sealed ones, and has a proof (an object) for its value.
inline constexpr std::string_view proof_iri = "https://uri.etsi.org/ngsi-ld/ngsildproof";

/// The attributes that are GeoProperties by definition (clause 4.7.1).
inline constexpr std::array<std::string_view, 3> place_iris = {"https://uri.etsi.org/ngsi-ld/location",
                                                               "https://uri.etsi.org/ngsi-ld/observationSpace",
                                                               "https://uri.etsi.org/ngsi-ld/operationSpace"};

}  // namespace cityloom::ngsi

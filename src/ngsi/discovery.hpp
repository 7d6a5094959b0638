// What brokers tell of types and attributes, read. ETSI GS CIM 009 clauses 5.2.24 - 5.2.28, 5.7.5 - 5.7.10.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "ngsi/context.hpp"
#include "twin/attribute.hpp"

namespace cityloom::ngsi {

inline constexpr size_t told_names_max = 100'000;  ///< that one document names; past it: too_large

/// What is told of an attribute, as far as it is.
struct ToldAttribute {
  std::string iri;
  uint64_t instances = 0;
  std::vector<twin::AttributeKind> kinds;
  std::vector<std::string> types;  ///< IRIs of the types of entities that have it
};

/// What is told of a type, as far as it is.
struct ToldType {
  std::string iri;
  uint64_t entities = 0;
  std::vector<ToldAttribute> attributes;  ///< that its entities have
};

/// What a document tells.
struct Told {
  std::vector<ToldType> types;
  std::vector<ToldAttribute> attributes;
};

/// Reads an EntityTypeList, EntityTypeInfo, AttributeList or Attribute, or an array of EntityTypes or Attributes, whose
/// names stand under the context. Members that it does not know are left aside. Errors: invalid, too_large. Any thread.
base::Result<Told> parse_discovery(std::string_view json, const Context& context);

}  // namespace cityloom::ngsi

// Attributes read from NGSI-LD JSON. For the parsers of this room.
#pragma once

#include <simdjson.h>

#include <string_view>
#include <vector>

#include "ngsi/parse.hpp"
#include "ngsi/values.hpp"

namespace cityloom::ngsi {

/// Reads attributes of one document under one form. Interns what it meets.
class AttributeReader {
 public:
  AttributeReader(const ChangeForm& form, const Context& context, twin::TermTable& terms);

  /// All instances of an attribute of an entity, appended to `to`.
  base::Status read(std::string_view name, simdjson::dom::element value, const JsonPath& at,
                    std::vector<twin::Attribute>& to);

  /// One instance that an attribute fragment holds: its value may be absent when the form is patch_attribute.
  base::Result<twin::Attribute> read_fragment(twin::Term name, simdjson::dom::element value, const JsonPath& at);

  /// The term of an attribute's name, checked and expanded.
  base::Result<twin::Term> name_term(std::string_view name, const JsonPath& at);
  base::Result<twin::Term> intern(std::string_view text, const JsonPath& at);

  /// Where NGSI-LD Null may ask for a deletion.
  NullRule nulls() const;
  /// Whether what is read is an entity's past: attributes stand there many times.
  bool is_of_past() const;

 private:
  using Element = simdjson::dom::element;
  using Object = simdjson::dom::object;

  base::Status read_instances(twin::Term name, std::string_view short_name, Element value, const JsonPath& at,
                              size_t level, std::vector<twin::Attribute>& to);
  base::Status read_datasets(twin::Term name, std::string_view short_name, Object datasets, const JsonPath& at,
                             std::vector<twin::Attribute>& to);
  base::Result<twin::Attribute> read_instance(twin::Term name, std::string_view short_name, Element value,
                                              const JsonPath& at, size_t level);
  base::Result<twin::Attribute> read_bare(twin::Term name, std::string_view short_name, Element value,
                                          const JsonPath& at);
  base::Result<twin::Attribute> read_reified(twin::Term name, Object object, twin::AttributeKind kind,
                                             const JsonPath& at, size_t level);
  base::Status read_member(std::string_view member, Element value, const JsonPath& at, size_t level,
                           twin::Attribute& to);
  base::Status read_reserved(std::string_view member, Element value, const JsonPath& at, twin::Attribute& to);
  base::Status read_plain_member(std::string_view member, Element value, const JsonPath& at, twin::Attribute& to);
  base::Status check_defined(const twin::Attribute& attribute, const JsonPath& at) const;
  base::Result<std::optional<twin::AttributeKind>> kind_of(Element object, const JsonPath& at) const;
  twin::AttributeKind bare_kind(twin::Term name, std::string_view short_name, Element value) const;
  base::Status add(twin::Attribute attribute, const JsonPath& at, std::vector<twin::Attribute>& to, size_t level) const;

  const ChangeForm& form_;
  const Context& context_;
  twin::TermTable& terms_;
  NullRule nulls_;
  bool value_may_be_absent_;
  bool is_fragment_ = false;
  bool is_place_ = false;  // the attribute being read is a GeoProperty by definition
  bool is_proof_ = false;  // it is ngsildproof
};

}  // namespace cityloom::ngsi

// NGSI-LD JSON (normalized, concise, simplified) read into changes of the record.
// ETSI GS CIM 009 clauses 4.5, 5.2, 5.5.4 - 5.5.12.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "ngsi/body.hpp"
#include "ngsi/context.hpp"
#include "ngsi/syntax.hpp"
#include "thread/change.hpp"
#include "twin/term.hpp"

namespace cityloom::ngsi {

/// "urn:ngsi-ld:null"
inline constexpr std::string_view ngsi_ld_null = "urn:ngsi-ld:null";

/// What a body is to become. The kind decides which members must be there and where NGSI-LD Null may stand (update,
/// merge, create_or_merge, patch_attribute; it becomes a value twin::Null). With state_past attributes stand there once
/// for each time, in arrays, and Null in place of a value says that there was none.
struct ChangeForm {
  thread::Change::Kind kind = thread::Change::Kind::create;
  std::string entity_id;       ///< of the URL; empty: the body must have "id". With both, they must be equal
  bool simplified = false;     ///< the body is in simplified representation (keyValues)
  std::string language;        ///< of the parameter lang: text for a present LanguageProperty is of that language
  base::Instant observed_at;   ///< of the parameter observedAt: for present attributes that have an observedAt
  twin::EntityRecord present;  ///< the entity as it is, where known: a simplified value keeps the kind it has there
};

/// An entity or entity fragment, one item of a body, as a change with terms interned in `terms`.
/// Accepts normalized and concise attributes mixed. System-generated members (createdAt,
/// modifiedAt, deletedAt, instanceId) are left out, unknown ones are attributes.
/// Errors: invalid (BadRequestData; `where` is the JSON path, e.g. "temperature.unitCode"), too_large (geometry,
/// and attribute limits).
base::Result<thread::Change> parse_change(const Body& body, size_t item, const ChangeForm& form, const Context& context,
                                          twin::TermTable& terms);

/// An attribute fragment for `/entities/{id}/attrs/{name}`: kind patch_attribute or replace_attribute. `name` as in the
/// URL, a term or an IRI. A body that holds one instance with a datasetId addresses that instance.
base::Result<thread::Change> parse_attribute_change(const Body& body, std::string_view name, const ChangeForm& form,
                                                    const Context& context, twin::TermTable& terms);

/// One instance of the past of an attribute (clause 5.6.14): alone, or as an array of one below the attribute's name.
base::Result<twin::Attribute> parse_instance(const Body& body, std::string_view name, const Context& context,
                                             twin::TermTable& terms);

/// The list of ids of a batch delete: an array of URI strings. Errors: invalid, too_large.
base::Result<std::vector<std::string>> parse_ids(const Body& body);

}  // namespace cityloom::ngsi

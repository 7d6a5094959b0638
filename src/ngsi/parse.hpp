// NGSI-LD JSON (normalized, concise, simplified, GeoJSON Feature) read into changes of the record.
// ETSI GS CIM 009 clauses 4.5, 5.2, 5.5.4 - 5.5.12.
#pragma once

#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "ngsi/body.hpp"
#include "ngsi/context.hpp"
#include "thread/change.hpp"
#include "twin/term.hpp"

namespace cityloom::ngsi {

/// "urn:ngsi-ld:null"
inline constexpr std::string_view ngsi_ld_null = "urn:ngsi-ld:null";

/// What a body is to become. The kind decides which members must be there and where NGSI-LD Null may stand (update,
/// merge, create_or_merge, patch_attribute; it becomes a value twin::Null).
struct ChangeForm {
  thread::Change::Kind kind = thread::Change::Kind::create;
  std::string entity_id;      ///< of the URL; empty: the body must have "id". With both, they must be equal
  bool simplified = false;    ///< the body is in simplified representation (keyValues)
  std::string language;       ///< of the parameter lang: a string given for an attribute is that language's text
  base::Instant observed_at;  ///< of the parameter observedAt: for attributes that have none
};

/// An entity or entity fragment, one item of a body, as a change with terms interned in `terms`.
/// Accepts normalized and concise attributes mixed, and a GeoJSON Feature. System-generated members (createdAt,
/// modifiedAt, deletedAt, instanceId) are left out, unknown ones are attributes.
/// Errors: invalid (BadRequestData; `where` is the JSON path, e.g. "temperature.unitCode"), too_large (geometry,
/// attribute, record limits), too_complex (sub-attributes past depth).
base::Result<thread::Change> parse_change(const Body& body, size_t item, const ChangeForm& form, const Context& context,
                                          twin::TermTable& terms);

/// An attribute fragment for `/entities/{id}/attrs/{name}`: kind patch_attribute or replace_attribute. `name` as in the
/// URL, a term or an IRI. A body that holds one instance with a datasetId addresses that instance.
base::Result<thread::Change> parse_attribute_change(const Body& body, std::string_view name, const ChangeForm& form,
                                                    const Context& context, twin::TermTable& terms);

/// The list of ids of a batch delete: an array of URI strings. Errors: invalid, too_large.
base::Result<std::vector<std::string>> parse_ids(const Body& body);

/// Whether a text is a URI as the standard asks of ids: a scheme, ':', and something after it, without spaces or
/// characters that no URI or IRI has.
bool is_uri(std::string_view text);

/// Whether a text can be an attribute or type name: a term (letter, then letters, digits, '_' ...), a compact or full
/// IRI.
bool is_name(std::string_view text);

}  // namespace cityloom::ngsi

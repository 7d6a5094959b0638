// The small forms that the standard gives names, URIs, scopes, languages and times.
#pragma once

#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "base/result.hpp"

namespace cityloom::ngsi {

/// The term under which an entity's own expiresAt is kept: an attribute that is written as a plain member.
inline constexpr std::string_view expires_at_iri = "https://uri.etsi.org/ngsi-ld/expiresAt";

/// Whether a text is a URI as the standard asks of ids: a scheme, ':', and something after it, without spaces or
/// characters that no URI or IRI has, nor invisible ones (of direction, width or variation).
bool is_uri(std::string_view text);

/// Whether a text can be an attribute or type name (clause 4.6.2): a letter, then letters, digits, '_', of any
/// script; with a prefix and ':'; or an IRI.
bool is_name(std::string_view text);

/// Whether a text is a scope (clause 4.18): "/Madrid/Gardens", the first '/' may be missing.
bool is_scope(std::string_view text);

/// Whether a text looks like a language tag (RFC 5646) or is "@none".
bool is_language(std::string_view text);

/// A DateTime (clause 4.6.3): RFC 3339, a comma before the fraction too. Errors: invalid.
base::Result<base::Instant> parse_time(std::string_view text);

}  // namespace cityloom::ngsi

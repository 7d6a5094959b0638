// Accept, Content-Type and Link headers of NGSI-LD requests. ETSI GS CIM 009 clauses 6.3.3 - 6.3.6.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::serve::ngsi_ld {

/// The kinds of body that NGSI-LD knows, in the order of preference where a client prefers none.
enum class Media : uint8_t { json, ld_json, geo_json };

/// "application/json" ...
std::string_view name_of(Media media);

/// Which of the offered kinds an Accept header asks for: the highest q, then the order of `offered`. No header: the
/// first offered. Nothing: none is acceptable (406). A header past reading counts as none acceptable.
std::optional<Media> negotiate(std::string_view accept, const std::vector<Media>& offered);

/// The kind of a request's body by its Content-Type; parameters other than an UTF-8 charset are ignored.
/// `application/merge-patch+json` is json where `patch`. Nothing: not supported (415).
std::optional<Media> body_media(std::string_view content_type, bool patch);

/// The URL of the JSON-LD context in a Link header (all Link headers joined by commas); nothing: there is none.
/// Errors: invalid (several contexts, or a link that cannot be read).
base::Result<std::optional<std::string>> context_link(std::string_view link);

/// The value of a Link header that names a context.
std::string link_to_context(std::string_view url);

}  // namespace cityloom::serve::ngsi_ld

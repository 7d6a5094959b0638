// How scopes that are stated of the past are kept. ETSI GS CIM 009 clause 4.5.6.
#pragma once

#include <string_view>

namespace cityloom::ngsi {

/// The name of the attribute under which they are kept: its instances are theirs, and no attribute of the entity.
inline constexpr std::string_view scope_iri = "https://uri.etsi.org/ngsi-ld/scope";

}  // namespace cityloom::ngsi

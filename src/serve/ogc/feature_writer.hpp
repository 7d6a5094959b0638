// Entities as flat GeoJSON features: a column an attribute, so that programs of maps show tables.
#pragma once

#include <string>
#include <string_view>

#include "ngsi/names.hpp"
#include "serve/ogc/crs.hpp"
#include "twin/entity.hpp"

namespace cityloom::serve::ogc {

/// The name of an attribute's column, as JSON in quotes: the short name of its IRI.
std::string column_of(twin::Term name, const ngsi::Names& names);

/// Appends `"type":"Feature","id":...,"geometry":...,"properties":{...}`, without braces around it. A value that is an
/// object becomes a column a member ("address.city"), a language map one a language; further datasets of an attribute
/// stand as "name@dataset". `observedAt` is the latest of all attributes. What is past its time by `now` is left out.
/// False: the geometry lies outside of what the coordinate system can express, and is null.
bool append_feature(const twin::EntityRecord& record, const Crs& crs, base::Instant now, const ngsi::Names& names,
                    std::string& to);

}  // namespace cityloom::serve::ogc

// Parts of queries and subscriptions that come as JSON, read into the parameters that the URL would have.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/query.hpp"
#include "ngsi/values.hpp"

namespace cityloom::ngsi {

/// The compact text of a JSON array, if the text is one and nothing more.
std::optional<std::string> json_array(std::string_view text);

/// An array of names as one comma-separated text. Errors: invalid (no array, empty).
base::Result<std::string> read_names(simdjson::dom::element value, const JsonPath& at);

/// An EntitySelector: id (one or several, comma-separated), idPattern, type. Errors: invalid.
base::Result<QueryParameters> read_selector(simdjson::dom::element value, const JsonPath& at);

/// A GeoQuery: georel, geometry, coordinates (JSON or its text), geoproperty, set in `to`. Errors: invalid.
base::Status read_geo_query(simdjson::dom::element value, const JsonPath& at, QueryParameters& to);

/// A list of datasetIds, appended to `to`. Errors: invalid.
base::Status read_dataset_ids(simdjson::dom::element value, const JsonPath& at, std::vector<std::string>& to);

}  // namespace cityloom::ngsi

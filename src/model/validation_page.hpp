// What a validation found, as JSON and as a page with pictures.
#pragma once

#include "model/model.hpp"

namespace cityloom::model {

/// {"model", "version", "holds", "cases": [{"name", "quantity", "published", "ours", "error", ...}]}
Json json_of(const Declaration& declaration, const Validation& cases);

/// Writes ID.html into a folder: case by case the published answer, ours, how far apart they are, and the picture.
/// Errors: unavailable.
base::Status write_validation_page(const std::string& folder, const Declaration& declaration, const Validation& cases);

}  // namespace cityloom::model

// Reads CityJSON files (1.0 to 2.0) and CityJSON sequences into an import.
#pragma once

#include <string_view>

#include "space/city/image_source.hpp"
#include "space/importer.hpp"

namespace cityloom::space {

/// Whether a file is CityJSON, or the first line of a sequence, by how it begins.
bool is_cityjson(std::string_view head);

/// Adds every object of the file. A file is read twice: first its vertices, appearance and templates, and whether all
/// of it is JSON; then its objects, one at a time. A sequence is read once, line by line, and a bad line is a warning.
/// Memory: 12 bytes a vertex (24 where they are no whole numbers), the appearance, and the largest object.
/// Errors: corrupt, invalid (names no coordinate system), too_large (past `nodes_max` vertices), cancelled, errors of
/// the sink.
base::Status import_cityjson(const ImportInput& input, ImportBatch& batch);

/// The same with pictures from elsewhere than beside the file; `images` may be nullptr.
base::Status import_cityjson_with(const ImportInput& input, ImportBatch& batch, ImageSource* images);

}  // namespace cityloom::space

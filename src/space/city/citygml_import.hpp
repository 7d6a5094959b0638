// Reads CityGML files (1.0, 2.0, 3.0) into an import.
#pragma once

#include <string_view>

#include "space/city/image_source.hpp"
#include "space/importer.hpp"

namespace cityloom::space {

/// Whether a file is CityGML, by how it begins.
bool is_citygml(std::string_view head);

/// Adds every object of the file but relief, which is terrain. The file is read twice: first all of it for its
/// coordinate system, the model's appearances, and which xlinks lead to other objects (where some do, once more to
/// fetch what they lead to); then its objects, one at a time. So a damaged file adds nothing.
/// Memory: the largest object, the model's appearances (at most 160 MiB) and what is linked (at most 256 MiB).
/// Errors: corrupt, invalid (names no coordinate system), unavailable, cancelled, errors of the sink.
base::Status import_citygml(const ImportInput& input, ImportBatch& batch);

/// The same with pictures from elsewhere than beside the file; `images` may be nullptr.
base::Status import_citygml_with(const ImportInput& input, ImportBatch& batch, ImageSource* images);

}  // namespace cityloom::space

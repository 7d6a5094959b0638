// GTFS: stops and routes as entities, the timetable as assets.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// Whether an archive begins as one that may hold GTFS: by the names of its first files.
bool is_gtfs(std::string_view head);

/// The files of a city's folder, where each folder that holds the tables of a feed stands for those.
std::vector<CityFile> with_feed_folders(std::vector<CityFile> files, const std::string& city);

/// Imports one archive or folder, see Importer::import. At most 30 million stop times: 16 bytes each are held.
base::Status import_gtfs(const ImportInput& input, ImportBatch& batch);

}  // namespace cityloom::space

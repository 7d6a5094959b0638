// Zip archives of files that an importer knows: a city model with its textures, a folder of models (room-internal).
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// How much larger than the archive its files may be altogether, past `archive_bytes_free`: models in XML have 10
/// to 50.
inline constexpr uint64_t archive_ratio_max = 200;
inline constexpr uint64_t archive_bytes_free = 256u << 20;

/// Whether a file is such an archive, by its name.
bool is_archive_name(std::string_view file_name);

/// Whether an error concerns one file of an import, not the import as a whole: then the others are still taken.
bool is_of_one_file(const base::Error& error);

/// Brings in every file of the archive that an importer knows and can read forward, whatever folder it lies in: those
/// that hold more first, each under its own name as a source; where `source` is given, under that and "/NAME", if there
/// are several. Files are read as they unpack; nothing is written to disk. A file that fails is a warning as long as
/// others succeed. Errors: corrupt (no archive, damaged), too_large (unpacks to far more than it should), unsupported
/// (holds nothing that is known), the first file's where none succeeded, cancelled, errors of the sink.
base::Status import_archive(const ImportInput& input, const std::string& source, ImportBatch& batch);

}  // namespace cityloom::space

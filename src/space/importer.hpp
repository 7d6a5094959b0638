// What an importer of one family of formats is, and the table of all of them (room-internal; the door is space.hpp).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "space/byte_source.hpp"
#include "space/formats/zip_archive.hpp"
#include "space/import_batch.hpp"

namespace cityloom::space {

/// A file on disk, its bytes in memory, or a file in an archive; the name says its format.
struct ImportInput {
  std::string name;
  std::string path;                 ///< or
  std::string_view bytes;           ///< which must outlive the import, or
  ZipArchive* archive = nullptr;    ///< which must as well, with
  const ZipEntry* entry = nullptr;  ///< one of its entries

  /// From its beginning, unpacked. Errors: not_found, unavailable, corrupt and unsupported (of the archive).
  base::Result<ByteSource> open() const;
};

/// One family of formats.
struct Importer {
  std::string_view format;   ///< for people: "OpenStreetMap"
  std::string_view endings;  ///< of file names, small letters, a blank between: ".osm .osm.gz .osm.pbf .pbf"
  /// Whether this file is one of the format, by how it begins: its first `head_bytes` (unpacked, if it is gzip) or all
  /// of it. nullptr: the ending says enough.
  bool (*recognises)(std::string_view head);
  /// Adds everything in the file to the batch, between its begin_file and end_file. A bad feature is a warning of the
  /// batch. A file that cannot be read to its end should add nothing. Errors: corrupt, unavailable (cannot be opened),
  /// too_large, cancelled, errors of the sink.
  base::Status (*import)(const ImportInput& input, ImportBatch& batch);
  /// Whether it only reads by `ImportInput::open`, and so takes files of archives too.
  bool reads_forward = true;
};

inline constexpr size_t head_bytes = 64u << 10;

/// All importers; the first that fits takes a file.
std::span<const Importer> importers();

/// Whether some importer takes files of this name (it may still refuse what is in it).
bool is_known_name(std::string_view file_name);

/// The importer of a file. nullptr: none fits. Errors: not_found, unavailable, corrupt (its packing is damaged).
base::Result<const Importer*> importer_of(const ImportInput& input);

/// Brings one file into the batch, under this name of a source; the batch forgets it where it fails. Errors: those of
/// the importer and the batch.
base::Status import_one(const Importer& importer, const ImportInput& input, const std::string& source,
                        ImportBatch& batch);

}  // namespace cityloom::space

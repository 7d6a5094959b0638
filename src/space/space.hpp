// The door of the room: bring the files of a city into a thread. Tiles: tiles/tiles.hpp; roads: roads.hpp; coordinate
// systems: coordinates.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "thread/thread.hpp"

namespace cityloom::space {

/// One thing in a file that could not be taken as it is. `object` names it as the file does: "way/123".
struct ImportWarning {
  std::string file;
  std::string object;
  std::string reason;
  bool operator==(const ImportWarning&) const = default;
};

/// A file that was not imported, and why.
struct ImportFailure {
  std::string file;
  base::Error error;
};

/// What an import did.
struct ImportReport {
  uint64_t imported = 0;   ///< entities created or changed
  uint64_t unchanged = 0;  ///< entities that the record held already, equal
  uint64_t removed = 0;    ///< entities of the same source that the file no longer holds
  std::vector<std::pair<std::string, uint64_t>> entities;  ///< read from the files, by type name: {"Building", 1357}
  std::vector<ImportWarning> warnings;                     ///< the first `warnings_max` of them
  uint64_t warnings_count = 0;
  std::vector<std::string> files;       ///< imported, in their order
  std::vector<ImportFailure> failures;  ///< of import_city: files of a known kind that failed; the others were imported
  std::vector<ImportFailure> ignored;   ///< of import_city: files that hold nothing that an importer takes, and why

  /// Whether something was there and nothing of it could be taken: every object is a warning, every file a failure.
  bool took_nothing() const;
  /// For a person, one line: "1357 Building, 812 RoadSegment: 2169 imported, 0 unchanged, 0 removed, 3 warnings".
  std::string text() const;
};

/// How far an import is. `bytes_*` are of the current file; each byte counts once for every pass over it.
struct ImportProgress {
  std::string_view file;
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;
  uint64_t entities = 0;  ///< handed to the sink so far
};

/// Where a model without a place on the earth is put: its origin's position, and how far it is turned clockwise.
struct Placement {
  double longitude_deg = 0;
  double latitude_deg = 0;
  double height_m = 0;  ///< above the ellipsoid
  double rotation_deg = 0;
};

struct ImportOptions {
  std::function<void(const ImportProgress&)> progress;  ///< on the caller's worker, after each block of a file
  std::stop_token stop;
  std::string source;                          ///< what the entities carry as `source`; empty: the file's name
  std::string crs;                             ///< of files that name no coordinate system, or instead of theirs
  std::optional<Placement> placement;          ///< of models that have no coordinate system
  std::string type;                            ///< of entities of files that name none: "Pipe"
  std::map<std::string, std::string> columns;  ///< of tables: what ("lon", "lat", "id", ...) -> the column's name
  std::string encoding;                        ///< of tables: "CP949"; empty: found out
  size_t batch_changes = 1'000;                ///< changes that go to the sink together
  size_t batch_positions = 100'000;            ///< positions in them, about
  size_t warnings_max = 1'000;
  uint64_t nodes_max = 30'000'000;  ///< of one file that its features use: 16 bytes each are held
};

/// Where an import writes. One worker at a time.
class ImportSink {
 public:
  virtual ~ImportSink() = default;
  virtual twin::TermTable& terms() = 0;
  /// Takes changes and says what became of each. Returns when they are durable.
  virtual base::Result<thread::Outcomes> append(std::vector<thread::Change> changes) = 0;
  /// Calls `visit` with each entity whose attribute `attribute` is this text, unpacked. Cost: looks at every entity.
  virtual base::Status each_of_source(twin::Term attribute, std::string_view source,
                                      const std::function<void(const twin::Entity&)>& visit) = 0;
  /// Keeps bytes that a fact will name (a block of terrain, a texture, points): see thread::Thread::put_asset.
  virtual base::Result<std::string> put_asset(std::string_view bytes) = 0;
};

/// Writes to a branch of a thread.
class ThreadSink final : public ImportSink {
 public:
  explicit ThreadSink(thread::Thread& thread, thread::BranchId branch = thread::main_branch,
                      std::string author = "import")
      : thread_(thread), branch_(branch), author_(std::move(author)) {}
  twin::TermTable& terms() override { return thread_.terms(); }
  base::Result<thread::Outcomes> append(std::vector<thread::Change> changes) override;
  base::Status each_of_source(twin::Term attribute, std::string_view source,
                              const std::function<void(const twin::Entity&)>& visit) override;
  base::Result<std::string> put_asset(std::string_view bytes) override { return thread_.put_asset(bytes); }

 private:
  thread::Thread& thread_;
  thread::BranchId branch_;
  std::string author_;
};

/// Whether an importer takes files of this name. What is in it may still be of no known format.
bool can_import(std::string_view file_name);

/// All formats, for a person: "OpenStreetMap (.osm .osm.gz .osm.pbf .pbf), ...".
std::string known_formats();

/// Brings one file into the sink. Importing it again changes only what changed and removes what is gone from it (unless
/// nothing of it could be taken). A bad feature becomes a warning. A damaged file is found before anything is written.
/// Memory: bounded by the options, not by the file. Errors: not_found, unsupported (kind of file), corrupt (damaged:
/// nothing was imported), too_large, cancelled and errors of the sink (the text says how much was imported until then).
base::Result<ImportReport> import_file(const std::string& path, ImportSink& sink, const ImportOptions& options = {});

/// The same from bytes; the name says their kind. The bytes must live until it returns.
base::Result<ImportReport> import_bytes(std::string_view name, std::string_view bytes, ImportSink& sink,
                                        const ImportOptions& options = {});

inline constexpr int folder_depth_max = 8;           ///< folders within folders
inline constexpr size_t folder_files_max = 100'000;  ///< in all of them

/// A file in the folder of a city.
struct CityFile {
  std::string name;  ///< from the folder on: "roads/inner.osm"
  std::string path;
  uint64_t bytes = 0;
};

/// The files of a folder and of the folders in it, in the order in which import_city takes them: those that hold more
/// first, then by name. What is hidden (".git") and folders behind links are left out. Errors: not_found, too_large
/// (too many files, or too deep).
base::Result<std::vector<CityFile>> city_files(const std::string& folder);

/// Brings in every file of a known kind among `city_files`; an object that an earlier file gave is not taken again from
/// a later one. What an entity carries as `source` is the file's name from the folder on. A file that fails is in
/// `failures`. Errors: those of city_files, not_found (nothing that can be imported), cancelled, errors of the sink.
base::Result<ImportReport> import_city(const std::string& folder, ImportSink& sink, const ImportOptions& options = {});

}  // namespace cityloom::space

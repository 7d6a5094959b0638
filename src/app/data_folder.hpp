// The folder that holds everything recorded: one record a tenant, and a few notes of the program.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.hpp"
#include "base/instant.hpp"
#include "base/result.hpp"
#include "thread/thread.hpp"

namespace cityloom::app {

/// The folder of the default tenant among the tenants' folders.
inline constexpr std::string_view main_tenant = "main";

/// Where a server that runs over a data folder can be reached.
struct RunningServer {
  std::string url;  ///< "http://127.0.0.1:8080"
  int64_t process = 0;
};

/// A data folder that exists and can be written:
///   cityloom.json      format of the folder
///   tenants/NAME/      the record of a tenant; "main" is the default one
///   notes/             what the program remembers beside the records; may be deleted
///   running.json       only while a server runs
class DataFolder {
 public:
  /// Whether the folder is made if it is not there.
  enum class Absent { make, fail };

  /// Errors: not_found, unavailable (not writable, full), conflict (a folder with other things in it), unsupported
  /// (made by a newer version).
  static base::Result<DataFolder> open(const std::string& path, Absent absent);

  const std::string& path() const { return path_; }
  std::string record_folder(std::string_view tenant) const;
  std::string notes_folder() const { return path_ + "/notes"; }

  /// Names of tenants on disk but the default one, sorted.
  std::vector<std::string> tenants() const;

  /// Opens a tenant's record and folds what is not yet folded. "" is the default tenant. The clock must outlive it.
  /// Errors: conflict (in use by another process, saying by which server if it is known), unavailable, corrupt.
  base::Result<std::unique_ptr<thread::Thread>> open_record(
      std::string_view tenant, const base::Clock& clock, const Settings& settings,
      const std::function<void(thread::Offset, thread::Offset)>& progress = {}) const;

  /// The server that runs over this folder, if one said so and its process is there.
  std::optional<RunningServer> running() const;

  /// Says (nothing: no longer) that this process serves the folder.
  void set_running(const std::optional<RunningServer>& server) const;

  /// Bytes that may still be written to the disk it lies on; nothing if the system does not say.
  std::optional<uint64_t> free_bytes() const;

 private:
  explicit DataFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// Writes the marker of a data folder: into a new one, or into a backup, which is a data folder too.
base::Status write_folder_marker(const std::string& path);

}  // namespace cityloom::app

// Files and folders into a sink.
#include "space/space.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "space/archive_import.hpp"
#include "space/import_batch.hpp"
#include "space/importer.hpp"
#include "space/transit/gtfs_import.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
namespace fs = std::filesystem;

base::Error unknown_format(const ImportInput& input) {
  return fail(
      Code::unsupported,
      is_known_name(input.name) ? "No importer knows what is in this file" : "No importer knows files of this name",
      input.name, "Known are " + known_formats());
}

// One file within an import, or all that an archive holds. `source`: what its entities carry; of an archive, what
// stands before the names of its files ("": nothing).
base::Status import_input(const ImportInput& input, const std::string& source, ImportBatch& batch) {
  const auto importer = importer_of(input);
  if (!importer) return importer.error();
  if (*importer != nullptr) return import_one(**importer, input, source.empty() ? input.name : source, batch);
  return is_archive_name(input.name) ? import_archive(input, source, batch) : base::Status(unknown_format(input));
}

base::Status import_of_city(const CityFile& file, ImportBatch& batch) {
  const ImportInput input{.name = file.name, .path = file.path, .bytes = {}};
  const std::string& wanted = batch.options().source;
  // Each file is a source of its own: else one would end what another said.
  const std::string source = wanted.empty() ? file.name : wanted + "/" + file.name;
  std::error_code error;
  static constexpr Importer feed_folder{"GTFS", "", nullptr, import_gtfs, false};
  return fs::is_directory(file.path, error) ? import_one(feed_folder, input, source, batch)
                                            : import_input(input, source, batch);
}

base::Result<ImportReport> import_single(const ImportInput& input, ImportSink& sink, const ImportOptions& options) {
  auto vocabulary = Vocabulary::intern(sink.terms());
  if (!vocabulary) return std::move(vocabulary).error();
  ImportBatch batch(sink, *vocabulary, options);
  if (auto status = import_input(input, options.source, batch); !status) {
    base::Error error = std::move(status).error();
    if (error.where.find(input.name) == std::string::npos) {
      error.where = error.where.empty() ? input.name : input.name + ", " + error.where;
    }
    return error;
  }
  return batch.finish();
}

// The reason of a file of a known kind says more than a list of all kinds.
base::Error nothing_in(const std::string& folder, const ImportReport& report) {
  const auto known = std::find_if(report.ignored.begin(), report.ignored.end(),
                                  [](const ImportFailure& one) { return !one.error.remedy.starts_with("Known are"); });
  const std::string what = "The folder holds no file that can be imported";
  if (known == report.ignored.end()) {
    return fail(Code::not_found, what, folder, "Put files of the city there: " + known_formats());
  }
  return fail(Code::not_found, what + ". " + known->file + ": " + known->error.what, folder, known->error.remedy);
}

// What a file would have as plain XML, about.
uint64_t content_bytes(const CityFile& file) {
  const bool is_plain = file.name.ends_with(".osm");
  return is_plain ? file.bytes : file.bytes * 12;
}

}  // namespace

std::string ImportReport::text() const {
  std::string text;
  for (const auto& [type, count] : entities) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + type;
  if (text.empty()) text = "no entities";
  return text + ": " + std::to_string(imported) + " imported, " + std::to_string(unchanged) + " unchanged, " +
         std::to_string(removed) + " removed, " + std::to_string(warnings_count) + " warnings";
}

bool ImportReport::took_nothing() const {
  return imported == 0 && unchanged == 0 && (warnings_count > 0 || !failures.empty());
}

bool can_import(std::string_view file_name) {
  return is_known_name(file_name);
}

base::Result<ImportReport> import_file(const std::string& path, ImportSink& sink, const ImportOptions& options) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return fail(Code::not_found, "There is no such file", path);
  return import_single({.name = fs::path(path).filename().string(), .path = path, .bytes = {}}, sink, options);
}

base::Result<ImportReport> import_bytes(std::string_view name, std::string_view bytes, ImportSink& sink,
                                        const ImportOptions& options) {
  return import_single({.name = fs::path(name).filename().string(), .path = {}, .bytes = bytes}, sink, options);
}

base::Result<std::vector<CityFile>> city_files(const std::string& folder) {
  std::error_code error;
  std::vector<CityFile> files;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const bool is_folder = entry->is_directory(error) && !entry->is_symlink(error);
    if (entry->path().filename().string().starts_with('.')) {
      if (is_folder) entry.disable_recursion_pending();
      continue;
    }
    if (is_folder && entry.depth() >= folder_depth_max) {
      return fail(Code::too_large, "Folders lie more than 8 deep within the city's", entry->path().string());
    }
    if (!entry->is_regular_file(error)) continue;
    if (files.size() == folder_files_max) {
      return fail(Code::too_large, "The folder holds more than 100000 files", folder, "Is it the folder you meant?");
    }
    files.push_back(
        {entry->path().lexically_relative(folder).generic_string(), entry->path().string(), entry->file_size(error)});
  }
  if (error) return fail(Code::not_found, "The folder cannot be read: " + error.message(), folder);
  // The order must not depend on the file system.
  std::sort(files.begin(), files.end(), [](const CityFile& a, const CityFile& b) {
    return content_bytes(a) != content_bytes(b) ? content_bytes(a) > content_bytes(b) : a.name < b.name;
  });
  return files;
}

base::Result<ImportReport> import_city(const std::string& folder, ImportSink& sink, const ImportOptions& options) {
  auto files = city_files(folder);
  if (!files) return std::move(files).error();
  auto vocabulary = Vocabulary::intern(sink.terms());
  if (!vocabulary) return std::move(vocabulary).error();
  ImportBatch batch(sink, *vocabulary, options);
  for (const CityFile& file : with_feed_folders(std::move(*files), folder)) {
    const base::Status status = import_of_city(file, batch);
    if (status) continue;
    if (!is_of_one_file(status.error())) return status.error();
    auto& list = status.error().code == Code::unsupported ? batch.report().ignored : batch.report().failures;
    list.push_back({file.name, status.error()});
  }
  if (batch.report().files.empty() && batch.report().failures.empty()) return nothing_in(folder, batch.report());
  return batch.finish();
}

}  // namespace cityloom::space

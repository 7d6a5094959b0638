// An archive is a folder that came as one file.
#include "space/archive_import.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "space/city/image_source.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

// A file that may be imported.
struct Candidate {
  const ZipEntry* entry;
  std::string path;  // in the archive, in its shortest form
  std::string name;  // of the file, or the path where several have that name
};

std::string_view file_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// The reader gives no more than the list says: so what the list adds up to bounds time and space, however it is packed.
base::Status check_size(const ZipArchive& archive, uint64_t archive_bytes, const std::string& name) {
  uint64_t bytes = 0;
  for (const ZipEntry& entry : archive.entries()) {
    bytes = entry.bytes > UINT64_MAX - bytes ? UINT64_MAX : bytes + entry.bytes;
  }
  if (bytes <= archive_bytes_free || bytes / archive_ratio_max <= archive_bytes) return {};
  return fail(Code::too_large,
              "The zip archive of " + std::to_string(archive_bytes) + " bytes says that it unpacks to " +
                  std::to_string(bytes) + ", more than " + std::to_string(archive_ratio_max) + " times as much",
              name, "Unpack it yourself and import the files, if you trust them");
}

std::vector<Candidate> candidates_in(const ZipArchive& archive) {
  std::vector<Candidate> found;
  std::map<std::string, int, std::less<>> names;
  for (const ZipEntry& entry : archive.entries()) {
    std::string path = inner_name(entry.name);
    const std::string_view file = file_part(path);
    if (path.empty() || entry.name.ends_with('/') || path.starts_with("__MACOSX/") || file.starts_with('.')) continue;
    if (!is_known_name(file) || is_archive_name(file)) continue;
    ++names[std::string(file)];
    found.push_back({&entry, path, std::string(file)});
  }
  for (Candidate& one : found) {
    if (names[one.name] > 1) one.name = one.path;
  }
  std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return a.entry->bytes != b.entry->bytes ? a.entry->bytes > b.entry->bytes : a.path < b.path;
  });
  return found;
}

std::string source_of(const Candidate& one, const std::string& wanted, size_t candidates) {
  if (wanted.empty()) return one.name;
  return candidates == 1 ? wanted : wanted + "/" + one.name;
}

}  // namespace

bool is_of_one_file(const base::Error& error) {
  switch (error.code) {
    case Code::corrupt:
    case Code::too_large:
    case Code::not_found:
    case Code::invalid:
    case Code::unsupported:
      return true;
    default:
      return false;
  }
}

bool is_archive_name(std::string_view file_name) {
  constexpr std::string_view ending = ".zip";
  if (file_name.size() <= ending.size()) return false;
  const std::string_view last = file_name.substr(file_name.size() - ending.size());
  return std::equal(last.begin(), last.end(), ending.begin(),
                    [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

base::Status import_archive(const ImportInput& input, const std::string& source, ImportBatch& batch) {
  auto archive = ZipArchive::open(input.path, input.bytes);
  if (!archive) return archive.error();
  if (auto status = check_size(*archive, archive->size(), input.name); !status) return status;
  const std::vector<Candidate> candidates = candidates_in(*archive);
  uint64_t imported = 0;
  std::optional<base::Error> first_error;
  for (const Candidate& one : candidates) {
    const ImportInput inner{one.name, {}, {}, &*archive, one.entry};
    const auto importer = importer_of(inner);
    if (importer && *importer == nullptr) continue;
    const base::Status status = importer
                                    ? import_one(**importer, inner, source_of(one, source, candidates.size()), batch)
                                    : base::Status(importer.error());
    if (status) {
      ++imported;
    } else if (!is_of_one_file(status.error())) {
      return status;
    } else {
      if (!first_error) first_error = status.error();
      batch.warn(excerpt(one.path, 200), status.error().text());
    }
  }
  if (imported > 0) return {};
  if (first_error) return *first_error;
  return fail(Code::unsupported, "The zip archive holds no file that can be imported", input.name,
              "Known are " + known_formats());
}

}  // namespace cityloom::space

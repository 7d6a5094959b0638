// Names in files are not to be trusted: they stay in their folder.
#include "space/city/image_source.hpp"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
namespace fs = std::filesystem;

class FolderImages final : public ImageSource {
 public:
  explicit FolderImages(fs::path folder) : folder_(std::move(folder)) {}

  base::Result<std::string> read(std::string_view name) override {
    const std::string inner = inner_name(name);
    if (inner.empty()) return fail(Code::invalid, "The name leads out of the model's folder", excerpt(name));
    std::error_code error;
    const fs::path root = fs::canonical(folder_, error);
    const fs::path path = error ? fs::path() : fs::canonical(root / inner, error);
    if (error) return fail(Code::not_found, "There is no such picture", excerpt(name));
    const auto [end, rest] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
    (void)rest;
    if (end != root.end()) return fail(Code::invalid, "The name leads out of the model's folder", excerpt(name));
    if (!fs::is_regular_file(path, error)) return fail(Code::not_found, "There is no such picture", excerpt(name));
    const uintmax_t size = fs::file_size(path, error);
    if (error || size > image_bytes_max) return fail(Code::too_large, "The picture is too large", excerpt(name));
    std::ifstream stream(path, std::ios::binary);
    std::string bytes(static_cast<size_t>(size), '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (stream.gcount() != static_cast<std::streamsize>(bytes.size())) {
      return fail(Code::unavailable, "The picture cannot be read", excerpt(name));
    }
    return bytes;
  }

 private:
  fs::path folder_;
};

class ArchiveImages final : public ImageSource {
 public:
  ArchiveImages(ZipArchive& archive, std::string_view model) : archive_(archive) {
    folder_ = model.substr(0, model.rfind('/') + 1);
    for (const ZipEntry& entry : archive.entries()) entries_.try_emplace(inner_name(entry.name), &entry);
  }

  base::Result<std::string> read(std::string_view name) override {
    const std::string inner = inner_name(folder_ + std::string(name));
    if (inner.empty()) return fail(Code::invalid, "The name leads out of the archive", excerpt(name));
    const auto found = entries_.find(inner);
    if (found == entries_.end()) return fail(Code::not_found, "There is no such picture in the archive", excerpt(name));
    const ZipEntry& entry = *found->second;
    if (entry.bytes > image_bytes_max) return fail(Code::too_large, "The picture is too large", excerpt(name));
    auto reader = archive_.read(entry);
    if (!reader) return std::move(reader).error();
    std::string bytes;
    std::string block(1u << 16, '\0');
    while (true) {
      const auto count = reader->read(block.data(), block.size());
      if (!count) return count.error();
      if (*count == 0) return bytes;
      bytes.append(block, 0, *count);
    }
  }

 private:
  ZipArchive& archive_;
  std::string folder_;  // of the model, with "/" at its end, or ""
  absl::flat_hash_map<std::string, const ZipEntry*> entries_;
};

}  // namespace

std::string inner_name(std::string_view name) {
  if (name.empty() || name.size() > 4'096 || name.front() == '/' || name.front() == '\\') return {};
  if (name.find(':') != std::string_view::npos || name.find('\0') != std::string_view::npos) return {};
  std::vector<std::string> parts;
  std::string part;
  const auto end_part = [&] {
    if (part == "..") {
      if (parts.empty()) return false;
      parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    part.clear();
    return true;
  };
  for (char c : name) {
    if (c != '/' && c != '\\') {
      part.push_back(c);
    } else if (!end_part()) {
      return {};
    }
  }
  if (!end_part()) return {};
  std::string inner;
  for (const std::string& one : parts) inner += (inner.empty() ? "" : "/") + one;
  return inner;
}

std::string media_type_of_image(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xD8\xFF")) return "image/jpeg";
  if (bytes.starts_with("\x89PNG\r\n\x1A\n")) return "image/png";
  if (bytes.size() > 12 && bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WEBP") return "image/webp";
  return {};
}

std::unique_ptr<ImageSource> images_beside(const std::string& file_path) {
  return std::make_unique<FolderImages>(fs::path(file_path).parent_path().empty() ? fs::path(".")
                                                                                  : fs::path(file_path).parent_path());
}

std::unique_ptr<ImageSource> images_of(const ImportInput& input) {
  if (input.archive != nullptr) return std::make_unique<ArchiveImages>(*input.archive, input.entry->name);
  return input.path.empty() ? nullptr : images_beside(input.path);
}

}  // namespace cityloom::space

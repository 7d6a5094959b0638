// The files in a zip archive, read one after another without unpacking it as a whole.
#pragma once

#include <zlib.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::space {

inline constexpr size_t zip_entries_max = 100'000;

/// One file in an archive.
struct ZipEntry {
  std::string name;  ///< with folders, as the archive has it
  uint64_t packed_bytes = 0;
  uint64_t bytes = 0;  ///< as the archive says: a reader stops with an error when more comes
  uint32_t crc = 0;
  uint16_t method = 0;
  uint64_t header_offset = 0;
};

/// Reads the list at an archive's end (zip64 too). One worker at a time for the archive and its readers.
class ZipArchive {
 public:
  /// From a file, or from bytes that must outlive it. Errors: not_found, unavailable, corrupt (no archive, or damaged).
  static base::Result<ZipArchive> open(const std::string& path, std::string_view bytes);

  const std::vector<ZipEntry>& entries() const { return entries_; }
  /// Bytes of the archive itself.
  uint64_t size() const { return size_; }
  /// The entry of this name in the archive's folder of the shortest path; nullptr if there is none.
  const ZipEntry* find(std::string_view file_name) const;

  /// Reads one entry forward.
  class Reader {
   public:
    /// Fills up to so many bytes; 0 at the end. Errors: corrupt (damaged, more than the archive says, wrong sum).
    base::Result<size_t> read(char* to, size_t size);

   private:
    friend class ZipArchive;
    struct EndInflate {
      void operator()(z_stream* stream) const {
        inflateEnd(stream);
        delete stream;
      }
    };
    base::Result<size_t> next(char* to, size_t size);
    ZipArchive* archive_ = nullptr;
    ZipEntry entry_;
    uint64_t offset_ = 0, packed_left_ = 0, given_ = 0;
    uint32_t crc_ = 0;
    std::unique_ptr<z_stream, EndInflate> inflate_;
    std::vector<char> packed_;
  };
  /// The archive must stay where it is while the reader lives. Errors: corrupt, unsupported (encrypted, or another
  /// method than stored and deflated).
  base::Result<Reader> read(const ZipEntry& entry);

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  base::Status at(uint64_t offset, char* to, size_t size);
  base::Status read_list();
  base::Status read_entries(uint64_t offset, uint64_t size, uint64_t count);

  std::unique_ptr<std::FILE, CloseFile> file_;
  std::string_view bytes_;
  uint64_t size_ = 0;
  std::vector<ZipEntry> entries_;
};

}  // namespace cityloom::space

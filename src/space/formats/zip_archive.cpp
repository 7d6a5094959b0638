// The central directory, then single entries by zlib.
#include "space/formats/zip_archive.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr size_t end_bytes = 22, comment_bytes_max = 65'535, list_bytes_max = 64u << 20;

uint16_t two(const char* at) {
  return static_cast<uint16_t>(static_cast<unsigned char>(at[0]) | static_cast<unsigned char>(at[1]) << 8);
}
uint32_t four(const char* at) {
  return static_cast<uint32_t>(two(at)) | static_cast<uint32_t>(two(at + 2)) << 16;
}
uint64_t eight(const char* at) {
  return four(at) | static_cast<uint64_t>(four(at + 4)) << 32;
}
base::Error damaged(std::string what) {
  return fail(Code::corrupt, "The zip archive is damaged: " + std::move(what));
}

}  // namespace

base::Status ZipArchive::at(uint64_t offset, char* to, size_t size) {
  if (offset > size_ || size > size_ - offset) return damaged("it ends too early");
  if (!file_) {
    std::memcpy(to, bytes_.data() + offset, size);
    return {};
  }
  if (fseeko(file_.get(), static_cast<off_t>(offset), SEEK_SET) != 0 || std::fread(to, 1, size, file_.get()) != size) {
    return fail(Code::unavailable, "The file cannot be read");
  }
  return {};
}

base::Result<ZipArchive> ZipArchive::open(const std::string& path, std::string_view bytes) {
  ZipArchive archive;
  archive.bytes_ = bytes;
  archive.size_ = bytes.size();
  if (!path.empty()) {
    archive.file_.reset(std::fopen(path.c_str(), "rb"));
    if (!archive.file_) {
      return fail(errno == ENOENT ? Code::not_found : Code::unavailable, "The file cannot be opened", path);
    }
    std::error_code error;
    archive.size_ = std::filesystem::file_size(path, error);
  }
  if (auto status = archive.read_list(); !status) return std::move(status).error();
  return archive;
}

base::Status ZipArchive::read_list() {
  const size_t tail_bytes = static_cast<size_t>(std::min<uint64_t>(size_, end_bytes + comment_bytes_max));
  std::string tail(tail_bytes, '\0');
  if (auto status = at(size_ - tail_bytes, tail.data(), tail.size()); !status) return status;
  const size_t found = tail.rfind("PK\x05\x06");
  if (found == std::string::npos || found + end_bytes > tail.size()) return damaged("its list of files is missing");
  const char* const end = tail.data() + found;
  uint64_t count = two(end + 10), size = four(end + 12), offset = four(end + 16);
  const uint64_t end_offset = size_ - tail_bytes + found;
  if ((count == 0xFFFF || offset == 0xFFFFFFFF || size == 0xFFFFFFFF) && end_offset >= 20) {
    char locator[20], record[56];
    if (auto status = at(end_offset - 20, locator, 20); !status) return status;
    if (four(locator) != 0x07064B50) return damaged("its zip64 list is missing");
    if (auto status = at(eight(locator + 8), record, 56); !status) return status;
    if (four(record) != 0x06064B50) return damaged("its zip64 list is missing");
    count = eight(record + 32);
    size = eight(record + 40);
    offset = eight(record + 48);
  }
  if (count > zip_entries_max || size > list_bytes_max)
    return fail(Code::too_large, "The zip archive has too many files");
  return read_entries(offset, size, count);
}

base::Status ZipArchive::read_entries(uint64_t offset, uint64_t size, uint64_t count) {
  std::string list(static_cast<size_t>(size), '\0');
  if (auto status = at(offset, list.data(), list.size()); !status) return status;
  size_t here = 0;
  for (uint64_t i = 0; i < count; ++i) {
    constexpr size_t entry_head_bytes = 46;
    if (here + entry_head_bytes > list.size() || four(list.data() + here) != 0x02014B50)
      return damaged("its list is cut");
    const char* const head = list.data() + here;
    const size_t name_bytes = two(head + 28), extra_bytes = two(head + 30), comment_bytes = two(head + 32);
    if (here + entry_head_bytes + name_bytes + extra_bytes + comment_bytes > list.size())
      return damaged("its list is cut");
    ZipEntry entry{std::string(head + entry_head_bytes, name_bytes),
                   four(head + 20),
                   four(head + 24),
                   four(head + 16),
                   two(head + 10),
                   four(head + 42)};
    if ((two(head + 8) & 1) != 0) entry.method = 0xFFFF;  // encrypted
    const char* extra = head + entry_head_bytes + name_bytes;
    const char* const extra_end = extra + extra_bytes;
    while (extra + 4 <= extra_end) {
      const uint16_t id = two(extra), length = two(extra + 2);
      extra += 4;
      if (extra + length > extra_end) break;
      const char* part = extra;
      for (uint64_t* member : {&entry.bytes, &entry.packed_bytes, &entry.header_offset}) {
        if (id != 1 || *member != 0xFFFFFFFF || part + 8 > extra + length) continue;
        *member = eight(part);
        part += 8;
      }
      extra += length;
    }
    here += entry_head_bytes + name_bytes + extra_bytes + comment_bytes;
    entries_.push_back(std::move(entry));
  }
  return {};
}

const ZipEntry* ZipArchive::find(std::string_view file_name) const {
  const ZipEntry* best = nullptr;
  for (const ZipEntry& entry : entries_) {
    const size_t slash = entry.name.rfind('/');
    const std::string_view name = std::string_view(entry.name).substr(slash == std::string::npos ? 0 : slash + 1);
    if (name != file_name || entry.name.starts_with("__MACOSX/")) continue;
    if (best == nullptr || entry.name.size() < best->name.size()) best = &entry;
  }
  return best;
}

base::Result<ZipArchive::Reader> ZipArchive::read(const ZipEntry& entry) {
  if (entry.method != 0 && entry.method != 8) {
    return fail(Code::unsupported, "The file in the archive is encrypted, or packed in an unusual way", entry.name);
  }
  char head[30];
  if (auto status = at(entry.header_offset, head, sizeof head); !status) return std::move(status).error();
  if (four(head) != 0x04034B50) return damaged("the head of " + entry.name + " is missing");
  Reader reader;
  reader.archive_ = this;
  reader.entry_ = entry;
  reader.offset_ = entry.header_offset + sizeof head + two(head + 26) + two(head + 28);
  reader.packed_left_ = entry.packed_bytes;
  reader.crc_ = static_cast<uint32_t>(crc32(0, nullptr, 0));
  if (entry.method == 8) {
    auto stream = std::make_unique<z_stream>();
    if (inflateInit2(stream.get(), -15) != Z_OK) return fail(Code::internal, "zlib does not start");
    reader.inflate_.reset(stream.release());
    reader.packed_.resize(1u << 16);
  }
  return reader;
}

base::Result<size_t> ZipArchive::Reader::next(char* to, size_t size) {
  if (!inflate_) {
    const size_t count = static_cast<size_t>(std::min<uint64_t>(size, packed_left_));
    if (auto status = archive_->at(offset_, to, count); !status) return std::move(status).error();
    offset_ += count;
    packed_left_ -= count;
    return count;
  }
  inflate_->next_out = reinterpret_cast<Bytef*>(to);
  inflate_->avail_out = static_cast<uInt>(size);
  while (inflate_->avail_out == size) {
    if (inflate_->avail_in == 0) {
      const size_t count = static_cast<size_t>(std::min<uint64_t>(packed_.size(), packed_left_));
      if (count == 0) return damaged(entry_.name + " is cut off");
      if (auto status = archive_->at(offset_, packed_.data(), count); !status) return std::move(status).error();
      offset_ += count;
      packed_left_ -= count;
      inflate_->next_in = reinterpret_cast<Bytef*>(packed_.data());
      inflate_->avail_in = static_cast<uInt>(count);
    }
    const int code = inflate(inflate_.get(), Z_NO_FLUSH);
    if (code == Z_STREAM_END) break;
    if (code != Z_OK) return damaged(entry_.name + " cannot be unpacked");
  }
  return size - inflate_->avail_out;
}

base::Result<size_t> ZipArchive::Reader::read(char* to, size_t size) {
  if (given_ == entry_.bytes || size == 0) return size_t{0};
  auto count = next(to, size);
  if (!count) return count;
  given_ += *count;
  // So an archive can hold no more than it says, whatever it unpacks to.
  if (given_ > entry_.bytes) return damaged(entry_.name + " holds more than the archive says");
  crc_ = static_cast<uint32_t>(crc32(crc_, reinterpret_cast<const Bytef*>(to), static_cast<uInt>(*count)));
  if (*count == 0 && given_ < entry_.bytes) return damaged(entry_.name + " holds less than the archive says");
  if (given_ == entry_.bytes && crc_ != entry_.crc) return damaged("the sum of " + entry_.name + " is wrong");
  return count;
}

}  // namespace cityloom::space

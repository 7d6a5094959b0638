// stdio and zlib, nothing more.
#include "space/byte_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace cityloom::space {
namespace {
using base::Code;
using base::fail;
constexpr size_t packed_bytes = 1u << 16;
constexpr int gzip_window_bits = 15 + 16;
}  // namespace

base::Result<ByteSource> ByteSource::open(const std::string& path, std::string_view bytes) {
  ByteSource source;
  source.bytes_ = bytes;
  source.size_ = bytes.size();
  if (!path.empty()) {
    source.file_.reset(std::fopen(path.c_str(), "rb"));
    if (!source.file_) {
      return fail(errno == ENOENT ? Code::not_found : Code::unavailable,
                  std::string("The file cannot be opened: ") + std::strerror(errno), path);
    }
    std::error_code error;
    source.size_ = std::filesystem::file_size(path, error);
    if (error) source.size_ = 0;
  }
  return source;
}

ByteSource ByteSource::of(Fill fill, uint64_t size) {
  ByteSource source;
  source.fill_ = std::move(fill);
  source.size_ = size;
  return source;
}

base::Result<size_t> ByteSource::read_packed(char* to, size_t size) {
  size_t count = 0;
  if (fill_) {
    const auto filled = fill_(to, size);
    if (!filled) return filled;
    count = *filled;
  } else if (file_) {
    count = std::fread(to, 1, size, file_.get());
    if (count == 0 && std::ferror(file_.get()) != 0) {
      return fail(Code::unavailable, std::string("The file cannot be read: ") + std::strerror(errno));
    }
  } else {
    count = std::min(size, bytes_.size() - static_cast<size_t>(offset_));
    if (count > 0) std::memcpy(to, bytes_.data() + offset_, count);
  }
  offset_ += count;
  return count;
}

base::Result<size_t> ByteSource::inflate_into(char* to, size_t size) {
  inflate_->next_out = reinterpret_cast<Bytef*>(to);
  inflate_->avail_out = static_cast<uInt>(size);
  while (inflate_->avail_out == size) {
    if (inflate_->avail_in == 0) {
      packed_.resize(packed_bytes);
      auto count = read_packed(packed_.data(), packed_.size());
      if (!count) return count;
      if (*count == 0) return size_t{0};
      inflate_->next_in = reinterpret_cast<Bytef*>(packed_.data());
      inflate_->avail_in = static_cast<uInt>(*count);
    }
    const int code = inflate(inflate_.get(), Z_NO_FLUSH);
    // Files of several gzip members follow each other.
    if (code == Z_STREAM_END) {
      inflateReset(inflate_.get());
    } else if (code != Z_OK) {
      return fail(Code::corrupt, "its gzip packing is damaged");
    }
  }
  return size - inflate_->avail_out;
}

base::Result<size_t> ByteSource::read(char* to, size_t size) {
  if (inflate_) return inflate_into(to, size);
  const bool is_start = offset_ == 0;
  auto count = read_packed(to, size);
  if (!is_start || !count || *count < 2 || static_cast<unsigned char>(to[0]) != 0x1F ||
      static_cast<unsigned char>(to[1]) != 0x8B) {
    return count;
  }
  packed_.assign(to, *count);
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), gzip_window_bits) != Z_OK) return fail(Code::internal, "zlib does not start");
  stream->next_in = reinterpret_cast<Bytef*>(packed_.data());
  stream->avail_in = static_cast<uInt>(packed_.size());
  inflate_.reset(stream.release());
  return inflate_into(to, size);
}

}  // namespace cityloom::space

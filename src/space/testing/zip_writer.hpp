// Zip archives for tests and fuzzers, as packers write them.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

namespace cityloom::space::testing {

/// Content packed by zlib: raw (-15), or as gzip (31).
inline std::string packed_by_zlib(const std::string& content, int window_bits) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  std::string packed(deflateBound(&stream, content.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) std::abort();
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// An archive of these files (names with folders), stored or deflated.
inline std::string zip_of(const std::map<std::string, std::string>& files, bool is_deflated = false) {
  const auto put = [](std::string& to, uint64_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) to.push_back(static_cast<char>(number >> (8 * i)));
  };
  std::string all, list;
  for (const auto& [name, content] : files) {
    const std::string packed = is_deflated ? packed_by_zlib(content, -15) : content;
    const size_t offset = all.size();
    std::string head;
    put(head, 20, 2);
    put(head, 0, 2);
    put(head, is_deflated ? 8 : 0, 2);
    put(head, 0x5A2100, 4);
    put(head, crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())), 4);
    put(head, packed.size(), 4);
    put(head, content.size(), 4);
    put(head, name.size(), 2);
    put(head, 0, 2);
    all.append("PK\x03\x04").append(head).append(name).append(packed);
    list += "PK\x01\x02";
    put(list, 20, 2);
    list += head;
    put(list, 0, 6);
    put(list, 0, 4);
    put(list, offset, 4);
    list += name;
  }
  std::string end = "PK\x05\x06";
  put(end, 0, 4);
  put(end, files.size(), 2);
  put(end, files.size(), 2);
  put(end, list.size(), 4);
  put(end, all.size(), 4);
  put(end, 0, 2);
  return all + list + end;
}

}  // namespace cityloom::space::testing

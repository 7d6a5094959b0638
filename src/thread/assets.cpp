// An asset: its size under its hash, and its bytes in pieces under the hash and their number.
#include "thread/assets.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "thread/keys.hpp"

namespace cityloom::thread {
namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

constexpr size_t hash_bytes = 32;

std::string hash_of(std::string_view bytes) {
  std::string hash(hash_bytes, '\0');
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(hash.data()), &size, EVP_sha256(),
                 nullptr) != 1 ||
      size != hash_bytes) {
    std::abort();  // OpenSSL without SHA-256: no name could be trusted
  }
  return hash;
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    text.push_back(digits[static_cast<uint8_t>(byte) >> 4]);
    text.push_back(digits[static_cast<uint8_t>(byte) & 15]);
  }
  return text;
}

Result<std::string> bytes_of(std::string_view name) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  std::string hash;
  for (size_t i = 0; i + 1 < name.size(); i += 2) {
    if (digit(name[i]) < 0 || digit(name[i + 1]) < 0) break;
    hash.push_back(static_cast<char>(digit(name[i]) << 4 | digit(name[i + 1])));
  }
  if (name.size() == 2 * hash_bytes && hash.size() == hash_bytes) return hash;
  return fail(Code::invalid, "an asset's name is a SHA-256 in 64 small hexadecimal digits",
              std::string(name.substr(0, 80)));
}

std::string piece_key(const std::string& hash, uint32_t piece) {
  std::string key = hash;
  append_big_endian(key, piece);
  return key;
}

std::string packed_size(uint64_t size) {
  std::string packed;
  append_big_endian(packed, size);
  return packed;
}

}  // namespace

std::string asset_name(std::string_view bytes) {
  return hexadecimal(hash_of(bytes));
}

Result<std::string> write_asset(const Store& store, std::string_view bytes,
                                const std::function<Status(const Batch&, Durability)>& write) {
  if (bytes.size() > asset_bytes_max) {
    return fail(Code::too_large, "an asset has at most " + std::to_string(asset_bytes_max) + " bytes, this one has " +
                                     std::to_string(bytes.size()));
  }
  const std::string hash = hash_of(bytes);
  const auto present = store.get(Family::assets, hash);
  if (!present) return present.error();
  if (present->has_value()) return hexadecimal(hash);
  Batch batch;
  uint32_t piece = 0;
  for (size_t at = 0; at < bytes.size(); at += asset_piece_bytes, ++piece) {
    batch.put(Family::assets, piece_key(hash, piece), bytes.substr(at, asset_piece_bytes));
    if (at + asset_piece_bytes >= bytes.size()) break;  // the last goes with the size
    if (const Status written = write(batch, Durability::ordered); !written) return written.error();
    batch.clear();
  }
  // Synced, and with it all pieces before: the store keeps a prefix of its writes.
  batch.put(Family::assets, hash, packed_size(bytes.size()));
  if (const Status written = write(batch, Durability::synced); !written) return written.error();
  return hexadecimal(hash);
}

Result<std::shared_ptr<const std::string>> read_asset(const Store& store, std::string_view name) {
  const auto hash = bytes_of(name);
  if (!hash) return hash.error();
  const auto size = store.get(Family::assets, *hash);
  if (!size) return size.error();
  if (!size->has_value()) return fail(Code::not_found, "there is no such asset", std::string(name));
  auto bytes = std::make_shared<std::string>();
  const uint64_t expected = (*size)->size() == 8 ? big_endian_64(**size, 0) : asset_bytes_max + 1;
  if (expected <= asset_bytes_max) bytes->reserve(expected);
  // Past the key of the last possible piece, before any other hash.
  const Status scanned = store.scan(Family::assets, piece_key(*hash, 0), piece_key(*hash, UINT32_MAX),
                                    [&](std::string_view, std::string_view piece) {
                                      bytes->append(piece);
                                      return bytes->size() < expected;
                                    });
  if (!scanned) return scanned.error();
  if (bytes->size() != expected || hash_of(*bytes) != *hash) {
    return fail(Code::corrupt, "an asset does not have the bytes of its name", std::string(name), "restore a backup");
  }
  return std::shared_ptr<const std::string>(std::move(bytes));
}

}  // namespace cityloom::thread

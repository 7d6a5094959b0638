// Large values beside the commits, named by the hash of their bytes: how they lie in the store.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "thread/store.hpp"

namespace cityloom::thread {

inline constexpr size_t asset_bytes_max = 64u << 20;  ///< of one asset; cut what is larger
inline constexpr size_t asset_piece_bytes = 1u << 20;

/// SHA-256 of the bytes in 64 small hexadecimal digits: the name of an asset. 0.5 to 2 GB/s.
std::string asset_name(std::string_view bytes);

/// Writes the pieces, then, synced, the entry that makes them an asset; nothing if they are there. `write` hands a
/// batch to the store when it may be written. Errors: too_large, those of `write` and of the store.
base::Result<std::string> write_asset(const Store& store, std::string_view bytes,
                                      const std::function<base::Status(const Batch&, Durability)>& write);

/// Errors: not_found, invalid (the name), corrupt, unavailable.
base::Result<std::shared_ptr<const std::string>> read_asset(const Store& store, std::string_view name);

}  // namespace cityloom::thread

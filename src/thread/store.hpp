// The Store contract: what a back end must give a thread. Its tests are store/contract_test.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::thread {

/// The families of keys. `commits`, `terms` and `settings` are the truth; the others are views, folded from it.
enum class Family : uint8_t {
  commits,    ///< offset -> packed commit
  terms,      ///< term number -> text
  settings,   ///< what the thread itself must remember beside its commits: followers' offsets, format version
  views,      ///< "folded" -> offset up to which all view families are folded; entity count
  latest,     ///< branch, entity number -> entity record
  series,     ///< series, chunk number -> chunk
  summaries,  ///< series, chunk number -> summary of the chunk
  ever,       ///< index kind, key, entity number -> nothing: the entity once had this type, or once was in this cell
};
inline constexpr size_t family_count = 8;
inline constexpr std::array<Family, 5> view_families = {Family::views, Family::latest, Family::series,
                                                        Family::summaries, Family::ever};
std::string_view name_of(Family family);  ///< as back ends store it

/// Puts and deletions that happen all or not at all, in order.
class Batch {
 public:
  struct Entry {  ///< one put or deletion
    Family family;
    bool is_deletion;
    std::string key;
    std::string value;
  };
  void put(Family family, std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    entries_.push_back({family, false, std::move(key), std::move(value)});
  }
  void erase(Family family, std::string key) {
    bytes_ += key.size();
    entries_.push_back({family, true, std::move(key), {}});
  }
  const std::vector<Entry>& entries() const { return entries_; }
  size_t bytes() const { return bytes_; }
  bool empty() const { return entries_.empty(); }
  void clear() {
    entries_.clear();
    bytes_ = 0;
  }

 private:
  std::vector<Entry> entries_;
  size_t bytes_ = 0;
};

enum class Durability : uint8_t {
  synced,   ///< on stable storage before `write` returns
  ordered,  ///< may be lost by power loss, but never without everything written after it
};

/// An ordered key-value store with families, atomic batches and one order of writes. One worker writes; any may read.
/// After a failed write or sync every later write fails with `unavailable`: nothing is retried as if nothing had
/// happened; opening again recovers a state that is a prefix of the writes and holds all synced ones.
class Store {
 public:
  virtual ~Store() = default;

  /// Errors: unavailable (with the system's reason: full, read-only, failed sync).
  virtual base::Status write(const Batch& batch, Durability durability) = 0;

  /// Errors: unavailable, corrupt.
  virtual base::Result<std::optional<std::string>> get(Family family, std::string_view key) const = 0;

  /// Calls `visit` with the entries from `first` (inclusive) to `last` (exclusive; empty: to the family's end) in
  /// bytewise order until it returns false, all from one moment. The views are valid during the call only.
  /// Errors: unavailable, corrupt.
  virtual base::Status scan(Family family, std::string_view first, std::string_view last,
                            const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;

  /// The last entry with a key before `last` (empty: the family's last), or nothing.
  virtual base::Result<std::optional<std::pair<std::string, std::string>>> last_before(Family family,
                                                                                       std::string_view last) const = 0;

  /// Deletes every entry of the family. Errors: unavailable.
  virtual base::Status clear(Family family) = 0;

  /// Copies a consistent state into `folder`, which must not exist or be empty, while writes go on.
  virtual base::Status backup(const std::string& folder) = 0;

  /// Bytes on disk that the family takes, about.
  virtual uint64_t size_bytes(Family family) const = 0;

  /// Moves everything written to its final place on disk (for measuring sizes, and before a clean stop).
  virtual base::Status flush() = 0;
};

}  // namespace cityloom::thread

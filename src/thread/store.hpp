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

/// The families of keys. `commits`, `terms`, `settings` and `assets` are the truth; the others are views, folded from
/// it.
enum class Family : uint8_t {
  commits,    ///< offset of its last commit -> page of commits
  terms,      ///< term number -> text
  settings,   ///< what the thread itself must remember beside its commits: followers' offsets, format version
  views,      ///< "folded" -> offset up to which all view families are folded; entity count
  latest,     ///< branch, entity number -> entity record
  series,     ///< series, chunk number -> chunk
  summaries,  ///< series, chunk number -> summary of the chunk
  ever,       ///< index kind, key, entity number -> nothing: the entity once had this type, or once was in this cell
  assets,     ///< SHA-256 -> size; SHA-256, piece number -> bytes: large values that facts name by their hash
};
inline constexpr size_t family_count = 9;
inline constexpr std::array<Family, 5> view_families = {Family::views, Family::latest, Family::series,
                                                        Family::summaries, Family::ever};
std::string_view name_of(Family family);  ///< as back ends store it

/// Puts and deletions that happen all or not at all, in order; all in one piece of memory, which `clear` keeps.
class Batch {
 public:
  enum class Kind : uint8_t { put, append, erase };
  struct Entry {  ///< valid until the batch changes
    Family family;
    Kind kind;
    std::string_view key;
    std::string_view value;
  };
  void put(Family family, std::string_view key, std::string_view value) {
    bytes_.append(key).append(value);
    add(family, Kind::put, key.size(), value.size());
  }
  /// Adds to the end of what is stored under the key; where there is nothing, as `put`. Only of `Family::series`.
  void append(Family family, std::string_view key, std::string_view value) {
    bytes_.append(key).append(value);
    add(family, Kind::append, key.size(), value.size());
  }
  /// Puts the value that `append_to` adds at the end of the string given to it.
  template <class Append>
  void put_made(Family family, std::string_view key, const Append& append_to) {
    bytes_.append(key);
    const size_t value_at = bytes_.size();
    append_to(bytes_);
    add(family, Kind::put, key.size(), bytes_.size() - value_at);
  }
  void erase(Family family, std::string_view key) {
    bytes_.append(key);
    add(family, Kind::erase, key.size(), 0);
  }

  /// What a batch holds, in order; to be walked by `for`.
  class Entries {
   public:
    class Iterator {
     public:
      Entry operator*() const {
        const std::string_view from(batch_->bytes_);
        const Piece& piece = batch_->pieces_[index_];
        return {piece.family, piece.kind, from.substr(at_, piece.key_size),
                from.substr(at_ + piece.key_size, piece.value_size)};
      }
      Iterator& operator++() {
        at_ += batch_->pieces_[index_].key_size + batch_->pieces_[index_].value_size;
        ++index_;
        return *this;
      }
      bool operator!=(const Iterator& other) const { return index_ != other.index_; }

     private:
      friend class Entries;
      Iterator(const Batch* batch, size_t index) : batch_(batch), index_(index) {}
      const Batch* batch_;
      size_t index_;
      size_t at_ = 0;
    };
    Iterator begin() const { return {batch_, 0}; }
    Iterator end() const { return {batch_, batch_->pieces_.size()}; }
    size_t size() const { return batch_->pieces_.size(); }

   private:
    friend class Batch;
    explicit Entries(const Batch* batch) : batch_(batch) {}
    const Batch* batch_;
  };
  Entries entries() const { return Entries(this); }
  size_t bytes() const { return bytes_.size(); }  ///< of keys and values
  bool empty() const { return pieces_.empty(); }
  void reserve(size_t bytes) { bytes_.reserve(bytes); }
  void clear() {
    pieces_.clear();
    bytes_.clear();
  }

 private:
  struct Piece {
    Family family;
    Kind kind;
    uint32_t key_size;
    size_t value_size;
  };
  void add(Family family, Kind kind, size_t key_size, size_t value_size) {
    pieces_.push_back({family, kind, static_cast<uint32_t>(key_size), value_size});
  }

  std::vector<Piece> pieces_;
  std::string bytes_;
};

enum class Durability : uint8_t {
  synced,   ///< on stable storage before `write` returns
  ordered,  ///< may be lost by power loss, but never without everything written after it
};

/// An ordered key-value store with families, atomic batches and one order of writes. Any worker may write or read;
/// writes take turns. After a failed write or sync every later write fails with `unavailable`: nothing is retried as if
/// nothing had happened; opening again recovers a state that is a prefix of the writes and holds all synced ones.
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

  /// A folder on the store's disk for files that have no name; "": there is none.
  virtual std::string scratch_folder() const { return {}; }

  /// Moves everything written to its final place on disk (for measuring sizes, and before a clean stop).
  virtual base::Status flush() = 0;
};

}  // namespace cityloom::thread

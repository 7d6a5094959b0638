// Texts by small numbers: ids of millions of entities in little memory.
#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/hash/hash.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace cityloom::space {

/// Grows only, as the record does: every text that was ever added stays. Number 0 is "". Any worker may call anything.
/// Memory: the text and some 25 bytes.
class TextPool {
 public:
  TextPool();
  TextPool(const TextPool&) = delete;
  TextPool& operator=(const TextPool&) = delete;

  /// The number of a text, added if new.
  uint32_t add(std::string_view text);
  /// The number of a text, or 0.
  uint32_t find(std::string_view text) const;
  /// The text of a number of this pool. Stays valid as long as the pool.
  std::string_view text(uint32_t number) const;
  /// One past the last number.
  uint32_t size() const;

 private:
  struct Hash {
    using is_transparent = void;
    const TextPool* pool;
    size_t operator()(std::string_view text) const { return absl::Hash<std::string_view>()(text); }
    size_t operator()(uint32_t number) const { return (*this)(pool->text_of(number)); }
  };
  struct Equal {
    using is_transparent = void;
    const TextPool* pool;
    std::string_view of(std::string_view text) const { return text; }
    std::string_view of(uint32_t number) const { return pool->text_of(number); }
    template <class Left, class Right>
    bool operator()(const Left& left, const Right& right) const {
      return of(left) == of(right);
    }
  };
  std::string_view text_of(uint32_t number) const { return texts_[number]; }

  static constexpr size_t block_bytes = 64 * 1024;
  mutable std::shared_mutex mutex_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t block_used_ = block_bytes;
  std::vector<std::string_view> texts_;
  absl::flat_hash_set<uint32_t, Hash, Equal> numbers_;
};

}  // namespace cityloom::space

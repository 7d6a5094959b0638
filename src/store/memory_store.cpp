// The store in memory: ordered maps under one lock.
#include <array>
#include <filesystem>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "store/store.hpp"

namespace cityloom::store {
namespace {

using base::Result;
using base::Status;
using thread::Batch;
using thread::Durability;
using thread::Family;
using thread::family_count;

class MemoryStore final : public thread::Store {
 public:
  Status write(const Batch& batch, Durability) override {
    const std::unique_lock lock(mutex_);
    for (const Batch::Entry entry : batch.entries()) {
      std::string key(entry.key);
      switch (entry.kind) {
        case Batch::Kind::put:
          of(entry.family)[std::move(key)] = entry.value;
          break;
        case Batch::Kind::append:
          of(entry.family)[std::move(key)] += entry.value;
          break;
        case Batch::Kind::erase:
          of(entry.family).erase(key);
          break;
      }
    }
    return {};
  }

  Result<std::optional<std::string>> get(Family family, std::string_view key) const override {
    const std::shared_lock lock(mutex_);
    const auto found = of(family).find(key);
    if (found == of(family).end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }

  Status scan(Family family, std::string_view first, std::string_view last,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    // Copied, so that `visit` may ask the store again while a writer waits.
    std::vector<std::pair<std::string, std::string>> entries;
    {
      const std::shared_lock lock(mutex_);
      const auto end = last.empty() ? of(family).end() : of(family).lower_bound(last);
      for (auto at = of(family).lower_bound(first); at != end; ++at) {
        if (!last.empty() && at->first >= last) break;  // first past last: nothing
        entries.push_back(*at);
      }
    }
    for (const auto& [key, value] : entries) {
      if (!visit(key, value)) break;
    }
    return {};
  }

  Result<std::optional<std::pair<std::string, std::string>>> last_before(Family family,
                                                                         std::string_view last) const override {
    const std::shared_lock lock(mutex_);
    auto at = last.empty() ? of(family).end() : of(family).lower_bound(last);
    std::optional<std::pair<std::string, std::string>> found;
    if (at != of(family).begin()) found = *--at;
    return found;
  }

  Status clear(Family family) override {
    const std::unique_lock lock(mutex_);
    of(family).clear();
    return {};
  }

  Status backup(const std::string& folder) override {
    std::error_code ignored;
    if (std::filesystem::exists(folder, ignored) && !std::filesystem::is_empty(folder, ignored)) {
      return base::fail(base::Code::already_exists, "a backup needs a new or an empty folder", folder);
    }
    const auto copy = open_embedded(folder);
    if (!copy) return copy.error();
    Batch batch;
    {
      const std::shared_lock lock(mutex_);
      for (size_t i = 0; i < family_count; ++i) {
        for (const auto& [key, value] : families_[i]) batch.put(static_cast<Family>(i), key, value);
      }
    }
    return (*copy)->write(batch, Durability::synced);
  }

  uint64_t size_bytes(Family family) const override {
    const std::shared_lock lock(mutex_);
    uint64_t bytes = 0;
    for (const auto& [key, value] : of(family)) bytes += key.size() + value.size();
    return bytes;
  }

  Status flush() override { return {}; }

 private:
  using Entries = std::map<std::string, std::string, std::less<>>;
  Entries& of(Family family) { return families_[static_cast<size_t>(family)]; }
  const Entries& of(Family family) const { return families_[static_cast<size_t>(family)]; }

  mutable std::shared_mutex mutex_;
  std::array<Entries, family_count> families_;
};

}  // namespace

std::unique_ptr<thread::Store> make_memory_store() {
  return std::make_unique<MemoryStore>();
}

}  // namespace cityloom::store

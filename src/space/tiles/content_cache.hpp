// Contents of tiles that were made, the least used go first.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <list>
#include <string>
#include <utility>

#include "space/tiles/tiles.hpp"

namespace cityloom::space {

/// One worker at a time.
class ContentCache {
 public:
  explicit ContentCache(size_t bytes_max) : bytes_max_(bytes_max) {}

  /// The content kept under a key, or nullptr.
  ContentPointer find(const std::string& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }
  void add(const std::string& key, ContentPointer content) {
    if (places_.contains(key)) return;
    bytes_ += content->bytes.size();
    order_.emplace_front(key, std::move(content));
    places_[key] = order_.begin();
    while (bytes_ > bytes_max_ && order_.size() > 1) {
      bytes_ -= order_.back().second->bytes.size();
      places_.erase(order_.back().first);
      order_.pop_back();
    }
  }

 private:
  std::list<std::pair<std::string, ContentPointer>> order_;
  absl::flat_hash_map<std::string, decltype(order_)::iterator> places_;
  size_t bytes_max_;
  size_t bytes_ = 0;
};

}  // namespace cityloom::space

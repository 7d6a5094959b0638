// Texts lie one after another in blocks that never move.
#include "space/tiles/text_pool.hpp"

#include <algorithm>
#include <cstring>

namespace cityloom::space {

TextPool::TextPool() : texts_(1), numbers_(0, Hash{this}, Equal{this}) {}

uint32_t TextPool::add(std::string_view text) {
  if (text.empty()) return 0;
  const std::lock_guard lock(mutex_);
  if (const auto found = numbers_.find(text); found != numbers_.end()) return *found;
  if (block_used_ + text.size() > block_bytes) {
    blocks_.push_back(std::make_unique<char[]>(std::max(block_bytes, text.size())));
    block_used_ = 0;
  }
  char* const place = blocks_.back().get() + block_used_;
  std::memcpy(place, text.data(), text.size());
  // A text longer than a block has one of its own.
  block_used_ += text.size();
  texts_.emplace_back(place, text.size());
  const auto number = static_cast<uint32_t>(texts_.size() - 1);
  numbers_.insert(number);
  return number;
}

uint32_t TextPool::find(std::string_view text) const {
  const std::shared_lock lock(mutex_);
  const auto found = numbers_.find(text);
  return found == numbers_.end() ? 0 : *found;
}

std::string_view TextPool::text(uint32_t number) const {
  const std::shared_lock lock(mutex_);
  return texts_[number];
}

uint32_t TextPool::size() const {
  const std::shared_lock lock(mutex_);
  return static_cast<uint32_t>(texts_.size());
}

}  // namespace cityloom::space

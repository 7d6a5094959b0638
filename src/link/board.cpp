#include "link/board.hpp"

#include "link/text.hpp"

namespace cityloom::link {
namespace {

constexpr size_t reason_bytes_max = 500;
constexpr size_t sample_bytes_max = 200;

int64_t second_of(base::Instant now) {
  return now.microseconds / 1'000'000;
}

}  // namespace

Board::Board(const LinkDefinition& definition) {
  status_.name = definition.name;
  status_.kind = std::string(definition.kind());
  status_.label = definition.label;
  status_.mailbox_capacity = definition.mailbox_capacity;
}

void Board::set_state(State state, std::string detail, base::Instant retry_at) {
  const std::lock_guard lock(mutex_);
  status_.state = state;
  status_.detail = std::move(detail);
  status_.retry_at = retry_at;
}

void Board::heard(base::Instant now, size_t count) {
  if (count == 0) return;
  const std::lock_guard lock(mutex_);
  status_.last_message_at = now;
  const int64_t number = second_of(now);
  Second& second = seconds_[static_cast<size_t>(((number % window_s) + window_s) % window_s)];
  if (second.number != number) second = {number, 0};
  second.count += count;
}

void Board::accepted(size_t messages) {
  const std::lock_guard lock(mutex_);
  status_.accepted += messages;
}

void Board::refused(base::Instant now, std::string reason, std::string sample) {
  const std::lock_guard lock(mutex_);
  ++status_.refused;
  refusals_.push_front({now, sample_of(reason, reason_bytes_max), sample_of(sample, sample_bytes_max)});
  if (refusals_.size() > refusals_max) refusals_.pop_back();
}

void Board::set_waiting(size_t messages) {
  const std::lock_guard lock(mutex_);
  status_.mailbox_waiting = messages;
}

LinkStatus Board::status(base::Instant now) const {
  const std::lock_guard lock(mutex_);
  LinkStatus status = status_;
  status.refusals.assign(refusals_.begin(), refusals_.end());
  uint64_t count = 0;
  for (const Second& second : seconds_) {
    if (second.number > second_of(now) - window_s && second.number <= second_of(now)) count += second.count;
  }
  status.messages_per_second = static_cast<double>(count) / static_cast<double>(window_s);
  return status;
}

}  // namespace cityloom::link

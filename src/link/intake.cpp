#include "link/intake.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace cityloom::link {
namespace {

constexpr int64_t retry_first_us = 10'000;
constexpr int64_t retry_longest_us = 5'000'000;

}  // namespace

/// Where the thread's worker leaves the outcome of a piece. Outlives the intake if need be.
struct Intake::Answer {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_awaited = false;
  std::optional<base::Result<thread::Outcomes>> result;
  std::shared_ptr<Waker> waker;

  void give(base::Result<thread::Outcomes> outcomes) {
    {
      const std::lock_guard lock(mutex);
      result.emplace(std::move(outcomes));
      is_awaited = false;
    }
    changed.notify_all();
    waker->wake();
  }
};

Intake::Intake(IntakeContext context) : context_(std::move(context)), answer_(std::make_shared<Answer>()) {
  answer_->waker = context_.waker;
}

std::optional<std::string> Intake::forbidden(const thread::Change& change) const {
  if (context_.gate == nullptr) return std::nullopt;
  const twin::TermTable& terms = context_.thread.terms();
  trust::Resource resource;
  resource.entity_id = change.entity_id;
  if (!change.types.empty()) resource.entity_type = terms.text(change.types.front());
  resource.door = "link";
  for (const twin::Attribute& attribute : change.attributes) {
    resource.attribute = terms.text(attribute.name);
    const trust::Decision decision = context_.gate->decide({context_.author, {}}, trust::Action::write, resource);
    if (!decision.allow) return "not allowed: " + decision.reason;
  }
  return std::nullopt;
}

void Intake::add(Mapped mapped, std::string sample) {
  Message message;
  message.sample = std::move(sample);
  message.refusals = std::move(mapped.refusals);
  for (thread::Change& change : mapped.changes) {
    if (auto reason = forbidden(change)) {
      message.refusals.push_back({std::move(*reason), true});
      continue;
    }
    owners_.push_back(messages_.size());
    changes_.push_back(std::move(change));
  }
  messages_.push_back(std::move(message));
}

void Intake::commit() {
  is_under_way_ = true;
  submitted_ = 0;
  retry_delay_us_ = 0;
  submit_piece();
}

void Intake::submit_piece() {
  retry_at_ = base::Instant::none();
  piece_ = std::min(piece_limit_, changes_.size() - submitted_);
  if (piece_ == 0) return;
  thread::ChangeSet set;
  set.author = context_.author;
  const auto first = changes_.begin() + static_cast<std::ptrdiff_t>(submitted_);
  set.changes.assign(first, first + static_cast<std::ptrdiff_t>(piece_));
  {
    const std::lock_guard lock(answer_->mutex);
    answer_->is_awaited = true;
    answer_->result.reset();
  }
  context_.thread.submit(std::move(set), [answer = answer_](base::Result<thread::Outcomes> outcomes) {
    answer->give(std::move(outcomes));
  });
}

void Intake::take_outcomes(const thread::Outcomes& outcomes) {
  for (size_t at = 0; at < piece_; ++at) {
    Message& message = messages_[owners_[submitted_ + at]];
    if (at < outcomes.size() && outcomes[at].ok()) {
      ++message.accepted;
    } else if (at < outcomes.size()) {
      message.refusals.push_back({outcomes[at].error().what, true});
    }
  }
  submitted_ += piece_;
  piece_ = 0;
}

Intake::Fates Intake::close() {
  Fates fates;
  const base::Instant now = context_.clock.now();
  size_t accepted = 0;
  for (Message& message : messages_) {
    if (message.accepted > 0) ++accepted;
    std::optional<base::Error> fate;
    if (!message.refusals.empty()) {
      const Refused& first = message.refusals.front();
      if (message.accepted == 0)
        fate = base::fail(base::Code::invalid, first.reason, {}, "see the mapping of the link");
      std::string reason = first.reason;
      const size_t more = message.refusals.size() - 1;
      if (more > 0) reason += " (and " + std::to_string(more) + " more)";
      context_.board->refused(now, std::move(reason), std::move(message.sample));
    }
    fates.push_back(std::move(fate));
  }
  context_.board->accepted(accepted);
  messages_.clear();
  changes_.clear();
  owners_.clear();
  is_under_way_ = false;
  return fates;
}

std::optional<Intake::Fates> Intake::turn() {
  if (!is_under_way_) return std::nullopt;
  for (;;) {
    if (retry_at_.exists()) {
      if (context_.clock.now() < retry_at_) return std::nullopt;
      submit_piece();
    }
    if (piece_ == 0) return close();
    std::optional<base::Result<thread::Outcomes>> result;
    {
      const std::lock_guard lock(answer_->mutex);
      if (!answer_->result) return std::nullopt;
      result.swap(answer_->result);
    }
    if (result->ok()) {
      trouble_.reset();
      retry_delay_us_ = 0;
      piece_limit_ = piece_max;
      take_outcomes(**result);
      submit_piece();
      continue;
    }
    trouble_ = result->error();
    if (trouble_->code == base::Code::busy) piece_limit_ = std::max<size_t>(1, piece_ / 2);
    retry_delay_us_ = std::clamp(retry_delay_us_ * 2, retry_first_us, retry_longest_us);
    retry_at_ = {context_.clock.now().microseconds + retry_delay_us_};
    return std::nullopt;
  }
}

Rest Intake::rest() const {
  if (is_waiting() && trouble_) {
    context_.board->set_state(State::waiting, "the record takes nothing now: " + trouble_->text(), retry_at_);
  }
  return {retry_at_};
}

std::optional<Intake::Fates> Intake::finish() {
  std::optional<Fates> fates = turn();
  while (!fates && is_under_way_ && !retry_at_.exists()) {
    {
      std::unique_lock lock(answer_->mutex);
      answer_->changed.wait(lock, [&] { return !answer_->is_awaited; });
    }
    fates = turn();
  }
  return fates;
}

}  // namespace cityloom::link

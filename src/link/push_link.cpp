// A link that others push messages into, over HTTP.
#include <deque>
#include <mutex>

#include "link/actor.hpp"
#include "link/text.hpp"

namespace cityloom::link {
namespace {

using base::Code;
using base::fail;

/// Payloads wait in the mailbox; the worker takes all of them, maps them and records them together.
class PushActor final : public Actor {
 public:
  explicit PushActor(ActorContext context)
      : name_(context.definition.name),
        capacity_(context.definition.mailbox_capacity),
        mapper_(std::move(context.mapper)),
        context_(context.intake),
        intake_(context.intake) {
    context_.board->set_state(State::running);
  }

  void push(std::string payload, std::function<void(base::Status)> done) override {
    base::Status refused;
    {
      const std::lock_guard lock(mutex_);
      if (is_stopped_) {
        refused = fail(Code::unavailable, "the link is stopped", name_);
      } else if (payload.size() > payload_bytes_max) {
        refused = fail(Code::too_large, "a message has at most 4 MiB", name_);
      } else if (mailbox_.size() + under_way_ >= capacity_ || bytes_ + payload.size() > bytes_max) {
        refused = fail(Code::busy, "the mailbox of the link is full", name_, "try again in a second");
      } else {
        bytes_ += payload.size();
        mailbox_.push_back({std::move(payload), std::move(done)});
        context_.board->set_waiting(mailbox_.size() + under_way_);
      }
    }
    if (refused.ok()) {
      context_.waker->wake();
    } else {
      done(std::move(refused));
    }
  }

  Rest turn() override {
    for (;;) {
      if (intake_.is_under_way()) {
        const auto fates = intake_.turn();
        if (!fates) return intake_.rest();
        answer(*fates);
      }
      if (!take()) return {};
      intake_.commit();
    }
  }

  void stop() override {
    std::deque<Waiting> left;
    {
      const std::lock_guard lock(mutex_);
      is_stopped_ = true;
      left.swap(mailbox_);
    }
    if (const auto fates = intake_.finish()) answer(*fates);
    for (auto& done : answers_) done(fail(Code::unavailable, "the record does not answer; the link is stopped", name_));
    for (Waiting& waiting : left) waiting.done(fail(Code::unavailable, "the link is stopped", name_));
  }

 private:
  struct Waiting {
    std::string payload;
    std::function<void(base::Status)> done;
  };
  static constexpr size_t batch_max = 1'000;
  static constexpr size_t bytes_max = 64u << 20;

  /// Moves waiting messages into the intake; false if there are none.
  bool take() {
    std::vector<Waiting> taken;
    {
      const std::lock_guard lock(mutex_);
      while (!mailbox_.empty() && taken.size() < batch_max) {
        bytes_ -= mailbox_.front().payload.size();
        taken.push_back(std::move(mailbox_.front()));
        mailbox_.pop_front();
      }
      under_way_ = taken.size();
    }
    const base::Instant now = context_.clock.now();
    context_.board->heard(now, taken.size());
    for (Waiting& waiting : taken) {
      intake_.add(mapper_.map({}, waiting.payload, now), sample_of(waiting.payload, 200));
      answers_.push_back(std::move(waiting.done));
    }
    return !taken.empty();
  }

  void answer(const Intake::Fates& fates) {
    {
      const std::lock_guard lock(mutex_);
      under_way_ = 0;
      context_.board->set_waiting(mailbox_.size());
    }
    context_.board->set_state(State::running);
    std::vector<std::function<void(base::Status)>> answers;
    answers.swap(answers_);
    for (size_t at = 0; at < answers.size(); ++at) answers[at](fates[at] ? base::Status(*fates[at]) : base::Status());
  }

  std::string name_;
  size_t capacity_;
  Mapper mapper_;
  IntakeContext context_;
  Intake intake_;
  std::vector<std::function<void(base::Status)>> answers_;  // of the messages in the intake

  std::mutex mutex_;  // guards what follows
  std::deque<Waiting> mailbox_;
  size_t bytes_ = 0;
  size_t under_way_ = 0;
  bool is_stopped_ = false;
};

}  // namespace

void Actor::push(std::string, std::function<void(base::Status)> done) {
  done(fail(Code::conflict, "this link takes no pushed messages", {}, "push to a link of kind push"));
}

std::unique_ptr<Actor> make_push_actor(ActorContext context) {
  return std::make_unique<PushActor>(std::move(context));
}

}  // namespace cityloom::link

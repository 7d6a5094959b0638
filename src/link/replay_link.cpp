// A link that plays a table of the past.
#include <algorithm>
#include <cmath>

#include "link/actor.hpp"
#include "link/replay_reader.hpp"

namespace cityloom::link {
namespace {

constexpr int64_t look_again_us = 5'000'000;

/// closed -> (open) -> running -> ended, or from the start again; closed -> failed while a file is missing.
class ReplayActor final : public Actor {
 public:
  explicit ReplayActor(ActorContext context)
      : definition_(std::move(context.definition)),
        source_(std::get<ReplaySource>(definition_.source)),
        mapper_(std::move(context.mapper)),
        context_(context.intake),
        folders_(std::move(context.folders)),
        intake_(context.intake) {}

  Rest turn() override {
    if (intake_.is_under_way()) {
      if (!intake_.turn()) return intake_.rest();
      context_.board->set_waiting(0);
      context_.board->set_state(State::running);
    }
    for (;;) {
      if (has_ended_) return {};
      const base::Instant now = context_.clock.now();
      if (reader_ == nullptr) {
        if (next_look_ > now) return {next_look_};
        if (!open(now)) return {next_look_};
      }
      if (!next_) {
        end();
        continue;
      }
      if (due_ > now) return {due_};
      play(now);
      if (!intake_.turn()) return intake_.rest();
    }
  }

  void stop() override { (void)intake_.finish(); }

 private:
  bool open(base::Instant now) {
    auto reader = ReplayReader::open(definition_, folders_, mapper_);
    if (!reader) {
      next_look_ = {now.microseconds + look_again_us};
      context_.board->set_state(State::failed, reader.error().text(), next_look_);
      return false;
    }
    reader_ = std::make_unique<ReplayReader>(std::move(*reader));
    next_ = reader_->next(now);
    skip(now);
    due_ = std::max(due_, now);
    if (next_) context_.board->set_state(State::running);
    return true;
  }

  /// Past what lies before the start, and, the first time, before what the record holds already.
  void skip(base::Instant now) {
    const base::Instant recorded = source_.resumes && !has_resumed_ ? last_recorded() : base::Instant::none();
    has_resumed_ = true;
    has_skipped_recorded_ = recorded.exists();
    while (next_ && next_->time.exists() && (next_->time < source_.start_at || next_->time <= recorded)) {
      next_ = reader_->next(now);
    }
  }

  /// The latest observed time that the record has of the first entity that the file speaks of.
  base::Instant last_recorded() const {
    base::Instant latest;
    if (!next_) return latest;
    for (const ReplayReading& reading : next_->readings) {
      if (reading.mapped.changes.empty()) continue;
      const auto found = context_.thread.snapshot().find(reading.mapped.changes.front().entity_id);
      if (!found.ok() || !found->exists()) return latest;
      found->each_attribute({}, [&](const twin::Attribute& attribute) {
        latest = std::max(latest, attribute.observed_at);
        return true;
      });
      return latest;
    }
    return latest;
  }

  /// At the end of the file: over again, if it loops and this pass was more than skipping what lies before the start.
  void end() {
    reader_.reset();
    if (source_.loops && (has_played_ || has_skipped_recorded_)) {
      has_played_ = has_skipped_recorded_ = false;
      return;
    }
    has_ended_ = true;
    context_.board->set_state(State::ended, "the file is played to its end");
  }

  void play(base::Instant now) {
    ReplayStep step = std::move(*next_);
    next_ = reader_->next(now);
    has_played_ = true;
    due_ = {std::max(due_.microseconds + interval_us(step), now.microseconds)};
    context_.board->heard(now, step.readings.size());
    context_.board->set_waiting(step.readings.size());
    for (ReplayReading& reading : step.readings) intake_.add(std::move(reading.mapped), std::move(reading.sample));
    intake_.commit();
  }

  /// Between a step and the next one. A step that goes back in time, or is far ahead, is not waited for long.
  int64_t interval_us(const ReplayStep& step) const {
    const int64_t fixed_us = source_.step_interval_ms * 1'000;
    if (source_.speed <= 0) return fixed_us;
    if (!next_ || !next_->time.exists() || !step.time.exists()) return fixed_us;
    constexpr double longest_us = 3'600e6;
    const auto file_us = static_cast<double>(next_->time.microseconds - step.time.microseconds);
    return static_cast<int64_t>(std::clamp(file_us / source_.speed, 0.0, longest_us));
  }

  LinkDefinition definition_;
  const ReplaySource& source_;
  Mapper mapper_;
  IntakeContext context_;
  std::vector<std::string> folders_;
  Intake intake_;
  std::unique_ptr<ReplayReader> reader_;
  std::optional<ReplayStep> next_;
  base::Instant due_;
  base::Instant next_look_;
  bool has_ended_ = false;
  bool has_resumed_ = false;
  bool has_played_ = false;
  bool has_skipped_recorded_ = false;
};

}  // namespace

std::unique_ptr<Actor> make_replay_actor(ActorContext context) {
  return std::make_unique<ReplayActor>(std::move(context));
}

}  // namespace cityloom::link

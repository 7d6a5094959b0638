// The common second half of every link: mapped messages go to the thread in batches; their fate comes back.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link/board.hpp"
#include "link/mapping.hpp"
#include "link/waker.hpp"
#include "thread/thread.hpp"
#include "trust/trust.hpp"

namespace cityloom::link {

/// What an intake works with; all outlive it.
struct IntakeContext {
  thread::Thread& thread;
  const base::Clock& clock;
  const trust::Gate* gate;  ///< nullptr: everything is allowed
  std::shared_ptr<Waker> waker;
  std::shared_ptr<Board> board;
  std::string author;  ///< "link:NAME"
};

/// Takes mapped messages, records them, and tells the board. One batch at a time, in pieces of at most `piece_max`
/// changes; what the record cannot take now is kept and tried again, never dropped. Used by its link's worker alone.
///
/// States: empty -> (add)* -> commit -> under way -> [turn: finished] -> empty
///                                      under way -> busy or unavailable -> waiting until `retry_at` -> under way
class Intake {
 public:
  explicit Intake(IntakeContext context);

  /// Adds one message of the batch at hand. `sample` is shown if something of it is refused. Not while under way.
  void add(Mapped mapped, std::string sample);

  size_t messages() const { return messages_.size(); }
  size_t changes() const { return changes_.size(); }
  bool is_under_way() const { return is_under_way_; }

  /// Hands the batch over; it may be empty of changes.
  void commit();

  /// What became of each message of a finished batch, in the order added: nothing if all or a part of it was taken.
  using Fates = std::vector<std::optional<base::Error>>;

  /// Looks after the batch under way. Returns the fates when it is finished; then the intake is empty again.
  std::optional<Fates> turn();

  /// What to wait for while under way; tells the board when the record takes nothing at the moment.
  Rest rest() const;

  /// Whether the batch waits because the record did not take it.
  bool is_waiting() const { return retry_at_.exists(); }

  /// Waits for the piece that the thread has in hand, if any, and gives the fates if that finished the batch.
  std::optional<Fates> finish();

 private:
  static constexpr size_t piece_max = 10'000;

  struct Message {
    std::string sample;
    size_t accepted = 0;  // changes recorded or already so
    std::vector<Refused> refusals;
  };
  struct Answer;

  std::optional<std::string> forbidden(const thread::Change& change) const;
  void submit_piece();
  void take_outcomes(const thread::Outcomes& outcomes);
  Fates close();

  IntakeContext context_;
  std::vector<Message> messages_;
  std::vector<thread::Change> changes_;
  std::vector<size_t> owners_;      // message of each change
  size_t submitted_ = 0;            // changes whose outcome is known
  size_t piece_limit_ = piece_max;  // less after the record's queue was too full for a piece
  size_t piece_ = 0;                // changes in the piece that the thread has
  bool is_under_way_ = false;
  base::Instant retry_at_;
  int64_t retry_delay_us_ = 0;
  std::optional<base::Error> trouble_;
  std::shared_ptr<Answer> answer_;
};

}  // namespace cityloom::link

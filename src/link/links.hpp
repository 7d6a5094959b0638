// The door of the room: runs the declared links, hands what they hear to the thread, and tells how they are.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "link/definition.hpp"
#include "thread/thread.hpp"
#include "trust/trust.hpp"

namespace cityloom::link {

enum class State : uint8_t {
  connecting,
  running,
  waiting,  ///< could not go on, tries again at `retry_at`
  ended,    ///< nothing more will come
  failed,   ///< needs a person; if `retry_at` is set it looks again by itself (a file that may appear)
};

/// "connecting", "running", "waiting", "ended" or "failed".
std::string_view name_of(State state);

/// Something that was not taken.
struct Refusal {
  base::Instant at;
  std::string reason;
  std::string sample;  ///< the head of the message, valid UTF-8, at most 200 bytes
};

/// How a link is. A message may be counted both as accepted and as refused, when some of it was left out.
struct LinkStatus {
  std::string name;
  std::string kind;
  std::map<std::string, std::string> label;  ///< by language; may be empty
  State state = State::connecting;
  std::string detail;              ///< why, in words; may be empty
  base::Instant retry_at;          ///< none: no retry planned
  base::Instant last_message_at;   ///< none: no message yet
  double messages_per_second = 0;  ///< over the last 10 seconds
  uint64_t accepted = 0;           ///< messages durably recorded since the start
  uint64_t refused = 0;            ///< messages of which something was refused
  std::vector<Refusal> refusals;   ///< the latest ones, newest first, at most 20
  size_t mailbox_waiting = 0;
  size_t mailbox_capacity = 0;
};

/// What all links share.
struct Options {
  std::vector<std::string> folders;   ///< where relative files are looked for, in order, before the pack's own folder
  const trust::Gate* gate = nullptr;  ///< asked for every change; nullptr: everything is allowed. Outlives Links
  uint64_t seed = 1;                  ///< of the back-off's jitter
};

/// Where to look for the files of a city: its folder, the folder above it, then `more`.
std::vector<std::string> search_folders(const std::string& city, const std::vector<std::string>& more = {});

/// Runs links, each an actor with a worker and a bounded mailbox of its own. A message is acknowledged to where it
/// came from only when it is durable (or refused, which is counted and told). Any worker may call any function.
class Links {
 public:
  /// The thread and the clock outlive it. Nothing runs before `start`.
  Links(thread::Thread& thread, const base::Clock& clock, Options options = {});
  /// Stops.
  ~Links();

  /// Adds a link; it runs at once if `start` was called. A file or broker that is not there is a state, not an error.
  /// Errors: already_exists (name), too_large (terms).
  base::Status add(LinkDefinition definition);

  /// Starts the workers of all links, and of those added later. May be called twice.
  void start();

  /// Ends all links: nothing new is taken, what was handed to the thread is waited for. May be called twice.
  void stop();

  /// All links, in the order added. Cost: a short lock per link.
  std::vector<LinkStatus> status() const;

  /// Hands a payload to a link of kind push. `done` is called exactly once, on some worker (hand over and return),
  /// when it is durable, or with the error: not_found (no such link), conflict (not of kind push), invalid (refused by
  /// the mapping, with the reason), busy (mailbox full), too_large, unavailable (record takes nothing; stopped).
  void push(std::string_view name, std::string payload, std::function<void(base::Status)> done);

  /// Lets every link look at the clock again: for clocks that are set by hand.
  void wake();

  /// Waits until `condition` holds of the status or `timeout_ms` has passed on the machine's clock; says whether it
  /// holds. Looked at after every turn of every link.
  bool wait_until(const std::function<bool(const std::vector<LinkStatus>&)>& condition, int64_t timeout_ms) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::link

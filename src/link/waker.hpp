// How a link's worker rests: until a time, a readable socket, or somebody who wakes it.
#pragma once

#include <cstdint>

#include "base/instant.hpp"

namespace cityloom::link {

/// What a link waits for after a turn.
struct Rest {
  base::Instant until;          ///< none: for no time
  int descriptor = -1;          ///< a socket to watch for reading, or -1
  bool is_for_writing = false;  ///< watch it for writing too
};

/// Wakes one worker. `wake` is remembered when nobody rests; any worker may call it.
class Waker {
 public:
  Waker();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  /// Ends the rest at hand, or the next one.
  void wake() const;

  /// Returns when one of the reasons is there. Looks at the clock at least once a second, since it may be set.
  void rest(const Rest& rest, const base::Clock& clock) const;

  /// Readable while somebody has woken and nobody rested since.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace cityloom::link

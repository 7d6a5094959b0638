#include "link/waker.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>

namespace cityloom::link {

Waker::Waker() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  assert(descriptor_ >= 0);
}

Waker::~Waker() {
  close(descriptor_);
}

void Waker::wake() const {
  const uint64_t one = 1;
  // Full means that it is awake already.
  [[maybe_unused]] const auto written = write(descriptor_, &one, sizeof(one));
}

void Waker::rest(const Rest& rest, const base::Clock& clock) const {
  constexpr int64_t longest_ms = 1'000;
  int64_t timeout_ms = longest_ms;
  if (rest.until.exists()) {
    const int64_t left_us = rest.until.microseconds - clock.now().microseconds;
    timeout_ms = std::clamp<int64_t>((left_us + 999) / 1'000, 0, longest_ms);
  }
  pollfd watched[2] = {{descriptor_, POLLIN, 0},
                       {rest.descriptor, static_cast<short>(rest.is_for_writing ? POLLIN | POLLOUT : POLLIN), 0}};
  poll(watched, rest.descriptor >= 0 ? 2 : 1, static_cast<int>(timeout_ms));
  uint64_t count = 0;
  [[maybe_unused]] const auto taken = read(descriptor_, &count, sizeof(count));
}

}  // namespace cityloom::link

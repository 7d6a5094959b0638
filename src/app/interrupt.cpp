// One worker waits for the signals, so that no handler runs between other work.
#include "app/interrupt.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>

namespace cityloom::app {
namespace {

sigset_t awaited() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t set = awaited();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A client that goes away must not end the server.
  signal(SIGPIPE, SIG_IGN);
  // A file that may not grow is a failed write, told like any other.
  signal(SIGXFSZ, SIG_IGN);
  worker_ = std::thread([this, set] {
    for (;;) {
      int number = 0;
      if (sigwait(&set, &number) != 0 || ending_) return;
      if (asked_) _exit(130);
      ask();
    }
  });
}

Interrupt::~Interrupt() {
  ending_ = true;
  pthread_kill(worker_.native_handle(), SIGTERM);
  worker_.join();
}

void Interrupt::ask() {
  {
    const std::lock_guard lock(mutex_);
    asked_ = true;
  }
  changed_.notify_all();
}

bool Interrupt::wait_for_ms(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return asked(); });
}

}  // namespace cityloom::app

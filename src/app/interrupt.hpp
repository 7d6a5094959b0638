// Ctrl-C and SIGTERM: asked for politely once, obeyed at once the second time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace cityloom::app {

/// Takes SIGINT and SIGTERM for the whole process while it exists. Make one before any other worker starts, at most
/// one at a time. A second signal ends the process at once with exit code 130.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool asked() const { return asked_.load(); }

  /// Returns when somebody has asked to stop (true), or when the time has passed.
  bool wait_for_ms(int64_t timeout_ms);

  /// As if Ctrl-C had been pressed: another part of the program wants to end.
  void ask();

 private:
  std::atomic<bool> asked_ = false;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread worker_;
};

}  // namespace cityloom::app

// Where other workers leave word for the worker that follows the feed. Outlives it, for answers that come late.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "serve/ngsi/deliverer.hpp"

namespace cityloom::serve::ngsi_ld {

/// Answers of endpoints, and news of the record.
struct Inbox {
  struct Answer {
    std::string id;
    uint64_t attempt = 0;
    Delivered result;
  };
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<Answer> answers;
  bool news = false;
  bool stopping = false;

  /// There is something to look at.
  void tell() {
    {
      const std::lock_guard lock(mutex);
      news = true;
    }
    wake.notify_one();
  }
};

}  // namespace cityloom::serve::ngsi_ld

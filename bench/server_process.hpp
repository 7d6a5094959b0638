// The program as a server in a process of its own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cityloom::bench {

/// `cityloom serve`, ended by its id when destroyed. One worker.
class ServerProcess {
 public:
  ServerProcess() = default;
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  /// Starts it on a free port and waits until it says that it is ready. Errors: unavailable.
  base::Result<uint16_t> start(const std::string& program, const std::vector<std::string>& arguments, int timeout_ms);

  /// The most memory it has had resident, in bytes; 0 if it cannot be known.
  uint64_t peak_resident_bytes() const;
  /// The memory that it has resident now.
  uint64_t resident_bytes() const;

 private:
  base::Result<uint16_t> wait_for_port(int timeout_ms) const;
  uint64_t bytes_of(const char* field) const;

  pid_t process_ = -1;
  int output_ = -1;
};

}  // namespace cityloom::bench

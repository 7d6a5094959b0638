// A load generator: keep-alive connections over one epoll loop, each with one request under way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cityloom::bench {

/// What a load measured.
struct HttpLoad {
  double requests_per_second = 0;
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
  uint64_t answers = 0;
  uint64_t failures = 0;  ///< answers with another status than wanted
  uint64_t closed = 0;    ///< connections that the server ended, and that were made again
};

/// Sends `requests` (whole ones, taken in turn by all connections) to 127.0.0.1 for `duration_ms` after a warm-up of a
/// tenth of it. On the caller's worker. Errors: unavailable (no connection, or it ended), corrupt (not HTTP).
/// `again`: a connection that the server ends is made again.
base::Result<HttpLoad> load_http(uint16_t port, const std::vector<std::string>& requests, int status_wanted,
                                 int connections, int duration_ms, bool again = false);

/// Clients that ask at a pace, each one request at a time: a slow server is asked less, never at once for what it
/// missed. One worker.
class PacedClients {
 public:
  PacedClients(uint16_t port, int connections);
  ~PacedClients();
  PacedClients(const PacedClients&) = delete;
  PacedClients& operator=(const PacedClients&) = delete;

  /// Errors: unavailable.
  base::Status open();
  /// Asks for `count` requests, `a_second` at most; `make` gives each when it is sent, `done` hears of its status.
  base::Status run(int count, int a_second, const std::function<std::string(int number)>& make,
                   const std::function<void(int number, int status)>& done);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// One request and the answer's status and body.
struct HttpReply {
  int status = 0;
  std::string body;
};
base::Result<HttpReply> ask_http(uint16_t port, const std::string& request);

/// A whole request, with Host and Content-Length.
std::string http_request(const std::string& method, const std::string& target, const std::string& content_type = {},
                         const std::string& body = {});

}  // namespace cityloom::bench

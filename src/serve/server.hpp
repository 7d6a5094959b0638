// The door of the engine: HTTP/1.1 over TCP on N workers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "serve/router.hpp"
#include "trust/trust.hpp"

namespace cityloom::serve {

/// Limits and times. What is past a limit is answered, where it still can be, with the status given here.
struct ServerOptions {
  std::string address = "127.0.0.1";      ///< a numeric IPv4 or IPv6 address
  uint16_t port = 8080;                   ///< 0: any free one
  unsigned workers = 0;                   ///< 0: one per core
  unsigned blocking_workers = 4;          ///< for routes marked `blocking`
  size_t blocking_waiting_max = 128;      ///< requests that they have or that wait for them; past it: 503
  unsigned bulk_workers = 2;              ///< for long work of the class bulk
  size_t bulk_waiting_max = 64;           ///< requests that they have or that wait for them; past it: 503
  size_t bulk_bytes_min = 256u << 10;     ///< of a body: from then on a request is bulk
  uint64_t memory_bytes_max = 0;          ///< of the process; near it work is refused by class (503); 0: no matter
  size_t header_bytes_max = 16'384;       ///< 431
  size_t headers_max = 100;               ///< 431
  size_t target_bytes_max = 8'192;        ///< 414
  size_t body_bytes_max = 32u << 20;      ///< 413, unless the route says another
  size_t bodies_bytes_max = 1u << 30;     ///< of all requests being taken at once; past it: 503
  size_t connections_max = 8'192;         ///< past it: 503 and closed
  size_t requests_in_flight_max = 4'096;  ///< answered later than at once; past it: 503 with Retry-After
  size_t streams_max = 512;               ///< responses with a BodySource of unknown length; past it: 503
  int header_timeout_ms = 10'000;         ///< from the first byte of a request to the end of its header: 408
  int body_timeout_ms = 60'000;           ///< between two pieces of a body: 408
  int idle_timeout_ms = 75'000;           ///< between two requests of a connection: closed
  int write_timeout_ms = 30'000;          ///< between two pieces that the client takes: closed
  int stream_heartbeat_ms = 15'000;       ///< see BodySource
  int stop_timeout_ms = 5'000;            ///< what is in flight when stopping may still be answered for so long
};

/// Classes of work, in the order in which they are refused when too much is asked. Emergencies are what the server says
/// of itself, and what comes with `Priority: u=0`.
enum class Work : uint8_t { bulk, write, read, emergency };
inline constexpr size_t work_count = 4;
/// "bulk" ...
std::string_view name_of(Work work);

/// Counts of one route (or of what no route took, at the end). Times are from the end of the header to the last byte
/// handed to the system.
struct RouteCounts {
  static constexpr size_t bucket_count = 12;
  uint64_t by_class[5] = {};                ///< answers 1xx to 5xx
  uint64_t by_time[bucket_count + 1] = {};  ///< not cumulative; bounds: ServerStatus::time_bounds_s
  double seconds = 0;
};

/// The engine's numbers.
struct ServerStatus {
  static const double time_bounds_s[RouteCounts::bucket_count];
  uint64_t connections = 0;
  uint64_t connections_accepted = 0;
  uint64_t requests_in_flight = 0;
  uint64_t streams = 0;
  uint64_t long_work = 0;  ///< requests that workers for long work have, or that wait for them
  uint64_t refused_by_load = 0;
  uint64_t refused_by_work[work_count] = {};  ///< of them those that were told apart by class
  uint64_t memory_bytes = 0;                  ///< resident, as of the last look; 0 without memory_bytes_max
  uint64_t bytes_sent = 0;
  std::vector<RouteCounts> routes;  ///< as in Router::routes(), and one more for requests without a route
};

/// A running server. Made and destroyed by one worker; `status` by any.
class Server {
 public:
  /// Listens and starts the workers. The router and the gate must outlive it. Errors: conflict (port in use),
  /// invalid (address), forbidden (port not allowed), unavailable.
  static base::Result<std::unique_ptr<Server>> start(const Router& router, const trust::Gate& gate,
                                                     ServerOptions options = {});
  /// Stops.
  ~Server();

  /// The port it listens on.
  uint16_t port() const;

  /// Takes no more connections, lets what is in flight finish (streams are ended), closes. Returns when all is done,
  /// after stop_timeout_ms at the latest. Safe to call twice.
  void stop();

  /// The engine's numbers as of now.
  ServerStatus status() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::serve

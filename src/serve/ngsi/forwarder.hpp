// Sends requests to registered sources, many at once, and counts what becomes of them. ETSI GS CIM 009 clauses 4.3.6,
// 6.3.17, 6.3.18.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "serve/ngsi/registrations.hpp"
#include "serve/ngsi/source_cache.hpp"
#include "serve/outgoing.hpp"

namespace cityloom::serve::ngsi_ld {

/// A request to one source.
struct SourceRequest {
  SourcePointer source;
  OutgoingRequest request;
  /// It asks for what the source has, and an answer of before will do for as long as its registration says; else
  /// answers of before count no more, unless it is a GET.
  bool is_read = false;
};

/// What a source answered, or why it did not.
struct SourceAnswer {
  SourcePointer source;
  base::Result<OutgoingResponse> response;

  /// Whether it answered as asked (2xx).
  bool ok() const { return response.ok() && response->status >= 200 && response->status < 300; }
};

/// Limits and times.
struct ForwarderOptions {
  size_t sources_max = 100;              ///< that one request may go to
  size_t under_way_max = 2'000;          ///< requests to sources at a time; past it they are not sent
  size_t hops_max = 16;                  ///< brokers that a request may have come through
  size_t body_bytes_max = 16u << 20;     ///< of one answer
  size_t bodies_bytes_max = 128u << 20;  ///< of all answers to one request
  size_t entities_max = 10'000;          ///< that one request takes from one source
  int64_t timeout_ms = 5'000;            ///< where the registration names none
  int64_t timeout_max_ms = 60'000;
  Reach reach = Reach::not_link_local;  ///< the same rule as for notifications
};

/// Any worker. The client and clock must outlive it.
class Forwarder {
 public:
  using Done = std::function<void(std::vector<SourceAnswer>)>;
  Forwarder(OutgoingClient& client, const base::Clock& clock, ForwarderOptions options = {})
      : client_(client), clock_(clock), options_(options) {}

  /// Sends all of them side by side. `done` is called once, when the last has answered or run out of time, in the order
  /// of the requests; on the client's worker: hand over and return. With no requests: at once.
  void send(std::vector<SourceRequest> requests, Done done);

  const ForwarderOptions& options() const { return options_; }

 private:
  OutgoingClient& client_;
  std::shared_ptr<std::atomic<size_t>> under_way_ = std::make_shared<std::atomic<size_t>>(0);
  const base::Clock& clock_;
  const ForwarderOptions options_;
  std::shared_ptr<SourceCache> cache_ = std::make_shared<SourceCache>();
};

}  // namespace cityloom::serve::ngsi_ld

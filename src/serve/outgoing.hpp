// The HTTP client of the server: fetches contexts and delivers notifications, without ever holding a caller up.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace cityloom::serve {

/// Which addresses a request may reach, judged after name resolution and again on every redirect.
enum class Reach : uint8_t {
  public_only,     ///< no loopback, private, link-local, multicast or reserved address, unless allow-listed
  not_link_local,  ///< anything but link-local (cloud metadata services), multicast and unspecified, unless
                   ///< allow-listed
};

/// Whether an address in text ("10.0.0.1", "::1") may be reached. Not an address: false. Pure.
bool may_reach(std::string_view address, Reach reach);

/// A URL taken apart. `target` is the path with the query, at least "/".
struct Url {
  std::string scheme;  ///< lower case
  std::string user, password;
  std::string host;   ///< lower case; an IPv6 address without brackets
  uint16_t port = 0;  ///< 80, 443, 1883, 8883 by scheme where not given; 0 where unknown
  std::string target;

  /// Takes http, https, mqtt and mqtts URLs apart. Errors: invalid, with the text in `where`.
  static base::Result<Url> parse(std::string_view text);
};

struct OutgoingRequest {  ///< one request
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Reach reach = Reach::public_only;
  int64_t timeout_ms = 5'000;        ///< for all of it: name, connection, redirects, answer
  size_t body_bytes_max = 1u << 20;  ///< of the answer; past it: too_large
  size_t redirects_max = 0;          ///< followed for GET only
};

struct OutgoingResponse {  ///< its answer
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The first header of this name (case ignored), or "".
  std::string_view header(std::string_view name) const;
};

struct OutgoingOptions {  ///< limits of a client
  /// Addresses that are reachable whatever the Reach: exact ("127.0.0.1", "::1").
  std::vector<std::string> allowed_addresses;
  size_t idle_connections_max = 256;  ///< kept open for reuse, over all hosts
  int64_t idle_timeout_ms = 30'000;
};

/// Sends requests from one worker of its own; names are resolved on four more. Connections are kept for reuse.
class OutgoingClient {
 public:
  using Done = std::function<void(base::Result<OutgoingResponse>)>;

  explicit OutgoingClient(OutgoingOptions options = {});
  /// Ends every request under way without calling its `done`; a waiting `fetch` gets `cancelled`.
  ~OutgoingClient();
  OutgoingClient(const OutgoingClient&) = delete;
  OutgoingClient& operator=(const OutgoingClient&) = delete;

  /// Sends; `done` is called exactly once, on the client's worker: hand over and return. An answer of any status is a
  /// value. Errors: invalid (URL), forbidden (address), unavailable (name, connection, broken answer), timeout,
  /// too_large (answer), too_complex (redirects), cancelled. Any worker may call.
  void send(OutgoingRequest request, Done done);

  /// The same, waiting. Not from the client's own worker.
  base::Result<OutgoingResponse> fetch(OutgoingRequest request);

 private:
  struct Parts;
  std::shared_ptr<Parts> parts_;
};

}  // namespace cityloom::serve

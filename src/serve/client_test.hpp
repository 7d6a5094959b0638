// A plain HTTP client for tests: sends the very bytes that it is given, reads responses one after another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cityloom::serve {

struct ReceivedResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The value of a header (any case), or "".
  std::string header(std::string_view name) const;
};

/// One connection to 127.0.0.1. Waits 10 s at most for anything; then the call gives nothing.
class TestClient {
 public:
  explicit TestClient(uint16_t port);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void send(std::string_view bytes);
  /// The next response; `to_head`: to a HEAD request, so without body. Nothing if the connection ended before it.
  std::optional<ReceivedResponse> read(bool to_head = false);
  /// The next response's head only: its body follows by `read_line`.
  std::optional<ReceivedResponse> read_head();
  /// The next line of a chunked body, without its end; nothing if the body or the connection ended.
  std::optional<std::string> read_line();
  /// Whether the other side closes now, with nothing more to read.
  bool is_closed();
  /// `send` of a whole request with Host and Content-Length, and `read`.
  std::optional<ReceivedResponse> ask(std::string_view method, std::string_view target, std::string_view body = {},
                                      std::string_view header_lines = {});
  /// Makes the receive buffer small: a slow reader.
  void stop_reading();

 private:
  bool fill();
  bool read_chunk();

  int socket_ = -1;
  std::string buffer_;
  std::string chunk_data_;
  bool chunks_ended_ = false;
};

}  // namespace cityloom::serve

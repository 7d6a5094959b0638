// Reads the head of a request and chunked bodies, by Boost.Beast's parser.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "serve/request.hpp"

namespace cityloom::serve::engine {

/// What was wrong with a request, as a status and words. The connection cannot go on after it.
struct Malformed {
  int status = 400;
  std::string_view what;
};

/// Parses one request after another. One worker.
class RequestParser {
 public:
  RequestParser();
  ~RequestParser();

  /// Parses a whole head, from the method to the empty line's CRLF. `request` gets method, target, and headers as
  /// views into `head`.
  std::optional<Malformed> parse_head(std::string_view head, size_t headers_max, Request& request);

  // Of the head last parsed:
  bool keep_alive() const { return keep_alive_; }
  bool is_http_1_0() const { return is_http_1_0_; }
  bool chunked() const { return chunked_; }
  bool expects_continue() const { return expects_continue_; }
  uint64_t content_length() const { return content_length_; }

  /// Takes bytes of a chunked body and appends its data to `body`. `used` is how many were taken; `done` is set at the
  /// body's end. Data past `body_bytes_max` is malformed (413).
  std::optional<Malformed> parse_chunks(std::string_view bytes, size_t body_bytes_max, std::string& body, size_t& used,
                                        bool& done);

 private:
  std::optional<Malformed> check_framing(const Request& request);

  struct Impl;
  std::unique_ptr<Impl> impl_;
  bool keep_alive_ = false;
  bool is_http_1_0_ = false;
  bool chunked_ = false;
  bool expects_continue_ = false;
  uint64_t content_length_ = 0;
};

/// Where the head that begins `bytes` ends (one past its empty line), or npos.
size_t end_of_head(std::string_view bytes, size_t searched);

}  // namespace cityloom::serve::engine

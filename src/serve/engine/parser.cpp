#include "serve/engine/parser.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <limits>

namespace cityloom::serve::engine {
namespace http = boost::beast::http;
namespace {

using View = boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

constexpr size_t chunk_line_bytes_max = 16'384;

std::string_view std_view(View view) {
  return {view.data(), view.size()};
}

/// Hands what Beast finds to a Request, without copying.
class BeastParser final : public http::basic_parser<true> {
 public:
  BeastParser(std::string_view head, size_t headers_max, Request& request)
      : head_(head), headers_max_(headers_max), request_(request) {
    // The head is complete and already within our limit; bodies are measured by the connection. Beast 1.74 takes
    // boost::none for a limit that every body passes, hence the largest number.
    header_limit(std::numeric_limits<uint32_t>::max());
    body_limit(std::numeric_limits<uint64_t>::max());
    eager(false);
  }

  void collect_into(std::string* body, size_t body_bytes_max) {
    body_ = body;
    body_bytes_max_ = body_bytes_max;
  }
  bool too_large() const { return too_large_; }
  bool too_many_headers() const { return too_many_headers_; }
  std::optional<base::Error> target_error;
  int version = 11;

 private:
  void on_request_impl(http::verb, View method, View target, int http_version, ErrorCode& ec) override {
    version = http_version;
    auto taken = request_.set_target(method_of(std_view(method)), std_view(target));
    if (!taken) {
      target_error = taken.error();
      ec = http::make_error_code(http::error::bad_target);
    }
  }
  void on_response_impl(int, View, int, ErrorCode&) override {}
  void on_field_impl(http::field, View name, View value, ErrorCode& ec) override {
    if (is_header_done()) return;  // trailers say nothing that we use
    // A folded value lies in Beast's own buffer, which ends with the field: obsolete, and refused as RFC 9112 allows.
    if (!value.empty() && (value.data() < head_.data() || value.data() >= head_.data() + head_.size())) {
      ec = http::make_error_code(http::error::bad_value);
      return;
    }
    if (request_.headers().size() == headers_max_) {
      too_many_headers_ = true;
      ec = http::make_error_code(http::error::header_limit);
      return;
    }
    request_.add_header(std_view(name), std_view(value));
  }
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(boost::optional<uint64_t> const&, ErrorCode&) override {}
  size_t on_body_impl(View text, ErrorCode&) override { return text.size(); }
  void on_chunk_header_impl(uint64_t size, View, ErrorCode& ec) override {
    if (size <= body_bytes_max_ - std::min(body_bytes_max_, body_->size())) return;
    too_large_ = true;
    ec = http::make_error_code(http::error::body_limit);
  }
  size_t on_chunk_body_impl(uint64_t, View text, ErrorCode&) override {
    body_->append(text.data(), text.size());
    return text.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  std::string_view head_;
  size_t headers_max_;
  Request& request_;
  std::string* body_ = nullptr;
  size_t body_bytes_max_ = 0;
  bool too_large_ = false;
  bool too_many_headers_ = false;
};

std::string_view words_for(const ErrorCode& ec) {
  if (ec == http::error::bad_method) return "the request does not begin with a method";
  if (ec == http::error::bad_target) return "the request has no valid address";
  if (ec == http::error::bad_version) return "the HTTP version is not 1.0 or 1.1";
  if (ec == http::error::bad_content_length)
    return "Content-Length is not one number, or stands beside Transfer-Encoding";
  if (ec == http::error::bad_transfer_encoding) return "Transfer-Encoding stands twice or beside Content-Length";
  if (ec == http::error::bad_value) return "a header's value is folded or not valid";
  if (ec == http::error::bad_chunk || ec == http::error::bad_chunk_extension) return "the chunked body is malformed";
  return "the request is not valid HTTP/1.1";
}

}  // namespace

struct RequestParser::Impl {
  std::optional<BeastParser> parser;
};

RequestParser::RequestParser() : impl_(std::make_unique<Impl>()) {}
RequestParser::~RequestParser() = default;

std::optional<Malformed> RequestParser::parse_head(std::string_view head, size_t headers_max, Request& request) {
  BeastParser& parser = impl_->parser.emplace(head, headers_max, request);
  keep_alive_ = false;
  expects_continue_ = false;
  ErrorCode ec;
  parser.put(boost::asio::const_buffer(head.data(), head.size()), ec);
  if (parser.too_many_headers()) return Malformed{431, "too many headers"};
  if (ec || !parser.is_header_done()) return Malformed{400, words_for(ec)};
  keep_alive_ = parser.keep_alive();
  is_http_1_0_ = parser.version == 10;
  chunked_ = parser.chunked();
  content_length_ = chunked_ ? 0 : parser.content_length().value_or(0);
  return check_framing(request);
}

std::optional<Malformed> RequestParser::check_framing(const Request& request) {
  size_t hosts = 0;
  for (const NameValue& header : request.headers()) {
    if (same_without_case(header.name, "Host")) ++hosts;
    if (same_without_case(header.name, "Transfer-Encoding")) {
      // Beast takes the last coding only; any other one before it would leave us with bytes that we cannot read.
      if (!same_without_case(header.value, "chunked")) return Malformed{501, "Transfer-Encoding is not just 'chunked'"};
      if (is_http_1_0_) return Malformed{400, "HTTP/1.0 has no Transfer-Encoding"};
    }
    if (same_without_case(header.name, "Expect")) {
      if (!same_without_case(header.value, "100-continue")) return Malformed{417, "Expect knows 100-continue only"};
      expects_continue_ = !is_http_1_0_;
    }
  }
  if (hosts > 1 || (hosts == 0 && !is_http_1_0_)) return Malformed{400, "the request needs one Host header"};
  return {};
}

std::optional<Malformed> RequestParser::parse_chunks(std::string_view bytes, size_t body_bytes_max, std::string& body,
                                                     size_t& used, bool& done) {
  BeastParser& parser = *impl_->parser;
  parser.collect_into(&body, body_bytes_max);
  used = 0;
  done = false;
  while (used < bytes.size()) {
    ErrorCode ec;
    const size_t taken = parser.put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), ec);
    used += taken;
    if (parser.is_done()) {
      done = true;
      return {};
    }
    if (parser.too_large()) return Malformed{413, "the body is too large"};
    if (ec == http::error::need_more) {
      if (bytes.size() - used > chunk_line_bytes_max)
        return Malformed{400, "a chunk's header or the trailer is too long"};
      return {};
    }
    if (ec) return Malformed{400, words_for(ec)};
  }
  return {};
}

size_t end_of_head(std::string_view bytes, size_t searched) {
  const size_t at = bytes.find("\r\n\r\n", searched < 3 ? 0 : searched - 3);
  return at == std::string_view::npos ? at : at + 4;
}

}  // namespace cityloom::serve::engine

// A client of HTTP/1.1 for one request, by Beast.
#include "app/http_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

namespace cityloom::app {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using base::Code;
using base::fail;
using boost::asio::ip::tcp;

constexpr uint64_t answer_bytes_max = 16u << 20;

struct Address {
  std::string host;
  std::string port = "80";
  std::string target = "/";
};

base::Result<Address> parse_url(const std::string& url) {
  const std::string scheme = "http://";
  const std::string remedy = "a server's address looks like http://127.0.0.1:8080";
  if (url.rfind(scheme, 0) != 0) return fail(Code::invalid, "this is no http: address", url, remedy);
  const size_t slash = url.find('/', scheme.size());
  std::string authority = url.substr(scheme.size(), slash == std::string::npos ? slash : slash - scheme.size());
  Address address;
  if (slash != std::string::npos) address.target = url.substr(slash);
  const size_t bracket = authority.find(']');
  const size_t colon = authority.rfind(':');
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    address.port = authority.substr(colon + 1);
    authority.resize(colon);
  }
  if (bracket != std::string::npos && authority.size() > 2) authority = authority.substr(1, bracket - 1);
  if (authority.empty()) return fail(Code::invalid, "the address names no host", url, remedy);
  address.host = authority;
  return address;
}

/// Runs what was started until it is done; the stream's own deadline ends it.
void run(boost::asio::io_context& context) {
  context.restart();
  context.run();
}

template <class Body>
base::Result<HttpAnswer> send(const Address& address, const std::string& url, http::request<Body>& request,
                              int timeout_s, bool answers_late = false) {
  const auto lost = [&](const beast::error_code& error) {
    return fail(Code::unavailable, "no answer from the server: " + error.message(), url, "is it running there?");
  };
  boost::asio::io_context context;
  beast::error_code error;
  tcp::resolver resolver(context);
  const auto places = resolver.resolve(address.host, address.port, error);
  if (error) return lost(error);
  beast::tcp_stream stream(context);
  const std::chrono::seconds timeout(timeout_s);
  const auto done = [&](const beast::error_code& e, auto&&...) { error = e; };
  stream.expires_after(timeout);
  stream.async_connect(places, done);
  run(context);
  if (error) return lost(error);
  http::request_serializer<Body> serializer(request);
  while (!serializer.is_done() && !error) {
    stream.expires_after(timeout);
    http::async_write_some(stream, serializer, done);
    run(context);
  }
  // A server that refuses early answers and closes: what it says matters more than the broken pipe.
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_bytes_max);
  if (answers_late) {
    stream.expires_never();
  } else {
    stream.expires_after(timeout);
  }
  http::async_read(stream, buffer, parser, done);
  run(context);
  if (error == http::error::body_limit) return fail(Code::too_large, "the answer is over 16 MiB", url);
  if (error) return lost(error);
  return HttpAnswer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

template <class Body>
http::request<Body> make_request(const Address& address, http::verb method) {
  http::request<Body> request(method, address.target, 11);
  request.set(http::field::host, address.host + ":" + address.port);
  request.set(http::field::connection, "close");
  return request;
}

}  // namespace

base::Result<HttpAnswer> get_text(const std::string& url, int timeout_s) {
  const auto address = parse_url(url);
  if (!address) return address.error();
  auto request = make_request<http::empty_body>(*address, http::verb::get);
  return send(*address, url, request, timeout_s);
}

base::Result<HttpAnswer> post_text(const std::string& url, const std::string& content_type, const std::string& body,
                                   int timeout_s) {
  const auto address = parse_url(url);
  if (!address) return address.error();
  auto request = make_request<http::string_body>(*address, http::verb::post);
  request.set(http::field::content_type, content_type);
  request.body() = body;
  request.prepare_payload();
  return send(*address, url, request, timeout_s);
}

base::Result<HttpAnswer> post_file(const std::string& url, const std::string& path, int timeout_s) {
  const auto address = parse_url(url);
  if (!address) return address.error();
  auto request = make_request<http::file_body>(*address, http::verb::post);
  request.set(http::field::content_type, "application/octet-stream");
  beast::error_code error;
  request.body().open(path.c_str(), beast::file_mode::scan, error);
  if (error) return fail(Code::not_found, "the file cannot be read: " + error.message(), path);
  request.prepare_payload();
  return send(*address, url, request, timeout_s, true);
}

std::string url_escaped(const std::string& text) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      escaped += c;
    } else {
      escaped += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return escaped;
}

base::Error error_of(const HttpAnswer& answer, const std::string& url) {
  const nlohmann::json json = nlohmann::json::parse(answer.body, nullptr, false);
  std::string said;
  if (json.is_object()) {
    for (const char* member : {"title", "detail"}) {
      const auto text = json.find(member);
      if (text != json.end() && text->is_string()) said += (said.empty() ? "" : ": ") + text->get<std::string>();
    }
  }
  if (said.empty()) said = answer.body.substr(0, 200);
  const Code code = answer.status == 413 ? Code::too_large : answer.status >= 500 ? Code::unavailable : Code::invalid;
  return fail(code, "the server answered " + std::to_string(answer.status) + ", " + said, url);
}

}  // namespace cityloom::app

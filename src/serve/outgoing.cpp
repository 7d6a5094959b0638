// The outgoing HTTP client on Beast: one worker, coroutines, a pool of kept connections, one deadline per request.
#include "serve/outgoing.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <future>
#include <list>
#include <optional>
#include <thread>

namespace cityloom::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using base::Code;
using base::fail;
using base::Result;
using Steady = std::chrono::steady_clock;
using Tcp = asio::ip::tcp;
using Secure = beast::ssl_stream<beast::tcp_stream>;

constexpr size_t header_bytes_max = 64u << 10;
constexpr int resolver_workers = 4;

// One kept connection; one of the two streams.
struct Connection {
  std::unique_ptr<beast::tcp_stream> plain;
  std::unique_ptr<Secure> secure;
  beast::flat_buffer buffer;
  bool reused = false;

  beast::tcp_stream& lowest() { return secure ? beast::get_lowest_layer(*secure) : *plain; }
};

struct Idle {
  std::string key;
  std::unique_ptr<Connection> connection;
  Steady::time_point since;
};

struct Resolved {
  std::vector<Tcp::endpoint> endpoints;
  std::optional<base::Error> error;
};

Resolved resolve_now(const std::string& host, uint16_t port) {
  asio::io_context context;
  Tcp::resolver resolver(context);
  boost::system::error_code error;
  Resolved resolved;
  for (const auto& entry : resolver.resolve(host, std::to_string(port), Tcp::resolver::numeric_service, error)) {
    resolved.endpoints.push_back(entry.endpoint());
  }
  if (error) resolved.error = fail(Code::unavailable, "the name could not be resolved: " + error.message(), host);
  return resolved;
}

base::Error broken(const Url& url, const boost::system::error_code& error) {
  if (error == http::error::body_limit || error == http::error::header_limit) {
    return fail(Code::too_large, "the answer is larger than allowed", url.host);
  }
  if (error == beast::error::timeout) return fail(Code::timeout, "no answer in time", url.host);
  return fail(Code::unavailable, "the exchange failed: " + error.message(), url.host + ":" + std::to_string(url.port));
}

// A redirect's target, absolute or on the same host.
std::string redirected(const Url& from, std::string_view location) {
  if (location.find("://") != std::string_view::npos) return std::string(location);
  const std::string host = from.host.find(':') == std::string::npos ? from.host : "[" + from.host + "]";
  const std::string origin = from.scheme + "://" + host + ":" + std::to_string(from.port);
  if (!location.empty() && location.front() == '/') return origin + std::string(location);
  const std::string path = from.target.substr(0, from.target.find('?'));
  return origin + path.substr(0, path.rfind('/') + 1) + std::string(location);
}

}  // namespace

// A request under way. Whoever ends it first (answer, deadline, stop) calls `done`; the others find it ended.
struct OutgoingCall {
  OutgoingRequest request;
  OutgoingClient::Done done;
  Steady::time_point deadline;
  std::optional<asio::steady_timer> timer;
  Connection* connection = nullptr;  // to be closed at the deadline

  void end(Result<OutgoingResponse> result) {
    if (!done) return;
    timer->cancel();
    auto told = std::exchange(done, nullptr);
    told(std::move(result));
  }
};

struct OutgoingClient::Parts : std::enable_shared_from_this<OutgoingClient::Parts> {
  explicit Parts(OutgoingOptions given) : options(std::move(given)) {
    tls.set_default_verify_paths();
    tls.set_verify_mode(asio::ssl::verify_peer);
  }

  OutgoingOptions options;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::thread_pool resolvers{resolver_workers};
  std::list<Idle> idle;  // oldest first; only the worker touches it
  std::thread worker;

  bool allowed(const asio::ip::address& address, Reach reach) const {
    const std::string text = address.to_string();
    const auto& list = options.allowed_addresses;
    return std::find(list.begin(), list.end(), text) != list.end() || may_reach(text, reach);
  }

  std::unique_ptr<Connection> take_idle(const std::string& key) {
    const auto oldest = Steady::now() - std::chrono::milliseconds(options.idle_timeout_ms);
    while (!idle.empty() && idle.front().since < oldest) idle.pop_front();
    for (auto at = idle.rbegin(); at != idle.rend(); ++at) {
      if (at->key != key) continue;
      auto connection = std::move(at->connection);
      idle.erase(std::next(at).base());
      connection->reused = true;
      return connection;
    }
    return nullptr;
  }

  void keep(std::string key, std::unique_ptr<Connection> connection) {
    connection->lowest().expires_never();
    idle.push_back({std::move(key), std::move(connection), Steady::now()});
    if (idle.size() > options.idle_connections_max) idle.pop_front();
  }

  asio::awaitable<Result<std::vector<Tcp::endpoint>>> resolve(const Url& url, Reach reach);
  asio::awaitable<Result<std::unique_ptr<Connection>>> connect(OutgoingCall& call, Url url);
  template <class Stream>
  asio::awaitable<Result<OutgoingResponse>> exchange(Stream& stream, Connection& connection, const OutgoingCall& call,
                                                     const Url& url, bool& keep_open, bool& nothing_heard);
  asio::awaitable<Result<OutgoingResponse>> one(OutgoingCall& call, const Url& url);
  asio::awaitable<Result<OutgoingResponse>> all(OutgoingCall& call);
  asio::awaitable<void> run(std::shared_ptr<OutgoingCall> call);
};

asio::awaitable<Result<std::vector<Tcp::endpoint>>> OutgoingClient::Parts::resolve(const Url& url, Reach reach) {
  boost::system::error_code error;
  std::vector<Tcp::endpoint> found;
  if (const auto address = asio::ip::make_address(url.host, error); !error) {
    found.emplace_back(address, url.port);
  } else {
    // A timer stands for the answer of the other workers: g++ 12 miscompiles a coroutine spawned over there.
    auto answer = std::make_shared<Resolved>();
    auto signal = std::make_shared<asio::steady_timer>(context, Steady::time_point::max());
    asio::post(resolvers, [this, answer, signal, host = url.host, port = url.port] {
      *answer = resolve_now(host, port);
      asio::post(context, [signal] { signal->cancel(); });
    });
    co_await signal->async_wait(asio::redirect_error(asio::use_awaitable, error));
    Resolved resolved = std::move(*answer);
    if (resolved.error) co_return *resolved.error;
    found = std::move(resolved.endpoints);
  }
  std::erase_if(found, [&](const Tcp::endpoint& endpoint) { return !allowed(endpoint.address(), reach); });
  if (found.empty()) {
    co_return fail(Code::forbidden, "this address may not be reached from here", url.host,
                   "use a public address, or let the operator allow this one in the configuration");
  }
  co_return found;
}

asio::awaitable<Result<std::unique_ptr<Connection>>> OutgoingClient::Parts::connect(OutgoingCall& call, Url url) {
  auto endpoints = co_await resolve(url, call.request.reach);
  if (!endpoints.ok()) co_return endpoints.error();
  if (!call.done) co_return fail(Code::timeout, "no answer in time", url.host);
  auto connection = std::make_unique<Connection>();
  if (url.scheme == "https") {
    connection->secure = std::make_unique<Secure>(context, tls);
  } else {
    connection->plain = std::make_unique<beast::tcp_stream>(context);
  }
  call.connection = connection.get();
  auto& lowest = connection->lowest();
  lowest.expires_at(call.deadline);
  boost::system::error_code error;
  co_await lowest.async_connect(*endpoints, asio::redirect_error(asio::use_awaitable, error));
  if (!error) lowest.socket().set_option(Tcp::no_delay(true), error);
  if (!error && connection->secure) {
    // What the macro SSL_set_tlsext_host_name does, without its old-style cast.
    if (SSL_ctrl(connection->secure->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 url.host.data()) != 1) {
      error = asio::error::invalid_argument;
    } else {
      connection->secure->set_verify_callback(asio::ssl::host_name_verification(url.host));
      co_await connection->secure->async_handshake(asio::ssl::stream_base::client,
                                                   asio::redirect_error(asio::use_awaitable, error));
    }
  }
  call.connection = nullptr;
  if (error) co_return broken(url, error);
  co_return connection;
}

template <class Stream>
asio::awaitable<Result<OutgoingResponse>> OutgoingClient::Parts::exchange(Stream& stream, Connection& connection,
                                                                          const OutgoingCall& call, const Url& url,
                                                                          bool& keep_open, bool& nothing_heard) {
  http::request<http::string_body> message;
  message.version(11);
  message.method_string(call.request.method);
  message.target(url.target);
  const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  message.set(http::field::host, host + ":" + std::to_string(url.port));
  message.set(http::field::user_agent, "cityloom/" CITYLOOM_VERSION);
  for (const auto& [name, value] : call.request.headers) message.set(name, value);
  message.body() = call.request.body;
  message.prepare_payload();
  boost::system::error_code error;
  connection.lowest().expires_at(call.deadline);
  co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    nothing_heard = true;
    co_return broken(url, error);
  }
  http::response_parser<http::string_body> parser;
  parser.header_limit(header_bytes_max);
  parser.body_limit(call.request.body_bytes_max);
  const size_t heard = co_await http::async_read_header(stream, connection.buffer, parser,
                                                        asio::redirect_error(asio::use_awaitable, error));
  if (!error && parser.content_length().value_or(0) > call.request.body_bytes_max) error = http::error::body_limit;
  if (!error)
    co_await http::async_read(stream, connection.buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    nothing_heard = heard == 0 && !parser.got_some() && error != beast::error::timeout;
    co_return broken(url, error);
  }
  OutgoingResponse response;
  auto answer = parser.release();
  response.status = answer.result_int();
  for (const auto& field : answer)
    response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  response.body = std::move(answer.body());
  keep_open = answer.keep_alive() && connection.buffer.size() == 0;
  co_return response;
}

asio::awaitable<Result<OutgoingResponse>> OutgoingClient::Parts::one(OutgoingCall& call, const Url& url) {
  const std::string key = url.scheme + "|" + url.host + "|" + std::to_string(url.port) + "|" +
                          std::to_string(static_cast<int>(call.request.reach));
  auto connection = take_idle(key);
  while (call.done) {
    if (!connection) {
      auto made = co_await connect(call, url);
      if (!made.ok()) co_return made.error();
      connection = std::move(made).value();
    }
    call.connection = connection.get();
    bool keep_open = false, nothing_heard = false;
    Result<OutgoingResponse> response = fail(Code::internal, "no exchange");
    if (connection->secure) {
      response = co_await exchange(*connection->secure, *connection, call, url, keep_open, nothing_heard);
    } else {
      response = co_await exchange(*connection->plain, *connection, call, url, keep_open, nothing_heard);
    }
    call.connection = nullptr;
    // A kept connection may have been closed by the other side meanwhile: once more on a new one.
    if (!response.ok() && connection->reused && nothing_heard) {
      connection.reset();
      continue;
    }
    if (response.ok() && keep_open) keep(key, std::move(connection));
    co_return response;
  }
  co_return fail(Code::timeout, "no answer in time", url.host);
}

asio::awaitable<Result<OutgoingResponse>> OutgoingClient::Parts::all(OutgoingCall& call) {
  std::string text = call.request.url;
  for (size_t hops = 0;; ++hops) {
    auto url = Url::parse(text);
    if (!url.ok()) co_return url.error();
    if (url->scheme != "http" && url->scheme != "https") {
      co_return fail(Code::invalid, "only http and https URLs can be fetched", text);
    }
    auto response = co_await one(call, *url);
    const bool is_redirect =
        response.ok() && (response->status == 301 || response->status == 302 || response->status == 303 ||
                          response->status == 307 || response->status == 308);
    if (!is_redirect || call.request.redirects_max == 0 || call.request.method != "GET") co_return response;
    if (hops >= call.request.redirects_max) {
      co_return fail(Code::too_complex, "more redirects than allowed", call.request.url);
    }
    text = redirected(*url, response->header("Location"));
  }
}

asio::awaitable<void> OutgoingClient::Parts::run(std::shared_ptr<OutgoingCall> call) {
  // Libraries below may throw where they promise error codes (memory, header values out of form).
  try {
    auto result = co_await all(*call);
    call->end(std::move(result));
  } catch (const std::exception& error) {
    call->end(fail(Code::unavailable, std::string("the exchange failed: ") + error.what(), call->request.url));
  }
}

OutgoingClient::OutgoingClient(OutgoingOptions options) : parts_(std::make_shared<Parts>(std::move(options))) {
  parts_->worker = std::thread([parts = parts_.get()] { parts->context.run(); });
}

OutgoingClient::~OutgoingClient() {
  parts_->work.reset();
  parts_->context.stop();
  parts_->worker.join();
  parts_->resolvers.stop();
  parts_->resolvers.join();
}

void OutgoingClient::send(OutgoingRequest request, Done done) {
  auto call = std::make_shared<OutgoingCall>();
  call->request = std::move(request);
  call->done = std::move(done);
  call->deadline = Steady::now() + std::chrono::milliseconds(call->request.timeout_ms);
  asio::post(parts_->context, [parts = parts_.get(), call] {
    call->timer.emplace(parts->context, call->deadline);
    call->timer->async_wait([call](const boost::system::error_code& error) {
      if (error) return;
      if (call->connection) call->connection->lowest().close();
      call->end(fail(Code::timeout, "no answer within " + std::to_string(call->request.timeout_ms) + " ms",
                     call->request.url));
    });
    asio::co_spawn(parts->context, parts->run(call), asio::detached);
  });
}

Result<OutgoingResponse> OutgoingClient::fetch(OutgoingRequest request) {
  auto promise = std::make_shared<std::promise<Result<OutgoingResponse>>>();
  auto future = promise->get_future();
  send(std::move(request),
       [promise = std::move(promise)](Result<OutgoingResponse> result) { promise->set_value(std::move(result)); });
  // Dropped without a value when the client is destroyed meanwhile.
  try {
    return future.get();
  } catch (const std::future_error&) {
    return fail(Code::cancelled, "the server is stopping");
  }
}

}  // namespace cityloom::serve

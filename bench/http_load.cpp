// The load generator.
#include "bench/http_load.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <string_view>

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using Clock = std::chrono::steady_clock;

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  void replace(Descriptor other) { std::swap(number_, other.number_); }

 private:
  int number_;
};

Descriptor connect_to(uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr generic{};
  std::memcpy(&generic, &address, sizeof address);
  if (::connect(socket.number(), &generic, sizeof generic) != 0) return Descriptor(-1);
  const int on = 1;
  ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

/// How many bytes the answer that begins `bytes` has; 0 if its head is not whole yet.
size_t answer_bytes(std::string_view bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  static constexpr std::string_view mark = "Content-Length: ";
  const size_t at = bytes.substr(0, end).find(mark);
  size_t length = 0;
  if (at != std::string_view::npos) {
    std::from_chars(bytes.data() + at + mark.size(), bytes.data() + end, length);
  }
  return end + 4 + length;
}

int status_of(std::string_view bytes) {
  int status = 0;
  if (bytes.size() > 12) std::from_chars(bytes.data() + 9, bytes.data() + 12, status);
  return status;
}

struct Connection {
  explicit Connection(Descriptor open) : socket(std::move(open)) {}
  Descriptor socket;
  std::string received;
  Clock::time_point sent;
};

class Load {
 public:
  Load(const std::vector<std::string>& requests, int status_wanted, bool again)
      : requests_(requests), status_wanted_(status_wanted), again_(again), poll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  base::Status open(uint16_t port, int connections) {
    port_ = port;
    for (int i = 0; i < connections; ++i) {
      connections_.emplace_back(connect_to(port));
      const int socket = connections_.back().socket.number();
      if (socket < 0) return fail(Code::unavailable, "cannot connect to the server");
      ::fcntl(socket, F_SETFL, O_NONBLOCK);
    }
    for (Connection& connection : connections_) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &connection;
      ::epoll_ctl(poll_.number(), EPOLL_CTL_ADD, connection.socket.number(), &event);
    }
    return {};
  }

  base::Result<HttpLoad> run(int duration_ms) {
    const auto start = Clock::now();
    const auto begin = start + std::chrono::milliseconds(duration_ms / 10);
    const auto end = begin + std::chrono::milliseconds(duration_ms);
    for (Connection& connection : connections_) {
      if (auto sent = send_next(connection); !sent) return sent.error();
    }
    epoll_event events[64];
    for (auto now = start; now < end; now = Clock::now()) {
      const int count = ::epoll_wait(poll_.number(), events, 64, 100);
      counting_ = now >= begin;
      for (int i = 0; i < count; ++i) {
        if (auto taken = take(*static_cast<Connection*>(events[i].data.ptr)); !taken) return taken.error();
      }
    }
    return result(duration_ms);
  }

 private:
  base::Status send_next(Connection& connection) {
    const std::string& request = requests_[next_++ % requests_.size()];
    connection.sent = Clock::now();
    // A large request fills the socket's buffer: the server takes it meanwhile.
    for (size_t done = 0; done < request.size();) {
      const ssize_t sent =
          ::send(connection.socket.number(), request.data() + done, request.size() - done, MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && again_) return {};  // ended by the server: told when its answer is read
      if (sent < 0 && errno != EAGAIN) return fail(Code::unavailable, "the server took no request");
      if (sent > 0) done += static_cast<size_t>(sent);
      pollfd room{connection.socket.number(), POLLOUT, 0};
      if (sent < 0 && ::poll(&room, 1, 10'000) <= 0) return fail(Code::unavailable, "the server took no request");
    }
    return {};
  }

  base::Status take(Connection& connection) {
    char piece[65'536];
    const ssize_t got = ::recv(connection.socket.number(), piece, sizeof piece, 0);
    if (got < 0 && errno == EAGAIN) return {};
    if (got <= 0) {
      if (!again_) return fail(Code::unavailable, "the server closed a connection");
      return connect_again(connection);
    }
    std::string_view bytes(piece, static_cast<size_t>(got));
    if (!connection.received.empty()) {
      connection.received += bytes;
      bytes = connection.received;
    }
    const size_t whole = answer_bytes(bytes);
    if (whole == 0 || bytes.size() < whole) {
      if (connection.received.empty()) connection.received = bytes;
      return {};
    }
    if (bytes.size() > whole) return fail(Code::corrupt, "more bytes than one answer");
    if (counting_) {
      ++load_.answers;
      if (status_of(bytes) != status_wanted_) ++load_.failures;
      const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - connection.sent).count();
      ++by_10us_[std::min<size_t>(static_cast<size_t>(taken) / 10, by_10us_.size() - 1)];
    }
    const bool ends = again_ && bytes.substr(0, whole).find("Connection: close") != std::string_view::npos;
    connection.received.clear();
    return ends ? connect_again(connection) : send_next(connection);
  }

  base::Status connect_again(Connection& connection) {
    ++load_.closed;
    ::epoll_ctl(poll_.number(), EPOLL_CTL_DEL, connection.socket.number(), nullptr);
    connection.received.clear();
    connection.socket.replace(connect_to(port_));
    const int socket = connection.socket.number();
    if (socket < 0) return fail(Code::unavailable, "cannot connect to the server");
    ::fcntl(socket, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    ::epoll_ctl(poll_.number(), EPOLL_CTL_ADD, socket, &event);
    return send_next(connection);
  }

  double quantile_ms(double share) const {
    const auto wanted = static_cast<uint64_t>(share * static_cast<double>(load_.answers));
    uint64_t sum = 0;
    for (size_t i = 0; i < by_10us_.size(); ++i) {
      sum += by_10us_[i];
      if (sum > wanted) return static_cast<double>(i + 1) * 0.01;
    }
    return 0;
  }

  HttpLoad result(int duration_ms) {
    load_.requests_per_second = static_cast<double>(load_.answers) * 1000 / duration_ms;
    load_.p50_ms = quantile_ms(0.5);
    load_.p95_ms = quantile_ms(0.95);
    load_.p99_ms = quantile_ms(0.99);
    return load_;
  }

  const std::vector<std::string>& requests_;
  int status_wanted_;
  bool again_;
  uint16_t port_ = 0;
  Descriptor poll_;
  std::vector<Connection> connections_;
  size_t next_ = 0;
  bool counting_ = false;
  HttpLoad load_;
  std::vector<uint64_t> by_10us_ = std::vector<uint64_t>(100'000);
};

}  // namespace

struct PacedClients::Parts {
  struct Client {
    explicit Client(Descriptor open) : socket(std::move(open)) {}
    Descriptor socket;
    std::string received;
    int number = -1;  // of the request under way
  };
  uint16_t port;
  int connections;
  Descriptor poll{::epoll_create1(EPOLL_CLOEXEC)};
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<Client*> free;

  base::Status take(Client& client, const std::function<void(int, int)>& done) {
    char piece[16'384];
    const ssize_t got = ::recv(client.socket.number(), piece, sizeof piece, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return {};
    if (got <= 0) return fail(Code::unavailable, "the server closed a connection");
    client.received.append(piece, static_cast<size_t>(got));
    const size_t whole = answer_bytes(client.received);
    if (whole == 0 || client.received.size() < whole) return {};
    done(client.number, status_of(client.received));
    client.received.clear();
    client.number = -1;
    free.push_back(&client);
    return {};
  }
};

PacedClients::PacedClients(uint16_t port, int connections) : parts_(std::make_unique<Parts>()) {
  parts_->port = port;
  parts_->connections = connections;
}

PacedClients::~PacedClients() = default;

base::Status PacedClients::open() {
  for (int i = 0; i < parts_->connections; ++i) {
    parts_->clients.push_back(std::make_unique<Parts::Client>(connect_to(parts_->port)));
    Parts::Client* client = parts_->clients.back().get();
    if (client->socket.number() < 0) return fail(Code::unavailable, "cannot connect to the server");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = client;
    ::epoll_ctl(parts_->poll.number(), EPOLL_CTL_ADD, client->socket.number(), &event);
    parts_->free.push_back(client);
  }
  return {};
}

base::Status PacedClients::run(int count, int a_second, const std::function<std::string(int)>& make,
                               const std::function<void(int, int)>& done) {
  const auto start = Clock::now();
  int sent = 0;
  epoll_event events[64];
  while (sent < count || parts_->free.size() < parts_->clients.size()) {
    const double s = std::chrono::duration<double>(Clock::now() - start).count();
    const int due = std::min(count, static_cast<int>(s * a_second));
    while (sent < due && !parts_->free.empty()) {
      Parts::Client* client = parts_->free.back();
      parts_->free.pop_back();
      client->number = sent++;
      const std::string request = make(client->number);
      if (::send(client->socket.number(), request.data(), request.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(request.size()))
        return fail(Code::unavailable, "the server took no request");
    }
    const int got = ::epoll_wait(parts_->poll.number(), events, 64, 1);
    for (int i = 0; i < got; ++i) {
      if (auto taken = parts_->take(*static_cast<Parts::Client*>(events[i].data.ptr), done); !taken) return taken;
    }
  }
  return {};
}

base::Result<HttpLoad> load_http(uint16_t port, const std::vector<std::string>& requests, int status_wanted,
                                 int connections, int duration_ms, bool again) {
  Load load(requests, status_wanted, again);
  if (auto opened = load.open(port, connections); !opened) return opened.error();
  return load.run(duration_ms);
}

base::Result<HttpReply> ask_http(uint16_t port, const std::string& request) {
  const Descriptor socket = connect_to(port);
  if (socket.number() < 0) return fail(Code::unavailable, "cannot connect to the server");
  if (::send(socket.number(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    return fail(Code::unavailable, "the server took no request");
  }
  std::string received;
  char piece[65'536];
  while (answer_bytes(received) == 0 || received.size() < answer_bytes(received)) {
    const ssize_t got = ::recv(socket.number(), piece, sizeof piece, 0);
    if (got <= 0) return fail(Code::unavailable, "the server gave no whole answer");
    received.append(piece, static_cast<size_t>(got));
  }
  return HttpReply{status_of(received), received.substr(received.find("\r\n\r\n") + 4)};
}

std::string http_request(const std::string& method, const std::string& target, const std::string& content_type,
                         const std::string& body) {
  std::string request = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n";
  if (!body.empty()) {
    request += "Content-Type: " + content_type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  }
  return request + "\r\n" + body;
}

}  // namespace cityloom::bench

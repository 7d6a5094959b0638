// The endpoints over one epoll loop.
#include "bench/notify_receiver.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace cityloom::bench {
namespace {

constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

// The number right after a text; -1: it is not there.
int64_t number_after(std::string_view text, std::string_view mark) {
  const size_t at = text.find(mark);
  int64_t number = -1;
  if (at != std::string_view::npos)
    std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), number);
  return number;
}

}  // namespace

NotifyReceiver::NotifyReceiver(size_t endpoints, size_t subscriptions, std::chrono::steady_clock::time_point start)
    : endpoints_(endpoints), start_(start), latest_(subscriptions, -1) {
  arrivals_.of_subscription.resize(subscriptions);
}

NotifyReceiver::~NotifyReceiver() {
  if (worker_.joinable()) stop();
  for (const int listener : listeners_) ::close(listener);
  if (poll_ >= 0) ::close(poll_);
}

base::Status NotifyReceiver::open() {
  poll_ = ::epoll_create1(EPOLL_CLOEXEC);
  for (size_t i = 0; i < endpoints_; ++i) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr generic{};
    std::memcpy(&generic, &address, sizeof address);
    socklen_t length = sizeof generic;
    if (listener < 0 || ::bind(listener, &generic, sizeof generic) != 0 || ::listen(listener, 128) != 0 ||
        ::getsockname(listener, &generic, &length) != 0) {
      return base::fail(base::Code::unavailable, "no socket to listen on");
    }
    std::memcpy(&address, &generic, sizeof address);
    listeners_.push_back(listener);
    ports_.push_back(ntohs(address.sin_port));
    if (i + 1 == endpoints_) continue;  // the dead one
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, listener, &event);
  }
  worker_ = std::thread([this] { run(); });
  return {};
}

Arrivals NotifyReceiver::stop() {
  stopping_ = true;
  worker_.join();
  return std::move(arrivals_);
}

void NotifyReceiver::run() {
  std::unordered_map<int, Peer> peers;
  epoll_event events[128];
  while (!stopping_) {
    const int count = ::epoll_wait(poll_, events, 128, 50);
    for (int i = 0; i < count; ++i) {
      const int socket = events[i].data.fd;
      if (const auto peer = peers.find(socket); peer != peers.end()) {
        take(peer->second);
        if (peer->second.socket < 0) peers.erase(peer);
        continue;
      }
      const int made = ::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (made < 0) continue;
      const int on = 1;
      ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      peers[made].socket = made;
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.fd = made;
      ::epoll_ctl(poll_, EPOLL_CTL_ADD, made, &event);
    }
  }
  for (const auto& [socket, peer] : peers) ::close(socket);
}

void NotifyReceiver::take(Peer& peer) {
  char piece[16'384];
  const ssize_t got = ::recv(peer.socket, piece, sizeof piece, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    ::close(peer.socket);
    peer.socket = -1;
    return;
  }
  peer.received.append(piece, static_cast<size_t>(got));
  for (;;) {
    const std::string_view all = peer.received;
    const size_t end = all.find("\r\n\r\n");
    if (end == std::string_view::npos) return;
    const int64_t length = number_after(all.substr(0, end), "Content-Length: ");
    const size_t whole = end + 4 + static_cast<size_t>(std::max<int64_t>(length, 0));
    if (all.size() < whole) return;
    note(all.substr(0, end), all.substr(end + 4, whole - end - 4));
    peer.received.erase(0, whole);
    (void)!::send(peer.socket, answer.data(), answer.size(), MSG_NOSIGNAL);
  }
}

void NotifyReceiver::note(std::string_view head, std::string_view body) {
  const auto now = std::chrono::steady_clock::now();
  const int64_t number = number_after(head, "/n/");
  const int64_t value = number_after(body, "\"v\":");
  const bool is_known = number >= 0 && static_cast<size_t>(number) < latest_.size();
  if (!is_known || number_after(body, "\"urn:s:") != number || number_after(body, "\"urn:e:") != number) {
    ++arrivals_.wrong;
    return;
  }
  int64_t& latest = latest_[static_cast<size_t>(number)];
  if (value == latest) {
    ++arrivals_.again;
  } else if (value < latest) {
    ++arrivals_.out_of_order;
  } else {
    latest = value;
    ++arrivals_.of_subscription[static_cast<size_t>(number)];
    arrivals_.delays_us.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(now - start_).count() - value);
    arrived_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace cityloom::bench

// The test client, over plain sockets.
#include "serve/client_test.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>

#include "serve/request.hpp"

namespace cityloom::serve {

std::string ReceivedResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_without_case(key, name)) return value;
  }
  return {};
}

TestClient::TestClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{10, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr generic{};
  static_assert(sizeof generic == sizeof address);
  __builtin_memcpy(&generic, &address, sizeof address);
  if (::connect(socket_, &generic, sizeof generic) != 0) {
    ::close(socket_);
    socket_ = -1;
  }
}

TestClient::~TestClient() {
  if (socket_ >= 0) ::close(socket_);
}

void TestClient::stop_reading() {
  const int bytes = 4'096;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

bool TestClient::fill() {
  char piece[16'384];
  const ssize_t got = ::recv(socket_, piece, sizeof piece, 0);
  if (got <= 0) return false;
  buffer_.append(piece, static_cast<size_t>(got));
  return true;
}

bool TestClient::is_closed() {
  if (!buffer_.empty()) return false;
  char byte = 0;
  return ::recv(socket_, &byte, 1, 0) == 0 || errno == ECONNRESET;
}

std::optional<ReceivedResponse> TestClient::read_head() {
  size_t end = std::string::npos;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return {};
  }
  ReceivedResponse response;
  std::string_view head = std::string_view(buffer_).substr(0, end + 2);
  response.status = std::atoi(buffer_.substr(9, 3).c_str());
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    const size_t colon = line.find(": ");
    response.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  buffer_.erase(0, end + 4);
  chunk_data_.clear();
  chunks_ended_ = false;
  return response;
}

bool TestClient::read_chunk() {
  if (chunks_ended_) return false;
  size_t line_end = std::string::npos;
  while ((line_end = buffer_.find("\r\n")) == std::string::npos) {
    if (!fill()) return false;
  }
  const size_t bytes = std::strtoul(buffer_.c_str(), nullptr, 16);
  while (buffer_.size() < line_end + 2 + bytes + 2) {
    if (!fill()) return false;
  }
  chunk_data_ += buffer_.substr(line_end + 2, bytes);
  buffer_.erase(0, line_end + 2 + bytes + 2);
  chunks_ended_ = bytes == 0;
  return !chunks_ended_;
}

std::optional<std::string> TestClient::read_line() {
  size_t end = std::string::npos;
  while ((end = chunk_data_.find('\n')) == std::string::npos) {
    if (!read_chunk()) return {};
  }
  std::string line = chunk_data_.substr(0, end);
  chunk_data_.erase(0, end + 1);
  return line;
}

std::optional<ReceivedResponse> TestClient::read(bool to_head) {
  auto response = read_head();
  if (!response || to_head || response->status < 200 || response->status == 204 || response->status == 304) {
    return response;
  }
  if (response->header("Transfer-Encoding") == "chunked") {
    while (read_chunk()) {
    }
    if (!chunks_ended_) return {};
    response->body = std::exchange(chunk_data_, {});
    return response;
  }
  if (response->header("Content-Length").empty()) {
    while (fill()) {
    }
    response->body = std::exchange(buffer_, {});
    return response;
  }
  const size_t bytes = std::strtoul(response->header("Content-Length").c_str(), nullptr, 10);
  while (buffer_.size() < bytes) {
    if (!fill()) return {};
  }
  response->body = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return response;
}

std::optional<ReceivedResponse> TestClient::ask(std::string_view method, std::string_view target, std::string_view body,
                                                std::string_view header_lines) {
  std::string request(method);
  request.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(header_lines);
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  request.append("\r\n").append(body);
  send(request);
  return read(method == "HEAD");
}

}  // namespace cityloom::serve

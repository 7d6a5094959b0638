// A response as a handler makes it: status, headers, and a body in memory or streamed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace cityloom::serve {

/// Wakes a waiting body: its `pull` is called again on the connection's worker. Copyable; any worker may call; does
/// nothing once the connection has ended. Many calls before the next pull count as one.
class Waker {
 public:
  /// What is woken.
  class Target {
   public:
    virtual ~Target() = default;
    virtual void wake() = 0;
  };
  Waker() = default;
  explicit Waker(std::weak_ptr<Target> target) : target_(std::move(target)) {}
  /// Wakes it.
  void wake() const {
    if (const auto target = target_.lock()) target->wake();
  }

 private:
  std::weak_ptr<Target> target_;
};

/// A body that is made while the client takes it: downloads and event streams. The engine asks for more only when the
/// client has taken what it was given, so a slow client holds no more than one piece in memory.
class BodySource {
 public:
  enum class Pulled : uint8_t {
    more,  ///< something was appended; ask again when it is sent
    wait,  ///< ask again when woken, or after Options::stream_heartbeat_ms at the latest (appended bytes are sent)
    end,   ///< complete (appended bytes are sent)
    fail,  ///< cannot go on: the connection is cut, so that the client sees that it is not complete
  };
  virtual ~BodySource() = default;

  /// Called once before the first pull.
  virtual void start(Waker waker) { (void)waker; }

  /// Appends to `out`, about `bytes_max` at most. On the connection's worker: must not block for long.
  virtual Pulled pull(std::string& out, size_t bytes_max) = 0;
};

/// What a handler answers. HEAD is answered by the engine from the response to GET.
struct Response {
  using Body = std::variant<std::string, std::shared_ptr<const std::string>, std::unique_ptr<BodySource>>;

  int status = 200;
  std::string_view content_type;  ///< a literal, or what outlives the response; empty: none (no body)
  std::string header_lines;       ///< "Name: value\r\n" each; use `header`
  Body body;
  std::optional<uint64_t> source_bytes;  ///< length of a BodySource's whole body, if known; else it is sent in chunks

  /// Adds a header; control characters in the value become spaces. Content-Type, Content-Length, Date, Connection and
  /// Transfer-Encoding are the engine's.
  Response& header(std::string_view name, std::string_view value);

  /// The value of a header that was added, for tests.
  std::optional<std::string_view> find_header(std::string_view name) const;

  /// The body if it is in memory; "" for a BodySource.
  std::string_view text() const;

  /// @name Answers with a body in memory, or none.
  static Response json(std::string text, int status_code = 200) {
    return {status_code, "application/json", {}, std::move(text), {}};
  }
  static Response plain(std::string text, int status_code = 200) {
    return {status_code, "text/plain; charset=utf-8", {}, std::move(text), {}};
  }
  static Response empty(int status_code = 204) { return {status_code, {}, {}, std::string(), {}}; }
};

/// "OK", "Not Found", ...; "Unknown" for a status that no door uses.
std::string_view reason_phrase(int status);

}  // namespace cityloom::serve

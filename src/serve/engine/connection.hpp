// One client's connection: reads requests, has them answered, writes responses; never more than one at a time.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "serve/engine/parser.hpp"
#include "serve/engine/worker.hpp"
#include "serve/request.hpp"
#include "serve/response.hpp"
#include "serve/router.hpp"

namespace cityloom::serve::engine {

/// A state machine that lives on one worker. `send`, `post` and `wake` may be called by any; all else by its own.
/// Phases: head -> body -> answer -> write -> (stream ->) head again, or linger -> closed.
class Connection final : public Exchange, public Waker::Target, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Worker> worker, boost::asio::ip::tcp::socket socket);
  ~Connection() override;

  /// Begins to read.
  void start();
  /// Ends it at once; a second call does nothing.
  void close();
  /// The server stops: closes if idle, else after the answer.
  void finish();
  int64_t deadline_ms() const { return deadline_ms_; }
  void on_deadline();
  /// An answer or a wake-up came from another worker.
  void arrived();

  void send(Response response) override;
  void post(absl::AnyInvocable<void()> task) override;
  bool post_long(absl::AnyInvocable<void()>& task) override;
  bool is_wanted() const override;
  void wake() override;

 private:
  enum class Phase : uint8_t { head, body, answer, write, stream, linger, closed };
  using Clock = std::chrono::steady_clock;

  // Each step returns whether the next one can go on at once.
  void go_on();
  bool take_head();
  bool begin_request(size_t head_bytes);
  bool begin_body();
  bool take_body();
  bool take_sized_body();
  bool take_chunked_body();
  bool call_handler();
  bool take_answer();
  bool write_some();
  bool after_write();
  bool stream_some();
  bool end_request();

  bool refuse(Response response);
  bool refuse(int status, base::Code code, std::string_view what);
  void make_head(const Response& response, uint64_t body_bytes, bool has_body);
  bool prepare_source();
  void pull_piece();
  void count_answer();
  void make_room();
  void read_into(char* to, size_t bytes_max);
  void on_read(const boost::system::error_code& ec, size_t bytes);
  bool linger();
  void discard_more();
  void send_continue();
  void watch_client();
  bool hold_body_bytes(size_t bytes);
  void count_refusal();
  void set_deadline(int after_ms);
  std::string_view pending() const { return {buffer_.data() + begin_, end_ - begin_}; }

  std::shared_ptr<Worker> worker_;  // first, so that it goes last: the socket belongs to its loop
  Shared& shared_;
  boost::asio::ip::tcp::socket socket_;
  std::string address_;
  RequestParser parser_;
  Request request_;

  Phase phase_ = Phase::head;
  bool reading_ = false;
  bool writing_ = false;      // an asynchronous write is under way
  bool calling_ = false;      // the handler is running on this worker
  bool in_flight_ = false;    // counted in Shared::requests_in_flight
  bool close_after_ = false;  // after this answer
  bool body_unread_ = false;  // the client may still be sending a body that nobody wants
  bool streaming_chunks_ = false;
  bool stream_waiting_ = false;
  bool stream_ending_ = false;
  bool stream_counted_ = false;
  bool watching_ = false;                  // for the client's end, while long work is under way
  std::atomic<bool> client_gone_{false};   // noticed during long work
  std::atomic<bool> answered_{false};      // response_ is set
  std::atomic<bool> wake_pending_{false};  // a wake-up is in the worker's inbox
  bool woken_ = false;

  std::vector<char> buffer_;  // received bytes; those of the present request stay in place until it is answered
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t searched_ = 0;  // of pending(), for the end of the head
  std::string body_;
  size_t body_received_ = 0;
  std::string chunk_bytes_;  // received, not yet parsed; after the body's end, of the next request
  size_t body_bytes_max_ = 0;
  size_t body_bytes_held_ = 0;

  const Route* route_ = nullptr;
  Work work_ = Work::read;
  const ProblemStyle* style_ = nullptr;
  size_t route_index_ = 0;
  Clock::time_point began_{};
  Response response_;
  int status_ = 0;
  std::string out_;        // head, small body, or piece of a stream
  std::string_view rest_;  // body that is written from where it lies, after out_
  size_t written_ = 0;     // of out_ and rest_ together
  std::unique_ptr<BodySource> source_;
  int64_t deadline_ms_ = std::numeric_limits<int64_t>::max();
};

}  // namespace cityloom::serve::engine

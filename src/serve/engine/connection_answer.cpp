// How a connection has requests answered and writes the answers.
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "serve/engine/connection.hpp"

namespace cityloom::serve::engine {
namespace asio = boost::asio;
namespace {

constexpr size_t buffer_bytes_min = 4'096;
constexpr size_t body_kept_bytes = 65'536;  // memory that a connection keeps for its next request
constexpr size_t body_copied_bytes_max = 16'384;
constexpr size_t piece_bytes = 65'536;  // of a streamed body
constexpr int linger_ms = 2'000;

}  // namespace

bool Connection::call_handler() {
  phase_ = Phase::answer;
  answered_.store(false, std::memory_order_relaxed);
  client_gone_.store(false, std::memory_order_relaxed);
  deadline_ms_ = std::numeric_limits<int64_t>::max();
  calling_ = true;
  if (route_->blocking) {
    Reply reply(shared_from_this());
    reply.set_problem_style(style_);
    reply.run_long([this](Reply back) { call(*route_, *style_, request_, std::move(back)); });
  } else {
    call(*route_, *style_, request_, Reply(shared_from_this()));
  }
  calling_ = false;
  if (answered_.load(std::memory_order_acquire)) return true;
  in_flight_ = true;
  shared_.requests_in_flight.fetch_add(1, std::memory_order_relaxed);
  return false;
}

void Connection::send(Response response) {
  response_ = std::move(response);
  answered_.store(true, std::memory_order_release);
  if (!worker_->is_current()) return worker_->deliver(shared_from_this());
  if (!calling_) go_on();
}

void Connection::post(absl::AnyInvocable<void()> task) {
  worker_->post(std::move(task));
}

bool Connection::post_long(absl::AnyInvocable<void()>& task) {
  const bool is_bulk = work_ == Work::bulk;
  std::atomic<uint64_t>& waiting = is_bulk ? shared_.bulk_waiting : shared_.blocking_waiting;
  if (waiting.fetch_add(1) >= (is_bulk ? shared_.options.bulk_waiting_max : shared_.options.blocking_waiting_max)) {
    waiting.fetch_sub(1);
    count_refusal();
    return false;
  }
  if (worker_->is_current()) {
    watch_client();
  } else {
    worker_->post([self = shared_from_this()] { self->watch_client(); });
  }
  // Holds the server's shared part: the connection may be gone when the work ends.
  asio::post(is_bulk ? shared_.bulk : shared_.blocking,
             [worker = worker_, is_bulk, work = std::make_shared<absl::AnyInvocable<void()>>(std::move(task))] {
               // As in `call`: what a library throws ends the work, and the reply in it answers 500.
               try {
                 (*work)();
               } catch (const std::exception&) {
               }
               *work = nullptr;  // the reply goes now, not with the last copy of this lambda
               (is_bulk ? worker->shared().bulk_waiting : worker->shared().blocking_waiting).fetch_sub(1);
             });
  return true;
}

void Connection::count_refusal() {
  shared_.refused_by_load.fetch_add(1, std::memory_order_relaxed);
  shared_.refused_by_work[static_cast<size_t>(work_)].fetch_add(1, std::memory_order_relaxed);
}

bool Connection::is_wanted() const {
  return !client_gone_.load(std::memory_order_relaxed) && !shared_.stopping.load(std::memory_order_relaxed);
}

/// While long work is under way nothing is read, so that the client's end would go unnoticed. A client that ends its
/// side only, and still listens, counts as gone: the two cannot be told apart.
void Connection::watch_client() {
  if (phase_ != Phase::answer || std::exchange(watching_, true)) return;
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const auto& error) {
    self->watching_ = false;
    if (error || self->phase_ != Phase::answer) return;
    char byte = 0;
    boost::system::error_code ec;
    // Of a client that has sent its next request meanwhile, no end can be seen.
    self->socket_.receive(asio::buffer(&byte, 1), asio::ip::tcp::socket::message_peek, ec);
    if (ec && ec != asio::error::would_block) self->client_gone_.store(true, std::memory_order_relaxed);
  });
}

void Connection::wake() {
  if (!wake_pending_.exchange(true)) worker_->deliver(shared_from_this());
}

void Connection::arrived() {
  if (wake_pending_.exchange(false)) woken_ = true;
  const bool has_answer = phase_ == Phase::answer && answered_.load(std::memory_order_acquire);
  const bool goes_on = phase_ == Phase::stream && stream_waiting_ && woken_;
  if (has_answer || goes_on) go_on();
}

bool Connection::refuse(Response response) {
  if (body_unread_) close_after_ = true;
  response_ = std::move(response);
  answered_.store(true, std::memory_order_relaxed);
  phase_ = Phase::answer;
  return true;
}

bool Connection::refuse(int status, base::Code code, std::string_view what) {
  if (style_ == nullptr) style_ = &own_problem_style();
  if (began_ == Clock::time_point{}) began_ = Clock::now();
  return refuse(problem(base::fail(code, std::string(what)), *style_, status));
}

bool Connection::take_answer() {
  if (!answered_.load(std::memory_order_acquire)) return false;
  if (std::exchange(in_flight_, false)) shared_.requests_in_flight.fetch_sub(1, std::memory_order_relaxed);
  if (shared_.stopping.load(std::memory_order_relaxed)) close_after_ = true;
  out_.clear();
  rest_ = {};
  written_ = 0;
  set_deadline(shared_.options.write_timeout_ms);
  phase_ = Phase::write;
  status_ = response_.status;
  const bool has_body = status_ >= 200 && status_ != 204 && status_ != 304;
  const bool is_head = request_.method() == Method::head;
  if (std::holds_alternative<std::unique_ptr<BodySource>>(response_.body)) {
    if (!is_head && !response_.source_bytes && !prepare_source()) return true;
    make_head(response_, response_.source_bytes.value_or(0), has_body);
    if (!is_head && has_body) {
      source_ = std::move(std::get<std::unique_ptr<BodySource>>(response_.body));
      source_->start(Waker(std::weak_ptr<Waker::Target>(std::static_pointer_cast<Connection>(shared_from_this()))));
    }
    return true;
  }
  const std::string_view body = response_.text();
  make_head(response_, body.size(), has_body);
  if (is_head || !has_body) return true;
  // A small body costs less to copy than a second buffer in the system call.
  if (body.size() <= body_copied_bytes_max) {
    out_ += body;
  } else {
    rest_ = body;
  }
  return true;
}

/// A body of unknown length: counted and bounded, as it may stay for hours. False if it is refused.
bool Connection::prepare_source() {
  if (shared_.streams.load(std::memory_order_relaxed) >= shared_.options.streams_max) {
    shared_.refused_by_load.fetch_add(1, std::memory_order_relaxed);
    refuse(503, base::Code::busy, "too many streams are open");
    return false;
  }
  stream_counted_ = true;
  shared_.streams.fetch_add(1, std::memory_order_relaxed);
  streaming_chunks_ = !parser_.is_http_1_0();
  close_after_ = true;
  count_answer();
  return true;
}

void Connection::make_head(const Response& response, uint64_t body_bytes, bool has_body) {
  char number[24];
  const auto append_number = [&](uint64_t value) {
    char* at = number + sizeof number;
    do {
      *--at = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    out_.append(at, number + sizeof number);
  };
  out_ += "HTTP/1.1 ";
  append_number(static_cast<uint64_t>(response.status));
  out_ += ' ';
  out_ += reason_phrase(response.status);
  out_ += "\r\n";
  out_ += worker_->date_line();
  if (!response.content_type.empty()) {
    out_ += "Content-Type: ";
    out_ += response.content_type;
    out_ += "\r\n";
  }
  const bool is_source = std::holds_alternative<std::unique_ptr<BodySource>>(response.body);
  if (is_source && !response.source_bytes) {
    if (!parser_.is_http_1_0()) out_ += "Transfer-Encoding: chunked\r\n";
  } else if (has_body) {
    out_ += "Content-Length: ";
    append_number(body_bytes);
    out_ += "\r\n";
  }
  out_ += response.header_lines;
  if (close_after_) {
    out_ += "Connection: close\r\n";
  } else if (parser_.is_http_1_0()) {
    out_ += "Connection: keep-alive\r\n";
  }
  out_ += "\r\n";
}

bool Connection::write_some() {
  if (writing_) return false;
  const size_t whole = out_.size() + rest_.size();
  while (written_ < whole) {
    const size_t of_out = std::min(written_, out_.size());
    const size_t of_rest = written_ - of_out;
    const std::array buffers = {asio::const_buffer(out_.data() + of_out, out_.size() - of_out),
                                asio::const_buffer(rest_.data() + of_rest, rest_.size() - of_rest)};
    boost::system::error_code ec;
    const size_t bytes = rest_.empty() ? socket_.write_some(buffers[0], ec) : socket_.write_some(buffers, ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) {
      writing_ = true;
      socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](const auto& error) {
        self->writing_ = false;
        if (self->phase_ == Phase::closed) return;
        if (error) return self->close();
        self->go_on();
      });
      return false;
    }
    if (ec) {
      close();
      return false;
    }
    written_ += bytes;
    Counts::add(worker_->bytes_sent(), bytes);
    if (written_ < whole) set_deadline(shared_.options.write_timeout_ms);
  }
  return after_write();
}

bool Connection::after_write() {
  if (source_ == nullptr || stream_ending_) return end_request();
  phase_ = Phase::stream;
  return true;
}

bool Connection::stream_some() {
  if (stream_waiting_ && !woken_) {
    set_deadline(shared_.options.stream_heartbeat_ms);
    // Only a read tells at once that the client has gone; what it sends meanwhile is dropped.
    if (!reading_) {
      begin_ = end_ = 0;
      make_room();
      read_into(buffer_.data(), buffer_.size());
    }
    return false;
  }
  woken_ = stream_waiting_ = false;
  pull_piece();
  if (phase_ == Phase::closed) return false;
  if (!out_.empty()) {
    phase_ = Phase::write;
    written_ = 0;
    set_deadline(shared_.options.write_timeout_ms);
    return true;
  }
  return stream_ending_ ? end_request() : true;
}

void Connection::pull_piece() {
  static constexpr size_t prefix_bytes = 10;  // "0000ffff\r\n"
  out_.assign(streaming_chunks_ ? prefix_bytes : 0, '0');
  const size_t prefix = out_.size();
  const BodySource::Pulled pulled = source_->pull(out_, piece_bytes);
  if (pulled == BodySource::Pulled::fail) return close();
  if (streaming_chunks_) {
    const size_t bytes = out_.size() - prefix;
    if (bytes == 0) {
      out_.clear();
    } else {
      static constexpr char digits[] = "0123456789abcdef";
      for (size_t i = 0; i < 8; ++i) out_[i] = digits[(bytes >> (28 - 4 * i)) & 15];
      out_[8] = '\r';
      out_[9] = '\n';
      out_ += "\r\n";
    }
    if (pulled == BodySource::Pulled::end) out_ += "0\r\n\r\n";
  }
  stream_ending_ = pulled == BodySource::Pulled::end;
  stream_waiting_ = pulled == BodySource::Pulled::wait;
}

void Connection::count_answer() {
  const auto taken = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began_);
  worker_->counts(route_index_).record(response_.status, taken.count());
}

bool Connection::end_request() {
  if (!stream_counted_) count_answer();
  source_.reset();
  stream_ending_ = stream_waiting_ = streaming_chunks_ = false;
  response_ = Response();
  // A read that is still under way, after a deadline, writes there.
  if (!reading_ && body_.capacity() > body_kept_bytes) body_ = std::string();
  if (out_.capacity() > body_kept_bytes) out_ = std::string();
  shared_.body_bytes.fetch_sub(std::exchange(body_bytes_held_, 0), std::memory_order_relaxed);
  if (close_after_) {
    if (body_unread_) return linger();
    close();
    return false;
  }
  if (!chunk_bytes_.empty()) {
    // Bytes of the next request that came with the end of a chunked body.
    buffer_.assign(chunk_bytes_.begin(), chunk_bytes_.end());
    begin_ = 0;
    end_ = buffer_.size();
    chunk_bytes_ = std::string();
  }
  began_ = {};
  phase_ = Phase::head;
  set_deadline(shared_.options.idle_timeout_ms);
  return true;
}

/// Closing with unread bytes would reset the connection, and the client might never see the answer: take what still
/// comes for a short while.
bool Connection::linger() {
  boost::system::error_code ec;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ec);
  phase_ = Phase::linger;
  set_deadline(linger_ms);
  if (!reading_) discard_more();
  return false;
}

void Connection::discard_more() {
  if (buffer_.size() < buffer_bytes_min) buffer_.resize(buffer_bytes_min);
  read_into(buffer_.data(), buffer_.size());
}

}  // namespace cityloom::serve::engine

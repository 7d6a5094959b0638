// How a connection reads requests: heads, bodies, deadlines.
#include "serve/engine/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include "serve/engine/load.hpp"

namespace cityloom::serve::engine {
namespace asio = boost::asio;
namespace {

constexpr size_t buffer_bytes_start = 4'096;
constexpr size_t body_piece_bytes = 65'536;
constexpr int steps_max = 64;  // before others on this worker get their turn

}  // namespace

Connection::Connection(std::shared_ptr<Worker> worker, asio::ip::tcp::socket socket)
    : worker_(std::move(worker)), shared_(worker_->shared()), socket_(std::move(socket)) {
  shared_.connections.fetch_add(1, std::memory_order_relaxed);
}

Connection::~Connection() {
  shared_.body_bytes.fetch_sub(body_bytes_held_, std::memory_order_relaxed);
}

void Connection::start() {
  boost::system::error_code ec;
  socket_.set_option(asio::ip::tcp::no_delay(true), ec);
  socket_.non_blocking(true, ec);
  const auto peer = socket_.remote_endpoint(ec);
  if (ec) return close();
  address_ = peer.address().to_string();
  set_deadline(shared_.options.idle_timeout_ms);
  go_on();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const auto self = shared_from_this();
  phase_ = Phase::closed;
  client_gone_.store(true, std::memory_order_relaxed);
  boost::system::error_code ec;
  socket_.close(ec);
  source_.reset();
  if (std::exchange(stream_counted_, false)) shared_.streams.fetch_sub(1, std::memory_order_relaxed);
  if (std::exchange(in_flight_, false)) shared_.requests_in_flight.fetch_sub(1, std::memory_order_relaxed);
  if (shared_.connections.fetch_sub(1) == 1 && shared_.stopping.load()) {
    const std::lock_guard lock(shared_.closed_mutex);
    shared_.all_closed.notify_all();
  }
  deadline_ms_ = std::numeric_limits<int64_t>::max();
  worker_->forget(this);
}

void Connection::finish() {
  close_after_ = true;
  const bool idle = phase_ == Phase::head || phase_ == Phase::linger;
  if (idle || stream_counted_) close();
}

void Connection::set_deadline(int after_ms) {
  deadline_ms_ = worker_->now_ms() + after_ms;
}

void Connection::on_deadline() {
  switch (phase_) {
    case Phase::head:
      if (pending().empty()) return close();
      [[fallthrough]];
    case Phase::body:
      close_after_ = true;
      refuse(408, base::Code::timeout, "the request did not come in time");
      return go_on();
    case Phase::stream:
      woken_ = true;
      return go_on();
    case Phase::write:
    case Phase::linger:
      return close();
    case Phase::answer:
    case Phase::closed:
      return;
  }
}

void Connection::go_on() {
  const auto self = shared_from_this();
  for (int step = 0; step < steps_max; ++step) {
    bool can_go_on = false;
    switch (phase_) {
      case Phase::head:
        can_go_on = take_head();
        break;
      case Phase::body:
        can_go_on = take_body();
        break;
      case Phase::answer:
        can_go_on = take_answer();
        break;
      case Phase::write:
        can_go_on = write_some();
        break;
      case Phase::stream:
        can_go_on = stream_some();
        break;
      case Phase::linger:
      case Phase::closed:
        return;
    }
    if (!can_go_on) return;
  }
  asio::post(worker_->io(), [self] { self->go_on(); });
}

void Connection::make_room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ < buffer_.size()) return;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  } else {
    const size_t bytes_max = std::max(shared_.options.header_bytes_max, buffer_bytes_start);
    buffer_.resize(std::clamp(buffer_.size() * 2, buffer_bytes_start, bytes_max + 1));
  }
}

void Connection::read_into(char* to, size_t bytes_max) {
  if (std::exchange(reading_, true)) return;
  socket_.async_read_some(asio::buffer(to, bytes_max),
                          [self = shared_from_this()](const auto& ec, size_t bytes) { self->on_read(ec, bytes); });
}

void Connection::on_read(const boost::system::error_code& ec, size_t bytes) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (ec || bytes == 0) return close();
  switch (phase_) {
    case Phase::head:
      end_ += bytes;
      break;
    case Phase::body:
      body_received_ += bytes;
      set_deadline(shared_.options.body_timeout_ms);
      break;
    case Phase::linger:
      return discard_more();
    default:
      return;  // what a client sends while it hears a stream is nothing that we wait for
  }
  go_on();
}

bool Connection::take_head() {
  while (pending().starts_with("\r\n")) {
    begin_ += 2;
    searched_ = 0;
  }
  const std::string_view bytes = pending();
  const size_t head_bytes = end_of_head(bytes, searched_);
  const size_t bytes_max = shared_.options.header_bytes_max;
  if (std::min(head_bytes, bytes.size()) > bytes_max) {
    close_after_ = true;
    const bool is_target = bytes.substr(0, shared_.options.target_bytes_max).find('\n') == std::string_view::npos;
    return is_target ? refuse(414, base::Code::too_large, "the address is too long")
                     : refuse(431, base::Code::too_large, "the request's headers are too large");
  }
  if (head_bytes != std::string_view::npos) return begin_request(head_bytes);
  if (!bytes.empty() && bytes != "\r" && (bytes.front() < 'A' || bytes.front() > 'Z')) {
    close_after_ = true;
    return refuse(400, base::Code::invalid, "the request does not begin with a method");
  }
  if (shared_.stopping.load(std::memory_order_relaxed)) {
    close();
    return false;
  }
  if (searched_ == 0 && !bytes.empty()) set_deadline(shared_.options.header_timeout_ms);
  searched_ = bytes.size();
  make_room();
  read_into(buffer_.data() + end_, buffer_.size() - end_);
  return false;
}

bool Connection::begin_request(size_t head_bytes) {
  began_ = Clock::now();
  request_.clear();
  request_.set_address(address_);
  route_ = nullptr;
  route_index_ = shared_.router.routes().size();
  style_ = &own_problem_style();
  const auto malformed = parser_.parse_head(pending().substr(0, head_bytes), shared_.options.headers_max, request_);
  begin_ += head_bytes;
  searched_ = 0;
  if (malformed) {
    close_after_ = body_unread_ = true;
    return refuse(malformed->status, base::Code::invalid, malformed->what);
  }
  const uint64_t body_bytes = parser_.content_length();
  close_after_ = !parser_.keep_alive() || shared_.stopping.load(std::memory_order_relaxed);
  body_unread_ = parser_.chunked() || body_bytes > pending().size();
  if (request_.path().size() + request_.query().size() > shared_.options.target_bytes_max) {
    close_after_ = true;
    return refuse(414, base::Code::too_large, "the address is too long");
  }
  Admission admission = admit(shared_.router, shared_.gate, request_);
  style_ = admission.style;
  route_index_ = admission.index;
  if (admission.refusal) {
    if (!body_unread_) begin_ += body_bytes;
    return refuse(std::move(*admission.refusal));
  }
  route_ = admission.route;
  work_ = work_of(*route_, request_, body_bytes, parser_.chunked(), shared_.options);
  if (route_->action != trust::Action::look && !has_room(shared_, work_)) {
    count_refusal();
    if (!body_unread_) begin_ += body_bytes;
    return refuse(503, base::Code::busy, "too much is asked at once");
  }
  return begin_body();
}

bool Connection::begin_body() {
  const uint64_t body_bytes = parser_.content_length();
  body_bytes_max_ = route_->body_bytes_max != 0 ? route_->body_bytes_max : shared_.options.body_bytes_max;
  if (body_bytes > body_bytes_max_) {
    body_unread_ = true;
    return refuse(problem(base::fail(base::Code::too_large, "the body is too large", std::string(request_.path()),
                                     "send at most " + std::to_string(body_bytes_max_) + " bytes"),
                          *style_));
  }
  if (!parser_.chunked() && body_bytes <= pending().size()) {
    request_.set_body(pending().substr(0, body_bytes));
    begin_ += body_bytes;
    return call_handler();
  }
  body_.clear();
  chunk_bytes_.clear();
  (parser_.chunked() ? chunk_bytes_ : body_).assign(pending());
  body_received_ = pending().size();
  begin_ = end_;
  phase_ = Phase::body;
  set_deadline(shared_.options.body_timeout_ms);
  if (parser_.expects_continue() && body_received_ == 0) send_continue();
  return true;
}

void Connection::send_continue() {
  static constexpr std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
  boost::system::error_code ec;
  // 25 bytes into an empty send buffer. Where even they do not fit, the client sends its body after a while unasked.
  socket_.write_some(asio::buffer(line.data(), line.size()), ec);
}

bool Connection::take_body() {
  if (reading_) return false;
  return parser_.chunked() ? take_chunked_body() : take_sized_body();
}

bool Connection::hold_body_bytes(size_t bytes) {
  const size_t more = bytes > body_bytes_held_ ? bytes - body_bytes_held_ : 0;
  body_bytes_held_ += more;
  const uint64_t before = shared_.body_bytes.fetch_add(more, std::memory_order_relaxed);
  // Large bodies leave a quarter to the others.
  const uint64_t all = shared_.options.bodies_bytes_max;
  if (more == 0 || before + more <= (work_ == Work::bulk ? all / 4 * 3 : all)) return true;
  count_refusal();
  return false;
}

bool Connection::take_sized_body() {
  const size_t whole = parser_.content_length();
  if (body_received_ == whole) {
    body_.resize(whole);
    request_.set_body(body_);
    body_unread_ = false;
    return call_handler();
  }
  // Memory grows with what has come, not with what was announced.
  if (body_received_ == body_.size()) {
    body_.resize(std::min(whole, std::max(body_.size() * 2, body_piece_bytes)));
    if (!hold_body_bytes(body_.size())) return refuse(503, base::Code::busy, "too many large bodies at once");
  }
  read_into(body_.data() + body_received_, body_.size() - body_received_);
  return false;
}

bool Connection::take_chunked_body() {
  // `body_received_` counts what lies in chunk_bytes_; what is past it is room that a read did not fill.
  chunk_bytes_.resize(body_received_);
  size_t used = 0;
  bool done = false;
  const auto malformed = parser_.parse_chunks(chunk_bytes_, body_bytes_max_, body_, used, done);
  if (malformed) {
    const auto code = malformed->status == 413 ? base::Code::too_large : base::Code::invalid;
    return refuse(malformed->status, code, malformed->what);
  }
  chunk_bytes_.erase(0, used);
  body_received_ = chunk_bytes_.size();
  if (done) {
    request_.set_body(body_);
    body_unread_ = false;
    return call_handler();
  }
  if (!hold_body_bytes(body_.capacity() + chunk_bytes_.capacity())) {
    return refuse(503, base::Code::busy, "too many large bodies at once");
  }
  chunk_bytes_.resize(body_received_ + body_piece_bytes);
  read_into(chunk_bytes_.data() + body_received_, body_piece_bytes);
  return false;
}

}  // namespace cityloom::serve::engine

// A link that subscribes to an MQTT broker.
#include <fmt/format.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <mutex>

#include "link/actor.hpp"
#include "link/backoff.hpp"
#include "link/text.hpp"

namespace cityloom::link {
namespace {

using base::Code;
using base::fail;

constexpr size_t burst_max = 10'000;              // messages read before they are recorded
constexpr size_t burst_bytes_max = 32u << 20;     // of their payloads
constexpr uint32_t packet_bytes_max = 16u << 20;  // the broker keeps larger ones for itself
constexpr int receive_maximum = 65'535;           // messages that the broker may send ahead of our acknowledgement
constexpr int64_t look_after_us = 1'000'000;      // keep-alive is looked after this often
constexpr int connect_timeout_ms = 5'000;

struct Message {
  std::string topic;
  std::string payload;
};

/// What the library's callbacks leave for the worker. They run inside the worker's own calls of the library.
struct Inbox {
  std::vector<Message> messages;
  size_t bytes = 0;
  std::optional<int> connect_code;
  size_t granted = 0;
  size_t denied = 0;
};

void on_message(mosquitto*, void* self, const mosquitto_message* message, const mosquitto_property*) {
  auto& inbox = *static_cast<Inbox*>(self);
  const auto* payload = static_cast<const char*>(message->payload);
  const auto length = static_cast<size_t>(std::max(message->payloadlen, 0));
  inbox.messages.push_back({message->topic, length > 0 ? std::string(payload, length) : std::string()});
  inbox.bytes += inbox.messages.back().topic.size() + length;
}

void on_connect(mosquitto*, void* self, int code, int, const mosquitto_property*) {
  static_cast<Inbox*>(self)->connect_code = code;
}

void on_subscribe(mosquitto*, void* self, int, int count, const int* granted, const mosquitto_property*) {
  auto& inbox = *static_cast<Inbox*>(self);
  for (int at = 0; at < count; ++at) ++(granted[at] >= 0x80 ? inbox.denied : inbox.granted);
}

/// Whether something listens there, within the time-out and until woken: the library itself would wait for minutes.
base::Status reach(const std::string& host, uint16_t port, const Waker& waker) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); code != 0) {
    return fail(Code::unavailable, fmt::format("the name {} cannot be resolved: {}", host, gai_strerror(code)));
  }
  std::string reason = "no address";
  bool is_reached = false;
  for (const addrinfo* address = found; address != nullptr && !is_reached; address = address->ai_next) {
    const int handle = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (handle < 0) continue;
    int error = connect(handle, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      pollfd watched[2] = {{handle, POLLOUT, 0}, {waker.descriptor(), POLLIN, 0}};
      socklen_t size = sizeof(error);
      const int ready = poll(watched, 2, connect_timeout_ms);
      if (ready <= 0 || watched[0].revents == 0) {
        error = ETIMEDOUT;
      } else {
        getsockopt(handle, SOL_SOCKET, SO_ERROR, &error, &size);
      }
    }
    close(handle);
    is_reached = error == 0;
    if (error != 0) reason = std::generic_category().message(error);
  }
  freeaddrinfo(found);
  if (is_reached) return {};
  return fail(Code::unavailable, fmt::format("no broker answers at {}:{}: {}", host, port, reason), {},
              "start it, or look at host and port of the link");
}

base::Result<std::string> first_line(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  if (!stream || !std::getline(stream, line)) {
    return fail(Code::unavailable, fmt::format("the password file {} cannot be read", file), {}, "look at its rights");
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

/// disconnected -> (reach, CONNECT) -> connecting -> (CONNACK, SUBACK) -> running -> disconnected, at `retry_at_`
///
/// One cycle of running: read what has arrived into the mailbox; record it; when it is durable, acknowledge all of it.
/// The library puts acknowledgements in a queue that only our call of mosquitto_loop_write sends (it is told that
/// we are threaded), so nothing is acknowledged to the broker that a crash could lose. While a batch is on its way
/// nothing is read: TCP holds the broker back, which keeps up to the receive maximum (MQTT 5) under way.
class MqttActor final : public Actor {
 public:
  explicit MqttActor(ActorContext context)
      : source_(std::get<MqttSource>(context.definition.source)),
        capacity_(context.definition.mailbox_capacity),
        folders_(std::move(context.folders)),
        mapper_(std::move(context.mapper)),
        context_(context.intake),
        intake_(context.intake),
        backoff_(context.seed),
        is_version_5_(source_.is_version_5) {
    static std::once_flag once;
    std::call_once(once, [] { mosquitto_lib_init(); });
  }
  ~MqttActor() override { drop(); }

  Rest turn() override {
    for (;;) {
      if (intake_.is_under_way()) {
        if (!intake_.turn()) return intake_.rest();
        acknowledge();
      }
      const base::Instant now = context_.clock.now();
      if (client_ == nullptr) {
        if (retry_at_ > now) return {retry_at_};
        if (!connect()) return {retry_at_};
      }
      receive();
      if (!inbox_.messages.empty()) {
        record();
        continue;
      }
      if (client_ == nullptr) continue;
      return {{now.microseconds + look_after_us}, mosquitto_socket(client_), mosquitto_want_write(client_)};
    }
  }

  void stop() override {
    if (intake_.finish()) acknowledge();
    // Goodbye would take with it the acknowledgements of what the record did not take: then we just hang up.
    if (client_ != nullptr && !intake_.is_under_way()) {
      mosquitto_disconnect_v5(client_, 0, nullptr);
      mosquitto_loop_write(client_, 1);
    }
    drop();
  }

 private:
  bool connect();
  base::Status prepare();
  base::Status start();
  void receive();
  void hear_answers();
  void record();
  void acknowledge();
  void lose(std::string reason, bool is_final = false);
  void drop() {
    if (client_ != nullptr) mosquitto_destroy(client_);
    client_ = nullptr;
  }
  std::string place(const std::string& file) const;

  MqttSource source_;
  size_t capacity_;
  std::vector<std::string> folders_;
  Mapper mapper_;
  IntakeContext context_;
  Intake intake_;
  Backoff backoff_;
  bool is_version_5_;
  mosquitto* client_ = nullptr;
  Inbox inbox_;
  bool is_running_ = false;
  base::Instant retry_at_;
};

bool MqttActor::connect() {
  context_.board->set_state(State::connecting, fmt::format("to {}:{}", source_.host, source_.port));
  inbox_ = {};
  is_running_ = false;
  base::Status done = reach(source_.host, source_.port, *context_.waker);
  if (done.ok()) done = prepare();
  if (done.ok()) done = start();
  if (!done.ok()) lose(done.error().text());
  return done.ok();
}

/// A client with everything set that stands in the declaration.
base::Status MqttActor::prepare() {
  client_ = mosquitto_new(source_.client_id.c_str(), false, &inbox_);
  if (client_ == nullptr) return fail(Code::unavailable, "the MQTT library gives no client");
  mosquitto_threaded_set(client_, true);
  mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, is_version_5_ ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
  mosquitto_int_option(client_, MOSQ_OPT_RECEIVE_MAXIMUM, receive_maximum);
  mosquitto_message_v5_callback_set(client_, on_message);
  mosquitto_connect_v5_callback_set(client_, on_connect);
  mosquitto_subscribe_v5_callback_set(client_, on_subscribe);
  if (!source_.user.empty()) {
    std::string password;
    if (!source_.password_file.empty()) {
      auto line = first_line(place(source_.password_file));
      if (!line) return line.error();
      password = std::move(*line);
    }
    mosquitto_username_pw_set(client_, source_.user.c_str(), password.empty() ? nullptr : password.c_str());
  }
  if (!source_.ca_file.empty()) {
    const std::string certificate = place(source_.certificate_file);
    const std::string key = place(source_.key_file);
    const int code = mosquitto_tls_set(client_, place(source_.ca_file).c_str(), nullptr,
                                       certificate.empty() ? nullptr : certificate.c_str(),
                                       key.empty() ? nullptr : key.c_str(), nullptr);
    if (code != MOSQ_ERR_SUCCESS) {
      return fail(Code::unavailable, fmt::format("TLS cannot be set up: {}", mosquitto_strerror(code)), {},
                  "look at ca_file, certificate_file and key_file");
    }
  }
  return {};
}

/// A file of the declaration: as it stands, or in the first folder that has it.
std::string MqttActor::place(const std::string& file) const {
  if (file.empty() || file.front() == '/') return file;
  for (const std::string& folder : folders_) {
    const std::string candidate = folder + "/" + file;
    if (access(candidate.c_str(), R_OK) == 0) return candidate;
  }
  return file;
}

base::Status MqttActor::start() {
  mosquitto_property* properties = nullptr;
  if (is_version_5_) {
    mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, source_.session_expiry_s);
    mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, packet_bytes_max);
  }
  const int code =
      mosquitto_connect_bind_v5(client_, source_.host.c_str(), source_.port, source_.keep_alive_s, nullptr, properties);
  mosquitto_property_free_all(&properties);
  if (code == MOSQ_ERR_SUCCESS) return {};
  const std::string reason = code == MOSQ_ERR_ERRNO ? std::generic_category().message(errno) : mosquitto_strerror(code);
  return fail(Code::unavailable, fmt::format("cannot connect to {}:{}: {}", source_.host, source_.port, reason));
}

/// Forgets the connection and says when to try again. What was read and not recorded comes again from the broker.
void MqttActor::lose(std::string reason, bool is_final) {
  drop();
  retry_at_ = {context_.clock.now().microseconds + backoff_.next_us()};
  context_.board->set_state(is_final ? State::failed : State::waiting, std::move(reason), retry_at_);
}

void MqttActor::receive() {
  mosquitto_loop_write(client_, 1);
  const size_t messages_max = std::min(capacity_, burst_max);
  for (;;) {
    pollfd watched{mosquitto_socket(client_), POLLIN, 0};
    if (watched.fd < 0 || poll(&watched, 1, 0) <= 0) break;
    for (size_t before = inbox_.messages.size();; before = inbox_.messages.size()) {
      const int code = mosquitto_loop_read(client_, 1);
      if (code != MOSQ_ERR_SUCCESS) {
        hear_answers();
        if (client_ != nullptr) lose(fmt::format("the connection is lost: {}", mosquitto_strerror(code)));
        return;
      }
      if (inbox_.messages.size() == before || inbox_.messages.size() >= messages_max) break;
    }
    if (inbox_.messages.size() >= messages_max || inbox_.bytes >= burst_bytes_max) break;
  }
  hear_answers();
  if (client_ == nullptr) return;
  const int code = mosquitto_loop_misc(client_);
  if (code != MOSQ_ERR_SUCCESS) return lose(fmt::format("the connection is lost: {}", mosquitto_strerror(code)));
  if (inbox_.messages.empty()) mosquitto_loop_write(client_, 1);
}

/// Looks at what the broker answered to CONNECT and SUBSCRIBE.
void MqttActor::hear_answers() {
  if (const auto code = std::exchange(inbox_.connect_code, std::nullopt)) {
    const bool is_old_broker =
        *code == CONNACK_REFUSED_PROTOCOL_VERSION || *code == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION;
    if (is_version_5_ && is_old_broker) {
      is_version_5_ = false;
      drop();
      retry_at_ = base::Instant::none();
      return;
    }
    if (*code != 0) {
      const char* reason = is_version_5_ ? mosquitto_reason_string(*code) : mosquitto_connack_string(*code);
      return lose(fmt::format("the broker refuses us: {} (look at user and password_file)", reason), true);
    }
    std::vector<char*> filters;
    for (std::string& filter : source_.filters) filters.push_back(filter.data());
    mosquitto_subscribe_multiple(client_, nullptr, static_cast<int>(filters.size()), filters.data(), 1, 0, nullptr);
  }
  if (inbox_.denied > 0) {
    return lose(fmt::format("the broker allows {} of the {} subscriptions only", inbox_.granted,
                            inbox_.granted + inbox_.denied),
                true);
  }
  if (!is_running_ && inbox_.granted > 0) {
    is_running_ = true;
    backoff_.reset();
    context_.board->set_state(State::running, fmt::format("{}:{}", source_.host, source_.port));
  }
}

void MqttActor::record() {
  const base::Instant now = context_.clock.now();
  context_.board->heard(now, inbox_.messages.size());
  context_.board->set_waiting(inbox_.messages.size());
  for (const Message& message : inbox_.messages) {
    intake_.add(mapper_.map(message.topic, message.payload, now),
                sample_of(message.topic + " " + sample_of(message.payload, 200), 200));
  }
  inbox_.messages.clear();
  inbox_.bytes = 0;
  intake_.commit();
}

/// Everything read so far is durable or refused: now, and only now, the broker hears so.
void MqttActor::acknowledge() {
  context_.board->set_waiting(0);
  if (client_ == nullptr) return;
  if (is_running_) context_.board->set_state(State::running, fmt::format("{}:{}", source_.host, source_.port));
  mosquitto_loop_write(client_, 1);
}

}  // namespace

std::unique_ptr<Actor> make_mqtt_actor(ActorContext context) {
  return std::make_unique<MqttActor>(std::move(context));
}

}  // namespace cityloom::link

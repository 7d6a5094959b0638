// The publisher on libmosquitto: messages wait until the connection stands, and are told about by message number.
#include "serve/ngsi/mqtt_publisher.hpp"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace cityloom::serve::ngsi_ld {

namespace {

using base::Code;
using base::fail;
using Steady = std::chrono::steady_clock;

constexpr size_t brokers_max = 64;
constexpr size_t waiting_max = 1'000;
constexpr auto unused_after = std::chrono::minutes(1);

void start_library() {
  static const int started = mosquitto_lib_init();
  (void)started;
}

}  // namespace

struct MqttPublisher::Broker {
  struct Waiting {
    MqttMessage message;
    Done done;
    Steady::time_point deadline;
  };

  explicit Broker(const Url& to) : url(to) {}
  ~Broker() {
    if (client == nullptr) return;
    mosquitto_disconnect(client);
    mosquitto_loop_stop(client, true);
    mosquitto_destroy(client);
  }

  Url url;
  mosquitto* client = nullptr;
  std::mutex mutex;
  bool connected = false;
  std::deque<Waiting> waiting;       // not yet handed to the library
  std::map<int, Waiting> under_way;  // by message number
  Steady::time_point used = Steady::now();

  base::Status start(bool version_5);
  void flush(std::vector<std::pair<Done, base::Status>>& ended);
  void fail_all(const base::Error& error);
  static void on_connect(mosquitto*, void* object, int code);
  static void on_disconnect(mosquitto*, void* object, int code);
  static void on_publish(mosquitto*, void* object, int number);
};

base::Status MqttPublisher::Broker::start(bool version_5) {
  client = mosquitto_new(nullptr, true, this);
  if (client == nullptr) return fail(Code::unavailable, "no memory for an MQTT client", url.host);
  mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, version_5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
  mosquitto_connect_callback_set(client, &Broker::on_connect);
  mosquitto_disconnect_callback_set(client, &Broker::on_disconnect);
  mosquitto_publish_callback_set(client, &Broker::on_publish);
  mosquitto_reconnect_delay_set(client, 1, 30, true);
  if (!url.user.empty()) mosquitto_username_pw_set(client, url.user.c_str(), url.password.c_str());
  if (url.scheme == "mqtts") {
    mosquitto_int_option(client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    mosquitto_tls_set(client, nullptr, "/etc/ssl/certs", nullptr, nullptr, nullptr);
  }
  // Starting the worker first keeps the name's resolution off the caller's worker.
  const int connecting = mosquitto_connect_async(client, url.host.c_str(), url.port, 60);
  const int started = mosquitto_loop_start(client);
  if (started != MOSQ_ERR_SUCCESS) return fail(Code::unavailable, mosquitto_strerror(started), url.host);
  if (connecting != MOSQ_ERR_SUCCESS && connecting != MOSQ_ERR_ERRNO && connecting != MOSQ_ERR_EAI) {
    return fail(Code::unavailable, mosquitto_strerror(connecting), url.host);
  }
  return {};
}

// Hands what waits to the library. Needs the mutex; what ends at once is told by the caller after it is let go.
void MqttPublisher::Broker::flush(std::vector<std::pair<Done, base::Status>>& ended) {
  while (connected && !waiting.empty()) {
    Waiting next = std::move(waiting.front());
    waiting.pop_front();
    int number = 0;
    const MqttMessage& message = next.message;
    const int code = mosquitto_publish(client, &number, message.topic.c_str(), static_cast<int>(message.payload.size()),
                                       message.payload.data(), message.qos, false);
    if (code == MOSQ_ERR_SUCCESS) {
      under_way.emplace(number, std::move(next));
    } else {
      ended.emplace_back(std::move(next.done), fail(Code::unavailable, mosquitto_strerror(code), url.host));
    }
  }
}

void MqttPublisher::Broker::fail_all(const base::Error& error) {
  std::vector<Done> told;
  {
    const std::lock_guard lock(mutex);
    for (auto& entry : waiting) told.push_back(std::move(entry.done));
    for (auto& [number, entry] : under_way) told.push_back(std::move(entry.done));
    waiting.clear();
    under_way.clear();
  }
  for (const auto& done : told) done(error);
}

void MqttPublisher::Broker::on_connect(mosquitto*, void* object, int code) {
  auto* broker = static_cast<Broker*>(object);
  if (code != 0) {
    broker->fail_all(fail(Code::unavailable, mosquitto_connack_string(code), broker->url.host));
    return;
  }
  std::vector<std::pair<Done, base::Status>> ended;
  {
    const std::lock_guard lock(broker->mutex);
    broker->connected = true;
    broker->flush(ended);
  }
  for (auto& [done, status] : ended) done(std::move(status));
}

void MqttPublisher::Broker::on_disconnect(mosquitto*, void* object, int code) {
  auto* broker = static_cast<Broker*>(object);
  {
    const std::lock_guard lock(broker->mutex);
    broker->connected = false;
  }
  if (code != 0) {
    broker->fail_all(fail(Code::unavailable,
                          "the broker ended the connection: " + std::string(mosquitto_strerror(code)),
                          broker->url.host));
  }
}

void MqttPublisher::Broker::on_publish(mosquitto*, void* object, int number) {
  auto* broker = static_cast<Broker*>(object);
  Done done;
  {
    const std::lock_guard lock(broker->mutex);
    const auto found = broker->under_way.find(number);
    if (found == broker->under_way.end()) return;
    done = std::move(found->second.done);
    broker->under_way.erase(found);
  }
  done({});
}

struct MqttPublisher::Parts {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Broker>> brokers;
};

MqttPublisher::MqttPublisher() : parts_(std::make_unique<Parts>()) {
  start_library();
}

MqttPublisher::~MqttPublisher() {
  for (auto& [key, broker] : parts_->brokers) broker->fail_all(fail(Code::cancelled, "the server is stopping"));
}

void MqttPublisher::publish(MqttMessage message, Done done) {
  const Url& url = message.broker;
  // A name is resolved by the library itself; what is written as an address is judged here.
  const bool is_address =
      url.host.find_first_not_of("0123456789.") == std::string::npos || url.host.find(':') != std::string::npos;
  if (is_address && !may_reach(url.host, Reach::not_link_local)) {
    return done(fail(Code::forbidden, "this address may not be reached from here", url.host));
  }
  const std::string key = url.scheme + "|" + url.host + "|" + std::to_string(url.port) + "|" + url.user + "|" +
                          url.password + (message.version_5 ? "|5" : "|3");
  std::shared_ptr<Broker> broker;
  base::Status started;
  {
    const std::lock_guard lock(parts_->mutex);
    auto& slot = parts_->brokers[key];
    if (!slot && parts_->brokers.size() > brokers_max) {
      parts_->brokers.erase(key);
      started = fail(Code::busy, "over 64 MQTT brokers are in use", url.host);
    } else if (!slot) {
      slot = std::make_shared<Broker>(url);
      started = slot->start(message.version_5);
      broker = slot;
      if (!started.ok()) parts_->brokers.erase(key);
    } else {
      broker = slot;
    }
  }
  if (!started.ok()) return done(std::move(started));
  std::vector<std::pair<Done, base::Status>> ended;
  {
    const std::lock_guard lock(broker->mutex);
    broker->used = Steady::now();
    if (broker->waiting.size() + broker->under_way.size() >= waiting_max) {
      ended.emplace_back(std::move(done), fail(Code::busy, "1,000 messages wait for this broker", url.host));
    } else {
      const auto deadline = Steady::now() + std::chrono::milliseconds(message.timeout_ms);
      broker->waiting.push_back({std::move(message), std::move(done), deadline});
      broker->flush(ended);
    }
  }
  for (auto& [told, status] : ended) told(std::move(status));
}

void MqttPublisher::sweep() {
  const auto now = Steady::now();
  std::vector<std::shared_ptr<Broker>> all, unused;
  {
    const std::lock_guard lock(parts_->mutex);
    for (auto at = parts_->brokers.begin(); at != parts_->brokers.end();) {
      const std::lock_guard inner(at->second->mutex);
      const bool idle =
          at->second->waiting.empty() && at->second->under_way.empty() && now - at->second->used > unused_after;
      (idle ? unused : all).push_back(at->second);
      at = idle ? parts_->brokers.erase(at) : std::next(at);
    }
  }
  for (const auto& broker : all) {
    std::vector<Done> late;
    {
      const std::lock_guard lock(broker->mutex);
      std::erase_if(broker->waiting, [&](Broker::Waiting& entry) {
        if (entry.deadline > now) return false;
        late.push_back(std::move(entry.done));
        return true;
      });
      std::erase_if(broker->under_way, [&](auto& entry) {
        if (entry.second.deadline > now) return false;
        late.push_back(std::move(entry.second.done));
        return true;
      });
    }
    for (const auto& done : late) done(fail(Code::timeout, "the broker did not answer in time", broker->url.host));
  }
}

}  // namespace cityloom::serve::ngsi_ld

// Notifications through a real Mosquitto, on a port and in a folder of its own.
#include <gtest/gtest.h>
#include <mosquitto.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>

#include "link/test_broker.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

/// A broker in a folder of its own.
class OwnBroker {
 public:
  OwnBroker() : broker_(made(folder_), "allow_anonymous true\n") {}
  ~OwnBroker() {
    broker_.stop(SIGTERM);
    std::filesystem::remove_all(folder_);
  }
  uint16_t port() const { return static_cast<uint16_t>(broker_.port); }

 private:
  static std::string made(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    return folder.string();
  }
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("cityloom_broker_" + std::to_string(::getpid()));
  link::testing::Broker broker_;
};

// Hears everything that the broker is sent.
class Listener {
 public:
  explicit Listener(uint16_t port) {
    mosquitto_lib_init();
    client_ = mosquitto_new(nullptr, true, this);
    mosquitto_message_callback_set(client_, [](mosquitto*, void* object, const mosquitto_message* message) {
      auto* listener = static_cast<Listener*>(object);
      const std::lock_guard lock(listener->mutex_);
      listener->messages_.emplace_back(message->topic, std::string(static_cast<const char*>(message->payload),
                                                                   static_cast<size_t>(message->payloadlen)));
      listener->arrived_.notify_all();
    });
    mosquitto_subscribe_callback_set(client_, [](mosquitto*, void* object, int, int, const int*) {
      auto* listener = static_cast<Listener*>(object);
      const std::lock_guard lock(listener->mutex_);
      listener->subscribed_ = true;
      listener->arrived_.notify_all();
    });
    EXPECT_EQ(mosquitto_connect(client_, "127.0.0.1", port, 60), MOSQ_ERR_SUCCESS);
    EXPECT_EQ(mosquitto_loop_start(client_), MOSQ_ERR_SUCCESS);
    EXPECT_EQ(mosquitto_subscribe(client_, nullptr, "#", 2), MOSQ_ERR_SUCCESS);
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(arrived_.wait_for(lock, std::chrono::seconds(10), [this] { return subscribed_; }));
  }
  ~Listener() {
    mosquitto_disconnect(client_);
    mosquitto_loop_stop(client_, true);
    mosquitto_destroy(client_);
  }
  std::pair<std::string, std::string> next() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, std::chrono::seconds(10), [this] { return !messages_.empty(); })) {
      ADD_FAILURE() << "no message within 10 s";
      return {};
    }
    auto message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }

 private:
  mosquitto* client_ = nullptr;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::pair<std::string, std::string>> messages_;
  bool subscribed_ = false;
};

TEST(MqttNotification, ArrivesWithItsMetadata) {
  if (link::testing::broker_program().empty()) GTEST_SKIP() << "mosquitto is not installed";
  OwnBroker broker;
  Listener listener(broker.port());
  HubServer hub;
  const std::string uri = "mqtt://127.0.0.1:" + std::to_string(broker.port());
  hub.ask(
      "POST", "/subscriptions", 201,
      R"({"id":"urn:ngsi-ld:Subscription:1","type":"Subscription","entities":[{"type":"Car"}],"notification":{"endpoint":{"uri":")" +
          uri +
          R"(/city/cars","receiverInfo":[{"key":"X-Team","value":"roads"}],"notifierInfo":[{"key":"MQTT-QoS","value":"1"}]}}})");
  hub.ask(
      "POST", "/subscriptions", 201,
      R"({"id":"urn:ngsi-ld:Subscription:2","type":"Subscription","entities":[{"type":"Bus"}],"notification":{"endpoint":{"uri":")" +
          uri +
          R"(/city/buses","accept":"application/ld+json","notifierInfo":[{"key":"MQTT-Version","value":"mqtt3.1.1"}]}}})");
  hub.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Car:1","type":"Car","speed":{"type":"Property","value":7}})");
  auto [topic, payload] = listener.next();
  EXPECT_EQ(topic, "city/cars");
  EXPECT_NE(payload.find(R"("metadata":{)"), std::string::npos) << payload;
  EXPECT_NE(payload.find(R"("Content-Type":"application/json")"), std::string::npos) << payload;
  EXPECT_NE(payload.find(R"("X-Team":"roads")"), std::string::npos) << payload;
  EXPECT_NE(payload.find(R"("body":{)"), std::string::npos) << payload;
  hub.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Bus:1","type":"Bus","speed":{"type":"Property","value":7}})");
  std::tie(topic, payload) = listener.next();
  EXPECT_EQ(topic, "city/buses");
  EXPECT_NE(payload.find("@context"), std::string::npos) << payload;
  EXPECT_EQ(payload.find("\"Link\""), std::string::npos) << payload;
  ASSERT_TRUE(hub.api().wait_until_idle(10'000));
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld

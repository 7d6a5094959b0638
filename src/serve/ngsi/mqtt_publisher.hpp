// Publishes notifications to MQTT brokers: one kept connection per broker and credentials.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "serve/outgoing.hpp"

namespace cityloom::serve::ngsi_ld {

/// One message for one broker.
struct MqttMessage {
  Url broker;  ///< mqtt or mqtts, with user and password if the broker asks for them
  std::string topic;
  std::string payload;
  int qos = 0;            ///< 0, 1 or 2
  bool version_5 = true;  ///< MQTT 5.0, else 3.1.1
  int64_t timeout_ms = 5'000;
};

/// Publishes over libmosquitto, whose own workers keep the connections and make them again. Any worker may call.
class MqttPublisher {
 public:
  using Done = std::function<void(base::Status)>;

  MqttPublisher();
  /// Ends every connection; what waits ends with `cancelled`.
  ~MqttPublisher();
  MqttPublisher(const MqttPublisher&) = delete;
  MqttPublisher& operator=(const MqttPublisher&) = delete;

  /// Publishes; `done` is called exactly once, on any worker: hand over and return. Done means: taken by the broker for
  /// qos 1 and 2, written to its connection for 0. Errors: unavailable, timeout, busy (over 64 brokers or 1,000 waiting
  /// messages for one), forbidden (a link-local address), cancelled.
  void publish(MqttMessage message, Done done);

  /// Ends what is past its time and closes connections that were not used for a minute. Call a few times a second.
  void sweep();

 private:
  struct Broker;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::serve::ngsi_ld

// Delivers one notification to one endpoint, over HTTP or MQTT. ETSI GS CIM 009 clauses 5.8.6, 6.3.8, 7.2.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "ngsi/subscription.hpp"
#include "serve/ngsi/mqtt_publisher.hpp"
#include "serve/outgoing.hpp"

namespace cityloom::serve::ngsi_ld {

/// A notification as it goes out.
struct Notification {
  ngsi::Endpoint endpoint;
  std::string body;
  std::string context_url;  ///< named in a Link where the body carries no @context
  std::string tenant;
  std::string snapshot;  ///< id of the one that it tells of; empty: none
};

/// What became of a delivery.
struct Delivered {
  bool ok = false;
  bool retry = false;  ///< worth trying again: nobody answered, or the other side said it has trouble
  std::string reason;
};

/// Limits and times.
struct DelivererOptions {
  size_t per_endpoint_max = 16;  ///< deliveries under way to one host and port
  size_t total_max = 512;
  int64_t timeout_ms = 5'000;  ///< where the endpoint names none
  int64_t timeout_max_ms = 60'000;
  Reach reach = Reach::not_link_local;
};

/// How many deliveries are under way to each endpoint. Outlives the deliverer in answers that come late.
class DeliveryPlaces {
 public:
  /// Takes a place, unless there is none left.
  bool take(const std::string& endpoint, const DelivererOptions& options);
  void free(const std::string& endpoint);

 private:
  std::mutex mutex_;
  std::map<std::string, size_t> under_way_;
  size_t total_ = 0;
};

/// Any worker. The client and publisher must outlive it.
class Deliverer {
 public:
  using Done = std::function<void(Delivered)>;
  Deliverer(OutgoingClient& http, MqttPublisher& mqtt, DelivererOptions options = {})
      : http_(http), mqtt_(mqtt), options_(options) {}

  /// Starts a delivery, unless too many are under way to its endpoint or in all: then gives false and takes nothing.
  /// `done` is called exactly once, on any worker: hand over and return.
  bool start(const Notification& notification, Done done);

  /// Ends what is past its time. Call a few times a second.
  void sweep() { mqtt_.sweep(); }

 private:
  void send_http(const Notification& notification, int64_t timeout_ms, Done done);
  void send_mqtt(const Notification& notification, const Url& url, int64_t timeout_ms, Done done);

  OutgoingClient& http_;
  MqttPublisher& mqtt_;
  DelivererOptions options_;
  std::shared_ptr<DeliveryPlaces> places_ = std::make_shared<DeliveryPlaces>();
};

}  // namespace cityloom::serve::ngsi_ld

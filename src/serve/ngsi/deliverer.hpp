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
  size_t per_endpoint_max = 16;  ///< deliveries under way to one host and port that answers
  size_t total_max = 512;
  size_t unproven_max = 256;   ///< of them to endpoints that have not answered yet, or failed last
  int64_t timeout_ms = 5'000;  ///< where the endpoint names none
  int64_t timeout_max_ms = 60'000;
  Reach reach = Reach::not_link_local;
};

/// Whether a delivery could begin.
enum class Start : uint8_t {
  begun,
  no_room,  ///< too many are under way: ask again soon
  failing,  ///< its endpoint failed last and is being tried already: ask again later
};

/// How many deliveries are under way to each endpoint. One that answers gets more places, one that failed a single one,
/// so that the dead never take what the living need. Outlives the deliverer in answers that come late.
class DeliveryPlaces {
 public:
  /// Takes a place, unless there is none left.
  Start take(const std::string& endpoint, const DelivererOptions& options);
  /// Gives it back, and tells whether the endpoint answered.
  void free(const std::string& endpoint, bool answered, const DelivererOptions& options);
  /// Endpoints that failed last.
  size_t failing() const;

 private:
  static constexpr size_t first_places = 2;
  static constexpr size_t known_max = 10'000;  // endpoints remembered though nothing is under way to them
  struct Endpoint {
    size_t under_way = 0;
    size_t places = first_places;
    size_t unproven = 0;  // of those under way, begun before it answered
  };
  mutable std::mutex mutex_;
  std::map<std::string, Endpoint> endpoints_;
  size_t total_ = 0;
  size_t unproven_ = 0;
};

/// Any worker. The client and publisher must outlive it.
class Deliverer {
 public:
  using Done = std::function<void(Delivered)>;
  Deliverer(OutgoingClient& http, MqttPublisher& mqtt, DelivererOptions options = {})
      : http_(http), mqtt_(mqtt), options_(options) {}

  /// Starts a delivery, unless too many are under way to its endpoint or in all: then takes nothing. `done` is called
  /// exactly once, on any worker: hand over and return.
  Start start(const Notification& notification, Done done);

  /// Endpoints that failed last.
  size_t failing_endpoints() const { return places_->failing(); }

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

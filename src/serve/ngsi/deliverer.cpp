// HTTP headers and MQTT envelopes of notifications.
#include "serve/ngsi/deliverer.hpp"

#include <algorithm>

#include "ngsi/represent.hpp"
#include "serve/ngsi/media.hpp"
#include "serve/request.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

// What may stand as a header's name and value; anything else is left out rather than let it break the message.
bool is_header(const ngsi::KeyValue& pair) {
  constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~";
  const bool name = !pair.key.empty() && std::all_of(pair.key.begin(), pair.key.end(), [&](unsigned char c) {
    return std::isalnum(c) != 0 || token_marks.find(static_cast<char>(c)) != std::string_view::npos;
  });
  return name &&
         std::none_of(pair.value.begin(), pair.value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// Headers that say how the message itself is sent are ours.
bool is_ours(std::string_view name) {
  for (const std::string_view ours : {"content-length", "content-type", "host", "connection", "transfer-encoding"}) {
    if (same_without_case(name, ours)) return true;
  }
  return false;
}

std::string_view info(const std::vector<ngsi::KeyValue>& pairs, std::string_view key) {
  for (const auto& pair : pairs) {
    if (same_without_case(pair.key, key)) return pair.value;
  }
  return {};
}

// Content-Type, Link, tenant and what the subscriber asked for.
std::vector<std::pair<std::string, std::string>> headers_of(const Notification& notification) {
  std::vector<std::pair<std::string, std::string>> headers;
  const ngsi::Endpoint& endpoint = notification.endpoint;
  headers.emplace_back("Content-Type", endpoint.accept.empty() ? "application/json" : endpoint.accept);
  const bool bare_features =
      endpoint.accept == "application/geo+json" &&
      (info(endpoint.receiver_info, "Prefer") == "body=json" || info(endpoint.notifier_info, "Prefer") == "body=json");
  if (endpoint.accept.empty() || endpoint.accept == "application/json" || bare_features) {
    headers.emplace_back("Link", link_to_context(notification.context_url));
  }
  if (!notification.tenant.empty()) headers.emplace_back("NGSILD-Tenant", notification.tenant);
  if (!notification.snapshot.empty()) headers.emplace_back("NGSILD-Snapshot", notification.snapshot);
  for (const auto& pair : endpoint.receiver_info) {
    if (is_header(pair) && !is_ours(pair.key)) headers.emplace_back(pair.key, pair.value);
  }
  return headers;
}

}  // namespace

Start DeliveryPlaces::take(const std::string& endpoint, const DelivererOptions& options) {
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = endpoints_.try_emplace(endpoint);
  Endpoint& it = place->second;
  const bool is_proven = it.places > first_places;
  if (it.under_way >= std::min(it.places, options.per_endpoint_max)) {
    return it.places < first_places ? Start::failing : Start::no_room;
  }
  if (total_ >= options.total_max || (!is_proven && unproven_ >= options.unproven_max)) {
    if (is_new) endpoints_.erase(place);
    return Start::no_room;
  }
  ++it.under_way;
  ++total_;
  if (!is_proven) {
    ++it.unproven;
    ++unproven_;
  }
  return Start::begun;
}

void DeliveryPlaces::free(const std::string& endpoint, bool answered, const DelivererOptions& options) {
  const std::lock_guard lock(mutex_);
  const auto place = endpoints_.find(endpoint);
  Endpoint& it = place->second;
  --it.under_way;
  --total_;
  if (it.unproven > 0) {
    --it.unproven;
    --unproven_;
  }
  it.places =
      answered ? std::min(std::max(it.places, first_places) * 2, std::max<size_t>(options.per_endpoint_max, 1)) : 1;
  if (it.under_way == 0 && endpoints_.size() > known_max) endpoints_.erase(place);
}

size_t DeliveryPlaces::failing() const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::count_if(endpoints_.begin(), endpoints_.end(),
                                           [](const auto& one) { return one.second.places < first_places; }));
}

Start Deliverer::start(const Notification& notification, Done done) {
  const auto url = Url::parse(notification.endpoint.uri);
  if (!url.ok()) {
    done({false, false, url.error().text()});
    return Start::begun;
  }
  std::string key = url->scheme + "://" + url->host + ":" + std::to_string(url->port);
  if (const Start start = places_->take(key, options_); start != Start::begun) return start;
  Done finished = [places = places_, options = options_, key = std::move(key),
                   done = std::move(done)](Delivered delivered) {
    places->free(key, delivered.ok || !delivered.retry, options);
    done(std::move(delivered));
  };
  const int64_t asked = notification.endpoint.timeout_ms > 0 ? notification.endpoint.timeout_ms : options_.timeout_ms;
  const int64_t timeout_ms = std::min(asked, options_.timeout_max_ms);
  if (url->scheme == "mqtt" || url->scheme == "mqtts") {
    send_mqtt(notification, *url, timeout_ms, std::move(finished));
  } else {
    send_http(notification, timeout_ms, std::move(finished));
  }
  return Start::begun;
}

void Deliverer::send_http(const Notification& notification, int64_t timeout_ms, Done done) {
  OutgoingRequest request;
  request.method = "POST";
  request.url = notification.endpoint.uri;
  request.headers = headers_of(notification);
  request.body = notification.body;
  request.reach = options_.reach;
  request.timeout_ms = timeout_ms;
  request.body_bytes_max = 64u << 10;
  http_.send(std::move(request), [done = std::move(done)](base::Result<OutgoingResponse> response) {
    if (!response.ok()) {
      const base::Code code = response.error().code;
      return done({false, code != base::Code::forbidden && code != base::Code::invalid, response.error().text()});
    }
    if (response->status >= 200 && response->status < 300) return done({true, false, {}});
    const bool trouble = response->status >= 500 || response->status == 429 || response->status == 408;
    done({false, trouble, "the endpoint answered " + std::to_string(response->status)});
  });
}

void Deliverer::send_mqtt(const Notification& notification, const Url& url, int64_t timeout_ms, Done done) {
  MqttMessage message;
  message.broker = url;
  message.topic =
      percent_decoded(url.target.substr(1)).ok() ? *percent_decoded(url.target.substr(1)) : url.target.substr(1);
  message.timeout_ms = timeout_ms;
  message.version_5 = info(notification.endpoint.notifier_info, "MQTT-Version") != "mqtt3.1.1";
  const std::string_view qos = info(notification.endpoint.notifier_info, "MQTT-QoS");
  message.qos = qos == "1" ? 1 : qos == "2" ? 2 : 0;
  message.payload = R"({"metadata":{)";
  for (const auto& [name, value] : headers_of(notification)) {
    if (message.payload.back() != '{') message.payload += ',';
    ngsi::append_quoted(name, message.payload);
    message.payload += ':';
    ngsi::append_quoted(value, message.payload);
  }
  message.payload += R"(},"body":)";
  message.payload += notification.body;
  message.payload += '}';
  mqtt_.publish(std::move(message), [done = std::move(done)](base::Status status) {
    if (status.ok()) return done({true, false, {}});
    done({false, status.error().code != base::Code::forbidden, status.error().text()});
  });
}

}  // namespace cityloom::serve::ngsi_ld

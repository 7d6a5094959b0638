#include "bench/hub_fill.hpp"

#include <fmt/format.h>

#include "bench/http_load.hpp"
#include "bench/hub_entities.hpp"

namespace cityloom::bench {
namespace {

constexpr int batch = 1'000;

base::Status create(uint16_t port, const char* path, const std::string& body) {
  const auto made = ask_http(port, http_request("POST", std::string("/ngsi-ld/v1/") + path, "application/json", body));
  if (!made) return made.error();
  if (made->status == 201) return {};
  return base::fail(base::Code::unavailable, fmt::format("{} answers {}: {}", path, made->status, made->body.substr(0, 300)));
}

}  // namespace

base::Status fill_hub(uint16_t port, const HubContent& content) {
  for (int first = 0; first < content.entities; first += batch) {
    if (auto made = create(port, "entityOperations/create", hub_batch(first, batch)); !made) return made;
  }
  for (int i = 0; i < content.subscriptions; ++i) {
    const std::string body = fmt::format(
        R"({{"id":"urn:s:{}","type":"Subscription","entities":[{{"type":"AirQualityObserved","id":"{}"}}],"watchedAttributes":["pm25"],"notification":{{"endpoint":{{"uri":"{}"}}}}}})",
        i, hub_entity_id(i), content.endpoint);
    if (auto made = create(port, "subscriptions", body); !made) return made;
  }
  for (int i = 0; i < content.registrations; ++i) {
    const std::string body = fmt::format(
        R"({{"id":"urn:r:{}","type":"ContextSourceRegistration","information":[{{"entities":[{{"type":"Elsewhere","id":"urn:e:{}"}}]}}],"endpoint":"http://127.0.0.1:9/"}})",
        i, i);
    if (auto made = create(port, "csourceRegistrations", body); !made) return made;
  }
  return {};
}

}  // namespace cityloom::bench

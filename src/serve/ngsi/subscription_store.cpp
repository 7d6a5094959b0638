// Reading and writing of subscription facts.
#include "serve/ngsi/subscription_store.hpp"

#include <simdjson.h>

#include "ngsi/represent.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

constexpr std::string_view entity_prefix = "urn:cityloom:internal:subscription:";

std::string status_json(const ngsi::SubscriptionStatus& status) {
  std::string json = R"({"timesSent":)" + std::to_string(status.times_sent) + R"(,"timesFailed":)" +
                     std::to_string(status.times_failed);
  const auto add = [&](const char* name, base::Instant at) {
    if (at.exists()) json += std::string(",\"") + name + "\":\"" + at.text() + '"';
  };
  add("lastNotification", status.last_notification);
  add("lastSuccess", status.last_success);
  add("lastFailure", status.last_failure);
  return json + '}';
}

base::Instant instant_in(simdjson::dom::element json, const char* name) {
  std::string_view text;
  if (json[name].get(text) != simdjson::SUCCESS) return {};
  const auto instant = base::Instant::parse(text);
  return instant.ok() ? *instant : base::Instant{};
}

void read_status(const std::string& text, ngsi::SubscriptionStatus& status) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (parser.parse(text).get(json) != simdjson::SUCCESS) return;
  uint64_t number = 0;
  if (json["timesSent"].get(number) == simdjson::SUCCESS) status.times_sent = number;
  if (json["timesFailed"].get(number) == simdjson::SUCCESS) status.times_failed = number;
  status.last_notification = instant_in(json, "lastNotification");
  status.last_success = instant_in(json, "lastSuccess");
  status.last_failure = instant_in(json, "lastFailure");
}

twin::Attribute json_attribute(twin::Term name, std::string json) {
  twin::Attribute attribute;
  attribute.name = name;
  attribute.kind = twin::AttributeKind::json_property;
  attribute.value = twin::Json{std::move(json)};
  return attribute;
}

thread::Change empty_change(const TenantState& tenant, std::string_view id, thread::Change::Kind kind) {
  thread::Change change;
  change.kind = kind;
  change.entity_id = std::string(entity_prefix) + std::string(id);
  if (kind == thread::Change::Kind::create) change.types = {tenant.internal.subscription_type};
  return change;
}

}  // namespace

base::Result<std::vector<StoredSubscription>> SubscriptionStore::load() const {
  std::vector<StoredSubscription> stored;
  twin::Query query;
  query.types.any_of = {{tenant_.internal.subscription_type}};
  std::optional<base::Error> error;
  const auto status = tenant_.thread->snapshot().each(query, [&](const twin::EntityRecord& record) {
    StoredSubscription one;
    one.name = record.id().substr(entity_prefix.size());
    bool found = false;
    record.each_attribute({}, [&](const twin::Attribute& attribute) {
      const auto* json = std::get_if<twin::Json>(&attribute.value);
      if (json == nullptr) return true;
      if (attribute.name == tenant_.internal.status) read_status(json->text, one.status);
      if (attribute.name != tenant_.internal.document) return true;
      auto restored = ngsi::restore_subscription(json->text, *ngsi::Context::core());
      if (!restored.ok()) {
        error = restored.error();
        return false;
      }
      one.subscription = std::move(restored).value();
      const auto body = ngsi::Body::read(json->text);
      one.subscription.context_json = body.ok() ? body->context_json().value_or(std::string()) : std::string();
      one.status.modified_at = attribute.modified_at;
      found = true;
      return true;
    });
    if (error) return false;
    one.status.created_at = record.created_at();
    one.created = record.created_offset();
    if (found) stored.push_back(std::move(one));
    return true;
  });
  if (!status.ok()) return status.error();
  if (error) return *error;
  return stored;
}

thread::Change SubscriptionStore::change_of(const ngsi::Subscription& subscription, thread::Change::Kind kind,
                                            std::string_view name) const {
  thread::Change change = empty_change(tenant_, name, kind);
  std::string json;
  ngsi::append_subscription(subscription, nullptr, {}, false, subscription.context_json, json);
  change.attributes.push_back(json_attribute(tenant_.internal.document, std::move(json)));
  return change;
}

thread::Change SubscriptionStore::removal_of(std::string_view name) const {
  return empty_change(tenant_, name, thread::Change::Kind::remove);
}

void SubscriptionStore::write_status(std::string_view name, const ngsi::SubscriptionStatus& status) const {
  thread::Change change = empty_change(tenant_, name, thread::Change::Kind::append);
  change.attributes.push_back(json_attribute(tenant_.internal.status, status_json(status)));
  thread::ChangeSet set;
  set.author = "ngsi-ld";
  set.changes.push_back(std::move(change));
  tenant_.thread->submit(std::move(set), [](const base::Result<thread::Outcomes>&) {});
}

std::string SubscriptionStore::context_text(const ngsi::Subscription& subscription) {
  if (subscription.jsonld_context.empty()) return subscription.context_json;
  std::string text;
  ngsi::append_quoted(subscription.jsonld_context, text);
  return text;
}

ngsi::ContextPointer SubscriptionStore::context_of(const ngsi::Subscription& subscription, Services& services) const {
  const std::string text = context_text(subscription);
  if (text.empty()) return ngsi::Context::core();
  auto context = services.contexts.ready(text);
  if (context) return context;
  Lane::Task fetch = [text, &contexts = services.contexts] { (void)contexts.from_json(text); };
  (void)services.fetching.post(fetch);
  return nullptr;
}

std::string SubscriptionStore::context_url(const ngsi::Subscription& subscription, const ngsi::Context& context,
                                           Services& services) const {
  if (!subscription.jsonld_context.empty()) return subscription.jsonld_context;
  if (!context.link().empty()) return context.link();
  return services.public_url + std::string(contexts_path) + services.hosted.implicit(context.json(), tenant_.name);
}

}  // namespace cityloom::serve::ngsi_ld

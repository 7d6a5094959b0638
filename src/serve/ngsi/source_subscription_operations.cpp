// Subscriptions to registrations created, listed, retrieved, updated and deleted. ETSI GS CIM 009 clauses 5.11.2 -
// 5.11.6, 6.12, 6.13.
#include "serve/ngsi/source_subscriptions.hpp"
#include "serve/ngsi/subscription_requests.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

struct ToRegistrations {
  static constexpr std::string_view path = "/csourceSubscriptions";
  static constexpr bool has_triggers = false;
  static constexpr std::string_view id_begin = "urn:ngsi-ld:Subscription:csource-";

  struct Place {
    Writing writing;
  };
  static std::optional<Place> place_of(Call& call) {
    if (!on_main(call, "subscriptions follow the main branch only")) return {};
    auto writing = call.writing();
    return writing ? std::optional(Place{std::move(*writing)}) : std::nullopt;
  }
  static bool may_come(const Call& /*call*/, const Place& /*place*/) { return true; }
  static void complete(const Call& /*call*/, ngsi::Subscription& /*subscription*/) {}

  static std::optional<SourceSubscriptionView> find(const Call& /*call*/, const TenantState& tenant,
                                                    std::string_view id) {
    return tenant.source_subscriptions->find(id);
  }
  static std::vector<SourceSubscriptionView> list(const Call& call, const TenantState& tenant, uint64_t& count) {
    return tenant.source_subscriptions->list(call.page(), count);
  }
  static void add_warnings(const Call& /*call*/, const TenantState& /*tenant*/, std::string_view /*id*/,
                           Response& /*response*/) {}

  static base::Status check(const PreparedSubscription& prepared, const Place& /*place*/) {
    return SourceSubscriptions::check(prepared.subscription, *prepared.context);
  }
  static base::Result<thread::Change> change_of(const Call& /*call*/, const TenantState& tenant,
                                                const ngsi::Subscription& subscription, thread::Change::Kind kind) {
    return tenant.source_subscriptions->change_of(subscription, kind);
  }
  static thread::Change removal_of(const Call& /*call*/, const TenantState& tenant, std::string_view id) {
    return tenant.source_subscriptions->removal_of(id);
  }
  static auto taker(const Call& /*call*/, const TenantState& tenant, const Place& /*place*/) {
    return [subscriptions = tenant.source_subscriptions](PreparedSubscription prepared, twin::Offset /*offset*/) {
      return subscriptions->put(std::move(prepared.subscription), std::move(prepared.context));
    };
  }
  static std::function<void()> ender(const Call& /*call*/, const TenantState& tenant, const std::string& id) {
    return [subscriptions = tenant.source_subscriptions, id] { subscriptions->erase(id); };
  }
};
using Requests = SubscriptionRequests<ToRegistrations>;

// NGSI-LD: 5.11.2 subscribe to registrations
void create_source_subscription(Call call) {
  Requests::create(std::move(call));
}

// NGSI-LD: 5.11.5 query subscriptions to registrations
void list_source_subscriptions(Call call) {
  Requests::list(std::move(call));
}

// NGSI-LD: 5.11.4 retrieve a subscription to registrations
void retrieve_source_subscription(Call call) {
  Requests::retrieve(std::move(call));
}

// NGSI-LD: 5.11.3 update a subscription to registrations
void update_source_subscription(Call call) {
  Requests::update(std::move(call));
}

// NGSI-LD: 5.11.6 delete a subscription to registrations
void delete_source_subscription(Call call) {
  Requests::remove(std::move(call));
}

}  // namespace

void add_source_subscription_operations(Router& router, Services& services) {
  Requests::add_routes(
      router, services,
      {{{create_source_subscription, "createCSRSubscription", "Subscribe to context sources"},
        {list_source_subscriptions, "queryCSRSubscription", "List subscriptions to context sources"},
        {retrieve_source_subscription, "retrieveCSRSubscription", "Retrieve a subscription to context sources"},
        {update_source_subscription, "updateCSRSubscription", "Update a subscription to context sources"},
        {delete_source_subscription, "deleteCSRSubscription", "Unsubscribe from context sources"}}});
}

}  // namespace cityloom::serve::ngsi_ld

// Subscriptions created, listed, retrieved, updated and deleted. ETSI GS CIM 009 clauses 5.8.1 - 5.8.5, 6.10, 6.11.
#include "ngsi/subscription_copy.hpp"
#include "serve/ngsi/distribution.hpp"
#include "serve/ngsi/snapshot_writes.hpp"
#include "serve/ngsi/source_copies.hpp"
#include "serve/ngsi/subscription_requests.hpp"
#include "serve/ngsi/subscriptions.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

// Those to entities: of the present city, or of a snapshot.
struct ToEntities {
  static constexpr std::string_view path = "/subscriptions";
  static constexpr bool has_triggers = true;
  static constexpr std::string_view id_begin = "urn:ngsi-ld:Subscription:";

  // Where the subscription is kept, which is on main, and what it follows.
  struct Place {
    Writing writing;
    SubscriptionHome home;
  };

  // Subscriptions follow main or a snapshot: any other branch is nobody's city.
  static std::optional<Place> place_of(Call& call) {
    if (!on_main(call, "subscriptions follow the main branch or a snapshot only")) return {};
    auto writing = call.writing();
    if (!writing) return {};
    SubscriptionHome home;
    if (writing->snapshot) {
      home = {std::string(*call.snapshot_id()), writing->branch, writing->snapshot->selection()};
    }
    return Place{{writing->thread, thread::main_branch}, std::move(home)};
  }

  // On its way from broker to broker.
  static bool may_come(Call& call, const Place& place) {
    const TenantState& tenant = call.services().state_of(*place.writing.thread);
    if (way_on(call.services(), tenant, call.request().joined_header("Via"))) return true;
    call.send(loop_response());
    return false;
  }

  static void complete(const Call& call, ngsi::Subscription& subscription) {
    if (call.flag("local")) ngsi::make_local(subscription);
  }

  static std::string_view snapshot_of(const Call& call) { return call.snapshot_id().value_or(""); }
  static std::optional<SubscriptionView> find(const Call& call, const TenantState& tenant, std::string_view id) {
    return tenant.subscriptions->find(id, snapshot_of(call));
  }
  static std::vector<SubscriptionView> list(const Call& call, const TenantState& tenant, uint64_t& count) {
    return tenant.subscriptions->list(call.page(), count, snapshot_of(call));
  }
  static void add_warnings(const Call& call, const TenantState& tenant, std::string_view id, Response& response) {
    if (call.snapshot_id()) return;
    for (std::string& warning : tenant.source_copies->warnings(id)) response.header("NGSILD-Warning", warning);
  }

  static base::Status check(const PreparedSubscription& prepared, const Place& place) {
    const auto matcher = ngsi::make_matcher(prepared.subscription, prepared.context, place.writing.thread->terms());
    return matcher.ok() ? base::Status() : matcher.error();
  }
  static base::Result<thread::Change> change_of(const Call& call, const TenantState& tenant,
                                                const ngsi::Subscription& subscription, thread::Change::Kind kind) {
    return tenant.subscriptions->change_of(subscription, kind, snapshot_of(call));
  }
  static thread::Change removal_of(const Call& call, const TenantState& tenant, std::string_view id) {
    return tenant.subscriptions->removal_of(id, snapshot_of(call));
  }

  static std::shared_ptr<SourceCopies> copies_of(const Call& call, const TenantState& tenant) {
    return call.snapshot_id() ? nullptr : tenant.source_copies;
  }
  static auto taker(const Call& call, const TenantState& tenant, const Place& place) {
    return [subscriptions = tenant.subscriptions, copies = copies_of(call, tenant),
            via = call.request().joined_header("Via"),
            home = place.home](PreparedSubscription prepared, twin::Offset offset) -> base::Status {
      const std::string id = prepared.subscription.id;
      auto put = subscriptions->put(std::move(prepared.subscription), std::move(prepared.context), offset, home);
      if (put.ok() && copies) copies->put(id, via);
      return put;
    };
  }
  static std::function<void()> ender(const Call& call, const TenantState& tenant, const std::string& id) {
    return [subscriptions = tenant.subscriptions, copies = copies_of(call, tenant), id,
            snapshot = std::string(snapshot_of(call))] {
      subscriptions->erase(id, snapshot);
      if (copies) copies->erase(id);
    };
  }
};
using Requests = SubscriptionRequests<ToEntities>;

// NGSI-LD: 5.8.1 create a subscription
void create_subscription(Call call) {
  Requests::create(std::move(call));
}

// NGSI-LD: 5.8.4 query subscriptions
void list_subscriptions(Call call) {
  Requests::list(std::move(call));
}

// NGSI-LD: 5.8.3 retrieve a subscription
void retrieve_subscription(Call call) {
  Requests::retrieve(std::move(call));
}

// NGSI-LD: 5.8.2 update a subscription
void update_subscription(Call call) {
  Requests::update(std::move(call));
}

// NGSI-LD: 5.8.5 delete a subscription
void delete_subscription(Call call) {
  Requests::remove(std::move(call));
}

}  // namespace

void add_subscription_operations(Router& router, Services& services) {
  Requests::add_routes(router, services,
                       {{{create_subscription, "createSubscription", "Subscribe"},
                         {list_subscriptions, "querySubscription", "List subscriptions"},
                         {retrieve_subscription, "retrieveSubscription", "Retrieve a subscription"},
                         {update_subscription, "updateSubscription", "Update a subscription"},
                         {delete_subscription, "deleteSubscription", "Unsubscribe"}}});
}

}  // namespace cityloom::serve::ngsi_ld

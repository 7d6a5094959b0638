// Subscriptions created, listed, retrieved, updated and deleted. ETSI GS CIM 009 clauses 5.8.1 - 5.8.5, 6.10, 6.11.
#include <atomic>

#include "ngsi/parse.hpp"
#include "ngsi/subscription.hpp"
#include "ngsi/subscription_copy.hpp"
#include "serve/ngsi/distribution.hpp"
#include "serve/ngsi/routes.hpp"
#include "serve/ngsi/snapshot_writes.hpp"
#include "serve/ngsi/source_copies.hpp"
#include "serve/ngsi/subscription_store.hpp"
#include "serve/ngsi/subscriptions.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using thread::Change;

Error unknown_subscription(std::string_view id) {
  return {Code::not_found, "there is no subscription with this id", std::string(id), {}};
}

std::string new_id(const Services& services) {
  static std::atomic<uint64_t> made{0};
  return "urn:ngsi-ld:Subscription:" + std::to_string(services.clock.now().microseconds) + "-" + std::to_string(++made);
}

// Subscriptions follow main or a snapshot: any other branch is nobody's city.
bool on_main(Call& call) {
  const std::string_view branch = call.request().branch();
  if (branch.empty() || branch == "main") return true;
  call.fail({Code::invalid, "subscriptions follow the main branch or a snapshot only", "branch", {}});
  return false;
}

// Where the subscription is kept, which is on main, and what it follows.
struct Place {
  Writing writing;
  SubscriptionHome home;
};

// Answers itself where there is none.
std::optional<Place> place_of(Call& call) {
  if (!on_main(call)) return {};
  auto writing = call.writing();
  if (!writing) return {};
  SubscriptionHome home;
  if (writing->snapshot) {
    home = {std::string(*call.snapshot_id()), writing->branch, writing->snapshot->selection()};
  }
  return Place{{writing->thread, thread::main_branch}, std::move(home)};
}

struct Prepared {
  ngsi::Subscription subscription;
  ngsi::ContextPointer context;
};

// Checks what only the record and the contexts can tell, then records the subscription and lets it hear.
void record(Call call, const Place& place, Prepared prepared, Change::Kind kind) {
  const Writing& writing = place.writing;
  const TenantState& tenant = call.services().state_of(*writing.thread);
  const auto subscriptions = tenant.subscriptions;
  const auto matcher = ngsi::make_matcher(prepared.subscription, prepared.context, writing.thread->terms());
  if (!matcher.ok()) return call.fail(matcher.error());
  auto change = subscriptions->change_of(prepared.subscription, kind, place.home.snapshot);
  if (!change.ok()) return call.fail(change.error());
  std::vector<Change> changes;
  changes.push_back(std::move(change).value());
  const auto copies = place.home.snapshot.empty() ? tenant.source_copies : nullptr;
  std::string via = call.request().joined_header("Via");
  Call::append(std::move(call), writing, std::move(changes),
               [subscriptions, copies, via = std::move(via), prepared = std::move(prepared), kind, home = place.home](
                   const Call& answered, base::Result<thread::Outcomes> outcomes) mutable {
                 const auto& outcome = outcomes->front();
                 const std::string id = prepared.subscription.id;
                 if (!outcome.ok()) {
                   Error error = outcome.error();
                   error.where = id;
                   if (error.code == Code::already_exists) error.what = "there is a subscription with this id already";
                   return answered.failure(error);
                 }
                 const auto status = subscriptions->put(std::move(prepared.subscription), std::move(prepared.context),
                                                        outcome->offset, home);
                 if (!status.ok()) return answered.failure(status.error());
                 if (copies) copies->put(id, via);
                 Response response = Response::empty(kind == Change::Kind::create ? 201 : 204);
                 if (kind == Change::Kind::create) {
                   response.header("Location", "/ngsi-ld/v1/subscriptions/" + percent_encoded(id));
                 }
                 return response;
               });
}

// The context that the subscription's names and notifications stand under; fetched if need be.
void record_with_context(Call call, const Place& place, ngsi::Subscription subscription, Change::Kind kind) {
  ngsi::ContextPointer context = call.context();
  const std::string text = SubscriptionStore::context_text(subscription);
  if (!text.empty()) context = call.services().contexts.ready(text);
  if (context) return record(std::move(call), place, {std::move(subscription), std::move(context)}, kind);
  Services& services = call.services();
  auto shared = std::make_shared<Call>(std::move(call));
  Lane::Task fetch = [shared, place, subscription = std::move(subscription), kind, text]() mutable {
    auto fetched = shared->services().contexts.from_json(text);
    if (!fetched.ok()) return shared->fail(ngsi::context_problem_of(fetched.error()), fetched.error());
    record(std::move(*shared), place, {std::move(subscription), std::move(fetched).value()}, kind);
  };
  if (!services.fetching.post(fetch))
    shared->fail({Code::busy, "too many contexts are being fetched", {}, "try again later"});
}

// Whether a subscription has not come through here before, on its way from broker to broker. Answers itself if it has.
bool comes_first_time(Call& call, const Place& place) {
  const TenantState& tenant = call.services().state_of(*place.writing.thread);
  if (way_on(call.services(), tenant, call.request().joined_header("Via"))) return true;
  call.send(loop_response());
  return false;
}

// NGSI-LD: 5.8.1 create a subscription
void create_subscription(Call call) {
  const auto place = place_of(call);
  if (!place || !comes_first_time(call, *place)) return;
  auto subscription = ngsi::parse_subscription(call.body(), *call.context(), call.services().clock.now());
  if (!subscription.ok()) return call.fail(subscription.error());
  if (subscription->id.empty()) subscription->id = new_id(call.services());
  if (call.flag("local")) ngsi::make_local(*subscription);
  record_with_context(std::move(call), *place, std::move(subscription).value(), Change::Kind::create);
}

// NGSI-LD: 5.8.2 update a subscription
void update_subscription(Call call) {
  const auto place = place_of(call);
  if (!place || !comes_first_time(call, *place)) return;
  const std::string id(call.request().path_value("subscriptionId"));
  const auto now_is = call.services().state_of(*place->writing.thread).subscriptions->find(id, place->home.snapshot);
  if (!now_is) return call.fail(unknown_subscription(id));
  // A fragment without a context of its own is read as the subscription was.
  const ngsi::ContextPointer own = now_is->context ? now_is->context : call.context();
  const ngsi::ContextPointer other = call.uses_core() ? own : call.context();
  const ngsi::Subscription present = ngsi::in_context(now_is->subscription, *own, *other);
  auto subscription = ngsi::update_subscription(present, call.body(), *other, call.services().clock.now());
  if (!subscription.ok()) return call.fail(subscription.error());
  record_with_context(std::move(call), *place, std::move(subscription).value(), Change::Kind::append);
}

void append_one(const Call& call, const SubscriptionView& view, std::string& to) {
  const std::string_view context =
      call.answer() == Media::ld_json ? std::string_view(call.context()->json()) : std::string_view{};
  ngsi::Subscription shown =
      view.context ? ngsi::in_context(view.subscription, *view.context, *call.context()) : view.subscription;
  // A reader is told the default as well; subscriptions to sources know no triggers.
  if (shown.triggers.empty()) shown.triggers = {ngsi::Trigger::attribute_created, ngsi::Trigger::attribute_updated};
  ngsi::append_subscription(shown, &view.status, call.services().clock.now(), call.has_option(option_sys_attrs),
                            context, to);
}

// NGSI-LD: 5.8.3 retrieve a subscription
void retrieve_subscription(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const std::string_view id = call.request().path_value("subscriptionId");
  const TenantState& tenant = call.services().state_of(*reading->thread);
  const auto view = tenant.subscriptions->find(id, call.snapshot_id().value_or(""));
  if (!view) return call.fail(unknown_subscription(id));
  std::string body;
  append_one(call, *view, body);
  Response response = body_response(call, std::move(body));
  if (!call.snapshot_id()) {
    for (std::string& warning : tenant.source_copies->warnings(id)) response.header("NGSILD-Warning", warning);
  }
  call.send(std::move(response));
}

// NGSI-LD: 5.8.4 query subscriptions
void list_subscriptions(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  uint64_t count = 0;
  const auto views = call.services()
                         .state_of(*reading->thread)
                         .subscriptions->list(call.page(), count, call.snapshot_id().value_or(""));
  std::string body = "[";
  for (const SubscriptionView& view : views) {
    if (body.size() > 1) body += ',';
    append_one(call, view, body);
  }
  body += ']';
  Response response = body_response(call, std::move(body));
  add_page_headers(call, call.page().offset + views.size() < count, count, response);
  call.send(std::move(response));
}

// NGSI-LD: 5.8.5 delete a subscription
void delete_subscription(Call call) {
  const auto place = place_of(call);
  if (!place) return;
  const std::string id(call.request().path_value("subscriptionId"));
  const TenantState& tenant = call.services().state_of(*place->writing.thread);
  const auto subscriptions = tenant.subscriptions;
  const std::string snapshot = place->home.snapshot;
  const auto copies = snapshot.empty() ? tenant.source_copies : nullptr;
  if (!subscriptions->find(id, snapshot)) return call.fail(unknown_subscription(id));
  std::vector<Change> changes;
  changes.push_back(subscriptions->removal_of(id, snapshot));
  Call::append(
      std::move(call), place->writing, std::move(changes),
      [subscriptions, copies, id, snapshot](const Call& answered, base::Result<thread::Outcomes> outcomes) {
        const auto& outcome = outcomes->front();
        if (!outcome.ok()) {
          return answered.failure(outcome.error().code == Code::not_found ? unknown_subscription(id) : outcome.error());
        }
        subscriptions->erase(id, snapshot);
        if (copies) copies->erase(id);
        return Response::empty();
      });
}

Route route_of(Method method, const char* path, trust::Action action, const char* operation_id, const char* summary,
               int status) {
  return {method, path, action, operation_id, {}, summary, {}, {}, {}, {{status, "Done", {}}}};
}

}  // namespace

void add_subscription_operations(Router& router, Services& services) {
  Form create;
  create.body = Form::Body::object;
  Form update = create;
  update.patch = true;
  Form read;
  read.answers = json_answers;
  read.options = option_sys_attrs | option_count;
  Form list = read;
  list.paged = true;
  add_operation(
      router, services,
      route_of(Method::post, "/subscriptions", trust::Action::subscribe, "createSubscription", "Subscribe", 201),
      create, create_subscription);
  add_operation(
      router, services,
      route_of(Method::get, "/subscriptions", trust::Action::read, "querySubscription", "List subscriptions", 200),
      list, list_subscriptions);
  add_operation(router, services,
                route_of(Method::get, "/subscriptions/{subscriptionId}", trust::Action::read, "retrieveSubscription",
                         "Retrieve a subscription", 200),
                read, retrieve_subscription);
  add_operation(router, services,
                route_of(Method::patch, "/subscriptions/{subscriptionId}", trust::Action::subscribe,
                         "updateSubscription", "Update a subscription", 204),
                update, update_subscription);
  add_operation(router, services,
                route_of(Method::del, "/subscriptions/{subscriptionId}", trust::Action::subscribe, "deleteSubscription",
                         "Unsubscribe", 204),
                Form{}, delete_subscription);
}

}  // namespace cityloom::serve::ngsi_ld

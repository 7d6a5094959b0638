// Subscriptions to registrations created, listed, retrieved, updated and deleted. ETSI GS CIM 009 clauses 5.11.2 -
// 5.11.6, 6.12, 6.13.
#include <atomic>

#include "ngsi/subscription.hpp"
#include "serve/ngsi/routes.hpp"
#include "serve/ngsi/source_subscriptions.hpp"
#include "serve/ngsi/subscription_store.hpp"

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
  return "urn:ngsi-ld:Subscription:csource-" + std::to_string(services.clock.now().microseconds) + "-" +
         std::to_string(++made);
}

bool on_main(Call& call) {
  const std::string_view branch = call.request().branch();
  if (branch.empty() || branch == "main") return true;
  call.fail({Code::invalid, "subscriptions follow the main branch only", "branch", {}});
  return false;
}

// A subscription and the context that its names stand under.
struct Prepared {
  ngsi::Subscription subscription;
  ngsi::ContextPointer context;
};

void record(Call call, const Writing& writing, Prepared prepared, Change::Kind kind) {
  const auto subscriptions = call.services().state_of(*writing.thread).source_subscriptions;
  if (const auto status = SourceSubscriptions::check(prepared.subscription, *prepared.context); !status.ok())
    return call.fail(status.error());
  auto change = subscriptions->change_of(prepared.subscription, kind);
  if (!change.ok()) return call.fail(change.error());
  std::vector<Change> changes;
  changes.push_back(std::move(change).value());
  Call::append(std::move(call), writing, std::move(changes),
               [subscriptions, prepared = std::move(prepared), kind](const Call& answered,
                                                                     base::Result<thread::Outcomes> outcomes) mutable {
                 const auto& outcome = outcomes->front();
                 const std::string id = prepared.subscription.id;
                 if (!outcome.ok()) {
                   Error error = outcome.error();
                   error.where = id;
                   if (error.code == Code::already_exists) error.what = "there is a subscription with this id already";
                   return answered.failure(error);
                 }
                 const auto status = subscriptions->put(std::move(prepared.subscription), std::move(prepared.context));
                 if (!status.ok()) return answered.failure(status.error());
                 Response response = Response::empty(kind == Change::Kind::create ? 201 : 204);
                 if (kind == Change::Kind::create) {
                   response.header("Location", "/ngsi-ld/v1/csourceSubscriptions/" + percent_encoded(id));
                 }
                 return response;
               });
}

// The context that the subscription names itself, fetched if need be; else that of the request.
void record_with_context(Call call, const Writing& writing, ngsi::Subscription subscription, Change::Kind kind) {
  ngsi::ContextPointer context = call.context();
  const std::string text = SubscriptionStore::context_text(subscription);
  if (!text.empty()) context = call.services().contexts.ready(text);
  if (context) return record(std::move(call), writing, {std::move(subscription), std::move(context)}, kind);
  Services& services = call.services();
  auto shared = std::make_shared<Call>(std::move(call));
  Lane::Task fetch = [shared, writing, subscription = std::move(subscription), kind, text]() mutable {
    auto fetched = shared->services().contexts.from_json(text);
    if (!fetched.ok()) return shared->fail(ngsi::context_problem_of(fetched.error()), fetched.error());
    record(std::move(*shared), writing, {std::move(subscription), std::move(fetched).value()}, kind);
  };
  if (!services.fetching.post(fetch))
    shared->fail({Code::busy, "too many contexts are being fetched", {}, "try again later"});
}

// NGSI-LD: 5.11.2 subscribe to registrations
void create_source_subscription(Call call) {
  if (!on_main(call)) return;
  const auto writing = call.writing();
  if (!writing) return;
  auto subscription = ngsi::parse_subscription(call.body(), *call.context(), call.services().clock.now());
  if (!subscription.ok()) return call.fail(subscription.error());
  if (subscription->id.empty()) subscription->id = new_id(call.services());
  record_with_context(std::move(call), *writing, std::move(subscription).value(), Change::Kind::create);
}

// NGSI-LD: 5.11.3 update a subscription to registrations
void update_source_subscription(Call call) {
  if (!on_main(call)) return;
  const auto writing = call.writing();
  if (!writing) return;
  const std::string id(call.request().path_value("subscriptionId"));
  const auto now_is = call.services().state_of(*writing->thread).source_subscriptions->find(id);
  if (!now_is) return call.fail(unknown_subscription(id));
  // A fragment without a context of its own is read as the subscription was.
  const ngsi::ContextPointer own = now_is->context ? now_is->context : call.context();
  const ngsi::ContextPointer other = call.uses_core() ? own : call.context();
  const ngsi::Subscription present = ngsi::in_context(now_is->subscription, *own, *other);
  auto subscription = ngsi::update_subscription(present, call.body(), *other, call.services().clock.now());
  if (!subscription.ok()) return call.fail(subscription.error());
  record_with_context(std::move(call), *writing, std::move(subscription).value(), Change::Kind::append);
}

void append_one(const Call& call, const SourceSubscriptionView& view, std::string& to) {
  const std::string_view context =
      call.answer() == Media::ld_json ? std::string_view(call.context()->json()) : std::string_view{};
  const ngsi::Subscription shown =
      view.context ? ngsi::in_context(view.subscription, *view.context, *call.context()) : view.subscription;
  ngsi::append_subscription(shown, &view.status, call.services().clock.now(), call.has_option(option_sys_attrs),
                            context, to);
}

// NGSI-LD: 5.11.4 retrieve a subscription to registrations
void retrieve_source_subscription(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const std::string_view id = call.request().path_value("subscriptionId");
  const auto view = call.services().state_of(*reading->thread).source_subscriptions->find(id);
  if (!view) return call.fail(unknown_subscription(id));
  std::string body;
  append_one(call, *view, body);
  call.send(body_response(call, std::move(body)));
}

// NGSI-LD: 5.11.5 query subscriptions to registrations
void list_source_subscriptions(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  uint64_t count = 0;
  const auto views = call.services().state_of(*reading->thread).source_subscriptions->list(call.page(), count);
  std::string body = "[";
  for (const SourceSubscriptionView& view : views) {
    if (body.size() > 1) body += ',';
    append_one(call, view, body);
  }
  body += ']';
  Response response = body_response(call, std::move(body));
  add_page_headers(call, call.page().offset + views.size() < count, count, response);
  call.send(std::move(response));
}

// NGSI-LD: 5.11.6 delete a subscription to registrations
void delete_source_subscription(Call call) {
  if (!on_main(call)) return;
  const auto writing = call.writing();
  if (!writing) return;
  const std::string id(call.request().path_value("subscriptionId"));
  const auto subscriptions = call.services().state_of(*writing->thread).source_subscriptions;
  if (!subscriptions->find(id)) return call.fail(unknown_subscription(id));
  std::vector<Change> changes;
  changes.push_back(subscriptions->removal_of(id));
  Call::append(
      std::move(call), *writing, std::move(changes),
      [subscriptions, id](const Call& answered, base::Result<thread::Outcomes> outcomes) {
        const auto& outcome = outcomes->front();
        if (!outcome.ok()) {
          return answered.failure(outcome.error().code == Code::not_found ? unknown_subscription(id) : outcome.error());
        }
        subscriptions->erase(id);
        return Response::empty();
      });
}

Route route_of(Method method, const char* path, trust::Action action, const char* operation_id, const char* summary,
               int status) {
  return {method, path, action, operation_id, {}, summary, {}, {}, {}, {{status, "Done", {}}}};
}

}  // namespace

void add_source_subscription_operations(Router& router, Services& services) {
  Form create;
  create.body = Form::Body::object;
  Form update = create;
  update.patch = true;
  Form read;
  read.answers = json_answers;
  read.options = option_sys_attrs | option_count;
  Form list = read;
  list.paged = true;
  constexpr const char* all = "/csourceSubscriptions";
  constexpr const char* one = "/csourceSubscriptions/{subscriptionId}";
  add_operation(router, services,
                route_of(Method::post, all, trust::Action::subscribe, "createCSRSubscription",
                         "Subscribe to context sources", 201),
                create, create_source_subscription);
  add_operation(router, services,
                route_of(Method::get, all, trust::Action::read, "queryCSRSubscription",
                         "List subscriptions to context sources", 200),
                list, list_source_subscriptions);
  add_operation(router, services,
                route_of(Method::get, one, trust::Action::read, "retrieveCSRSubscription",
                         "Retrieve a subscription to context sources", 200),
                read, retrieve_source_subscription);
  add_operation(router, services,
                route_of(Method::patch, one, trust::Action::subscribe, "updateCSRSubscription",
                         "Update a subscription to context sources", 204),
                update, update_source_subscription);
  add_operation(router, services,
                route_of(Method::del, one, trust::Action::subscribe, "deleteCSRSubscription",
                         "Unsubscribe from context sources", 204),
                Form{}, delete_source_subscription);
}

}  // namespace cityloom::serve::ngsi_ld

// What requests do to subscriptions of either kind: to entities, and to registrations of sources. ETSI GS CIM 009
// clauses 5.8.1 - 5.8.5, 5.11.2 - 5.11.6, 6.10 - 6.13.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ngsi/subscription.hpp"
#include "serve/ngsi/routes.hpp"
#include "serve/ngsi/subscription_store.hpp"

namespace cityloom::serve::ngsi_ld {

/// A subscription and the context that its names stand under.
struct PreparedSubscription {
  ngsi::Subscription subscription;
  ngsi::ContextPointer context;
};

/// The operations of one kind. `Kind` says what differs:
/// - `path`, `id_begin`: of its resources, and of the ids that are made; `has_triggers`: whether it knows any;
/// - `Place`, `place_of(call)`: where a write is kept, with `writing`; answers itself where there is none;
/// - `may_come(call, place)`: whether the request has not been here before; answers itself;
/// - `find(call, tenant, id)`, `list(call, tenant, count)`: as the request sees them;
/// - `check(prepared, place)`, `change_of(call, tenant, subscription, kind)`, `removal_of(call, tenant, id)`;
/// - `taker(call, tenant, place)`, `ender(call, tenant, id)`: what is to be done once it is recorded.
template <class Kind>
class SubscriptionRequests {
  using Place = typename Kind::Place;
  using Change = thread::Change;

 public:
  /// Makes one.
  static void create(Call call) {
    const auto place = Kind::place_of(call);
    if (!place || !Kind::may_come(call, *place)) return;
    auto subscription = ngsi::parse_subscription(call.body(), *call.context(), call.services().clock.now());
    if (!subscription.ok()) return call.fail(subscription.error());
    if (subscription->id.empty()) subscription->id = new_id(call.services());
    Kind::complete(call, *subscription);
    record_with_context(std::move(call), *place, std::move(subscription).value(), Change::Kind::create);
  }

  /// Changes one.
  static void update(Call call) {
    const auto place = Kind::place_of(call);
    if (!place || !Kind::may_come(call, *place)) return;
    const std::string id(call.request().path_value("subscriptionId"));
    const auto now_is = Kind::find(call, call.services().state_of(*place->writing.thread), id);
    if (!now_is) return call.fail(unknown(id));
    // A fragment without a context of its own is read as the subscription was.
    const ngsi::ContextPointer own = now_is->context ? now_is->context : call.context();
    const ngsi::ContextPointer other = call.uses_core() ? own : call.context();
    const ngsi::Subscription present = ngsi::in_context(now_is->subscription, *own, *other);
    auto subscription = ngsi::update_subscription(present, call.body(), *other, call.services().clock.now());
    if (!subscription.ok()) return call.fail(subscription.error());
    record_with_context(std::move(call), *place, std::move(subscription).value(), Change::Kind::append);
  }

  /// Tells one.
  static void retrieve(Call call) {
    const auto reading = call.reading();
    if (!reading) return;
    const std::string_view id = call.request().path_value("subscriptionId");
    const TenantState& tenant = call.services().state_of(*reading->thread);
    const auto view = Kind::find(call, tenant, id);
    if (!view) return call.fail(unknown(id));
    std::string body;
    append_one(call, *view, body);
    Response response = body_response(call, std::move(body));
    Kind::add_warnings(call, tenant, id, response);
    call.send(std::move(response));
  }

  /// Tells a page of them.
  static void list(Call call) {
    const auto reading = call.reading();
    if (!reading) return;
    uint64_t count = 0;
    const auto views = Kind::list(call, call.services().state_of(*reading->thread), count);
    std::string body = "[";
    for (const auto& view : views) {
      if (body.size() > 1) body += ',';
      append_one(call, view, body);
    }
    body += ']';
    Response response = body_response(call, std::move(body));
    add_page_headers(call, call.page().offset + views.size() < count, count, response);
    call.send(std::move(response));
  }

  /// Ends one.
  static void remove(Call call) {
    const auto place = Kind::place_of(call);
    if (!place) return;
    const std::string id(call.request().path_value("subscriptionId"));
    const TenantState& tenant = call.services().state_of(*place->writing.thread);
    if (!Kind::find(call, tenant, id)) return call.fail(unknown(id));
    std::vector<Change> changes;
    changes.push_back(Kind::removal_of(call, tenant, id));
    std::function<void()> end = Kind::ender(call, tenant, id);
    Call::append(std::move(call), place->writing, std::move(changes),
                 [id, end = std::move(end)](const Call& answered, base::Result<thread::Outcomes> outcomes) {
                   const auto& outcome = outcomes->front();
                   if (!outcome.ok()) {
                     const bool is_gone = outcome.error().code == base::Code::not_found;
                     return answered.failure(is_gone ? unknown(id) : outcome.error());
                   }
                   end();
                   return Response::empty();
                 });
  }

  /// One of the five as a route has it.
  struct Operation {
    void (*run)(Call);
    const char* operation_id;
    const char* summary;
  };
  /// Adds them, in the order: create, list, retrieve, update, remove.
  static void add_routes(Router& router, Services& services, const std::array<Operation, 5>& operations) {
    Form create_form;
    create_form.body = Form::Body::object;
    Form update_form = create_form;
    update_form.patch = true;
    Form read;
    read.answers = json_answers;
    read.options = option_sys_attrs | option_count;
    Form listing = read;
    listing.paged = true;
    const std::string all(Kind::path), one = all + "/{subscriptionId}";
    const auto add = [&](size_t index, Method method, const std::string& at, int status, const Form& form) {
      const trust::Action action = method == Method::get ? trust::Action::read : trust::Action::subscribe;
      const Operation& operation = operations.at(index);
      Route route{method, at, action, operation.operation_id, {}, operation.summary,
                  {},     {}, {},     {{status, "Done", {}}}};
      add_operation(router, services, std::move(route), form, operation.run);
    };
    add(0, Method::post, all, 201, create_form);
    add(1, Method::get, all, 200, listing);
    add(2, Method::get, one, 200, read);
    add(3, Method::patch, one, 204, update_form);
    add(4, Method::del, one, 204, Form{});
  }

 private:
  static base::Error unknown(std::string_view id) {
    return {base::Code::not_found, "there is no subscription with this id", std::string(id), {}};
  }

  static std::string new_id(const Services& services) {
    static std::atomic<uint64_t> made{0};
    return std::string(Kind::id_begin) + std::to_string(services.clock.now().microseconds) + "-" +
           std::to_string(++made);
  }

  // Checks what only the record and the contexts can tell, then records the subscription and lets it hear.
  static void record(Call call, const Place& place, PreparedSubscription prepared, Change::Kind kind) {
    const TenantState& tenant = call.services().state_of(*place.writing.thread);
    if (const auto status = Kind::check(prepared, place); !status.ok()) return call.fail(status.error());
    auto change = Kind::change_of(call, tenant, prepared.subscription, kind);
    if (!change.ok()) return call.fail(change.error());
    std::vector<Change> changes;
    changes.push_back(std::move(change).value());
    auto take = Kind::taker(call, tenant, place);
    Call::append(std::move(call), place.writing, std::move(changes),
                 [take = std::move(take), prepared = std::move(prepared), kind](
                     const Call& answered, base::Result<thread::Outcomes> outcomes) mutable {
                   const auto& outcome = outcomes->front();
                   const std::string id = prepared.subscription.id;
                   if (!outcome.ok()) {
                     base::Error error = outcome.error();
                     error.where = id;
                     const bool is_there = error.code == base::Code::already_exists;
                     if (is_there) error.what = "there is a subscription with this id already";
                     return answered.failure(error);
                   }
                   const base::Status status = take(std::move(prepared), outcome->offset);
                   if (!status.ok()) return answered.failure(status.error());
                   Response response = Response::empty(kind == Change::Kind::create ? 201 : 204);
                   if (kind == Change::Kind::create) {
                     response.header("Location", "/ngsi-ld/v1" + std::string(Kind::path) + '/' + percent_encoded(id));
                   }
                   return response;
                 });
  }

  // The context that the subscription's names and notifications stand under; fetched if need be.
  static void record_with_context(Call call, const Place& place, ngsi::Subscription subscription, Change::Kind kind) {
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
      shared->fail({base::Code::busy, "too many contexts are being fetched", {}, "try again later"});
  }

  template <class View>
  static void append_one(const Call& call, const View& view, std::string& to) {
    const std::string_view context =
        call.answer() == Media::ld_json ? std::string_view(call.context()->json()) : std::string_view{};
    ngsi::Subscription shown =
        view.context ? ngsi::in_context(view.subscription, *view.context, *call.context()) : view.subscription;
    // A reader is told the default as well.
    if (Kind::has_triggers && shown.triggers.empty())
      shown.triggers = {ngsi::Trigger::attribute_created, ngsi::Trigger::attribute_updated};
    ngsi::append_subscription(shown, &view.status, call.services().clock.now(), call.has_option(option_sys_attrs),
                              context, to);
  }
};

/// Whether the request is about the main branch. Answers itself: `what` says what subscriptions follow.
inline bool on_main(Call& call, const char* what) {
  const std::string_view branch = call.request().branch();
  if (branch.empty() || branch == "main") return true;
  call.fail({base::Code::invalid, what, "branch", {}});
  return false;
}

}  // namespace cityloom::serve::ngsi_ld

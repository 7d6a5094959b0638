// Notifications that come from the copies of subscriptions at sources: read, written as the subscriber is told, and
// passed on. ETSI GS CIM 009 V1.9.1 clause 5.8.6.
#include <atomic>

#include "ngsi/merging.hpp"
#include "ngsi/subscription_copy.hpp"
#include "serve/ngsi/gathering.hpp"
#include "serve/ngsi/routes.hpp"
#include "serve/ngsi/source_copies.hpp"
#include "serve/ngsi/subscriptions.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;

// Whose copy a notification comes from. A token belongs to one tenant, which is opened for it if nobody asked for it
// since the start; the notification's own is that of the source.
struct Found {
  std::shared_ptr<TenantState> tenant;
  CopiedSubscription copy;
};

std::optional<Found> find_copy(const Services& services, std::string_view token) {
  if (const auto name = tenant_in_token(token); !name.empty() && !services.tenants.find(name).ok()) return {};
  const std::shared_lock lock(services.mutex);
  for (const auto& [thread, tenant] : services.states) {
    if (!tenant->source_copies) continue;
    if (auto copy = tenant->source_copies->find(token)) return Found{tenant, std::move(*copy)};
  }
  return {};
}

std::string new_id(const Services& services) {
  static std::atomic<uint64_t> made{0};
  return "urn:ngsi-ld:Notification:source-" + std::to_string(services.clock.now().microseconds) + '-' +
         std::to_string(++made);
}

// Whether the subscriber may hear of an entity: the same question as of one that is kept here.
bool may_hear(const Services& services, const TenantState& tenant, const twin::TermTable& terms,
              const ngsi::Notified& one) {
  const auto types = one.record.types();
  const std::string_view type = types.empty() ? std::string_view() : terms.text(types.front());
  const trust::Resource resource{tenant.name, {}, one.record.id(), type, {}, "subscription"};
  return services.gate.decide({}, trust::Action::subscribe, resource).allow;
}

// The pieces of the entities that are to be asked for, at all sources but the one that notifies (clause 5.8.6).
base::Result<std::vector<LinkedWanted>> pieces_of(const Call& call, const TenantState& tenant,
                                                  const std::vector<ngsi::Notified>& entities,
                                                  const std::string& notifying) {
  std::vector<LinkedWanted> wanted;
  const auto way = way_on(call.services(), tenant, call.request().joined_header("Via"));
  if (!way) return wanted;
  for (const ngsi::Notified& one : entities) {
    if (one.deleted) continue;
    ngsi::SourceQuery query;
    query.ids = {std::string(one.record.id())};
    for (const twin::Term type : one.record.types())
      query.types.push_back({std::string(call.gathered()->terms().text(type))});
    auto sources = sources_for(call, tenant, query, *way);
    if (!sources.ok()) return sources.error();
    std::erase_if(*sources, [&](const SourcePointer& source) {
      return source->registration().id == notifying || !gives_linked(source->registration());
    });
    if (!sources->empty()) wanted.push_back({query.ids.front(), std::move(*sources)});
    if (wanted.size() > Gathered::linked_max) {
      return base::fail(Code::too_large, "a notification of entities in pieces tells of more than " +
                                             std::to_string(Gathered::linked_max) + " of them");
    }
  }
  return wanted;
}

// Makes the entities whole, of what is kept here and elsewhere, and leaves those that match then.
base::Status put_together(const Call& call, const TenantState& tenant, const ngsi::Matcher& matcher,
                          std::vector<ngsi::Notified>& entities) {
  const base::Instant now = call.services().clock.now();
  const auto find = find_visible(tenant.thread->snapshot());
  for (const twin::Query& query : matcher.any_of) {
    if (query.linked) query.linked->find = find;
  }
  for (ngsi::Notified& one : entities) {
    if (one.deleted) continue;
    const auto here = find(one.record.id());
    if (!here.ok()) return here.error();
    const auto others = call.gathered()->entity(one.record.id(), *here, now);
    if (!others.ok()) return others.error();
    ngsi::EntityMerger merger(tenant.internal.expires_at);
    merger.add(one.record.unpack());
    if (*others) merger.add(others->unpack());
    twin::Entity whole;
    const auto any = merger.merge(now, whole);
    if (!any.ok()) return any.error();
    one.record = *any ? twin::EntityRecord::pack(whole, {}) : twin::EntityRecord();
  }
  std::erase_if(entities, [&](const ngsi::Notified& one) {
    return !one.deleted && (!one.record || !ngsi::matches(matcher, one.record));
  });
  return {};
}

// Answered when the subscriber has it: until then it is the source's, which keeps what waits over a restart.
void take_notification(Call call) {
  const std::string token(call.request().path_value("token"));
  const auto found = find_copy(call.services(), token);
  if (!found) return call.fail({Code::not_found, "no subscription sends notifications here", token.substr(0, 40), {}});
  const TenantState& tenant = *found->tenant;
  const auto view = tenant.subscriptions->find(found->copy.subscription_id);
  if (!view || !view->context || found->copy.source == nullptr)
    return call.fail({Code::busy, "the subscription cannot be told of anything now", {}, "try again later"});
  // It is written by one worker at a time: by this one, or by who asks sources for pieces meanwhile.
  const bool is_whole = call.gathered() != nullptr;
  if (!is_whole) call.set_gathered(std::make_shared<Gathered>(tenant, view->context));
  Gathered& names = *const_cast<Gathered*>(call.gathered());
  const auto matcher = ngsi::make_matcher(view->subscription, view->context, names.terms());
  if (!matcher.ok()) return call.fail(matcher.error());
  auto read = ngsi::read_source_notification(call.request().body(), *call.context(), found->copy.source->registration(),
                                             *matcher, names.terms());
  if (!read.ok()) return call.fail(read.error());
  std::erase_if(read->entities, [&](const ngsi::Notified& one) {
    return is_internal_id(one.record.id()) || !may_hear(call.services(), tenant, names.terms(), one);
  });
  if (ngsi::is_split(view->subscription)) {
    const auto wanted = is_whole ? base::Result<std::vector<LinkedWanted>>(std::vector<LinkedWanted>())
                                 : pieces_of(call, tenant, read->entities, found->copy.source->registration().id);
    if (!wanted.ok()) return call.fail(wanted.error());
    if (gather_linked(call, tenant, *wanted, take_notification)) return;
    const auto whole = put_together(call, tenant, *matcher, read->entities);
    if (!whole.ok()) return call.fail(whole.error());
  }
  if (read->entities.empty()) return call.send(Response::empty(200));
  std::string body =
      ngsi::notification_json(view->subscription, *matcher, new_id(call.services()), call.services().clock.now(),
                              read->entities, *names.names(), find_visible(tenant.thread->snapshot()));
  body = in_version_of(view->subscription, std::move(body));
  auto shared = std::make_shared<Call>(std::move(call));
  const auto told = [shared](bool is_settled) {
    shared->take_reply().resume([shared, is_settled](Reply back) {
      shared->set_reply(std::move(back));
      if (is_settled) return shared->send(Response::empty(200));
      shared->fail({Code::busy, "the subscriber has not taken the notification", {}, "try again later"});
    });
  };
  // One without an id is like no other.
  const std::string id = read->id.empty() ? new_id(shared->services()) : read->id;
  tenant.subscriptions->pass_on(found->copy.subscription_id, token + ' ' + id, std::move(body), told);
}

}  // namespace

void add_source_notifications(Router& router, Services& services) {
  Form form;
  form.body = Form::Body::object;
  form.any_parameter = true;
  Route route{Method::post,
              std::string(source_notifications_path) + "{token}",
              trust::Action::subscribe,
              "takeSourceNotification",
              {},
              "Pass a notification of a registered source on",
              {},
              {},
              {},
              {{200, "The subscriber has it", {}}, {503, "Not yet: to be sent again", {}}}};
  add_operation(router, services, std::move(route), form, take_notification);
}

}  // namespace cityloom::serve::ngsi_ld

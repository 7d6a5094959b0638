// What copies there should be, and the requests that make it so.
#include "serve/ngsi/source_copies.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <shared_mutex>

#include "ngsi/json.hpp"
#include "ngsi/subscription_copy.hpp"
#include "serve/ngsi/distribution.hpp"
#include "serve/ngsi/document_store.hpp"
#include "serve/ngsi/subscriptions.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Instant;
using ngsi::Registration;
using ngsi::SourceOperation;
using Steady = std::chrono::steady_clock;

// Nobody who was not given it may pass a notification off as a source's. It names the tenant, which may not be open yet
// when the source notifies.
std::string new_token(const base::Chance& chance, const std::string& tenant) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string token = tenant.empty() ? std::string() : tenant + '.';
  for (int part = 0; part < 2; ++part) {
    const uint64_t bits = chance();
    for (unsigned shift = 0; shift < 64; shift += 4) token += digits[bits >> shift & 15u];
  }
  return token;
}

// The same for the same two, so that a copy is found again whose making was not heard of.
std::string id_of_copy(const std::string& alias, const std::string& subscription_id,
                       const std::string& registration_id) {
  uint64_t hash = 14'695'981'039'346'656'037u;
  for (const std::string* text : {&subscription_id, &registration_id}) {
    for (const char c : *text + '\n') hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
  }
  return "urn:ngsi-ld:Subscription:" + alias + ':' + std::to_string(hash);
}

bool is_same_place(const Registration& left, const Registration& right) {
  return left.id == right.id && left.endpoint == right.endpoint && left.tenant == right.tenant;
}

// What of a registration is needed to ask its source once the registration is gone.
Registration address_of(const Registration& registration) {
  Registration address = registration;
  ngsi::EntityInfo any;
  any.types = {"https://uri.etsi.org/ngsi-ld/default-context/Any"};
  ngsi::RegistrationInfo info;
  info.entities.push_back(std::move(any));
  address.information = {std::move(info)};
  address.mode = ngsi::SourceMode::inclusive;
  address.location = address.observation_space = address.operation_space = {};
  address.properties.clear();
  return address;
}

// Puts a member into the object that begins with `before`.
void put_member(std::string_view before, std::string_view name, std::string_view text, std::string& json) {
  const size_t at = json.find(before);
  if (at == std::string::npos) return;
  std::string member;
  ngsi::append_quoted(name, member);
  member += ':';
  ngsi::append_quoted(text, member);
  json.insert(at + before.size(), member + ',');
}

// One copy of a subscription.
struct Copy {
  SourcePointer source;
  std::string id, token;
  std::string wanted, update;  // as it should be, and the fragment that makes it so; empty: it should not be there
  std::string made;            // as it is there, as far as that is known
  bool may_be_there = false;
  bool under_way = false;
  uint64_t attempt = 0;
  int failures = 0;  // in a row
  Steady::time_point due{};
  std::string problem;
  bool is_refused = false;  // for as long as nothing changes
  bool is_planned = true;   // whether `wanted` is known; false after a start

  bool is_settled() const { return is_refused || (!wanted.empty() && wanted == made); }
};

struct Entry {
  std::string via;
  std::vector<Copy> copies;
  std::string stored;  // the document in the record; empty: there is none
};

// What is asked of a source.
struct Step {
  enum class Kind : uint8_t { make, change, remove, look };
  Kind kind = Kind::make;
  std::string subscription_id, token, wanted;
  uint64_t attempt = 0;
  SourceRequest request;
};

}  // namespace

std::string_view tenant_in_token(std::string_view token) {
  const size_t dot = token.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : token.substr(0, dot);
}

struct SourceCopies::Parts : std::enable_shared_from_this<Parts> {
  TenantState& tenant;
  Services& services;
  const SourceCopyOptions options;
  DocumentStore store;

  // Held while the forwarder is used, so that the end of the server waits for it.
  std::shared_mutex alive;
  bool ended = false;  // guarded by alive

  mutable std::mutex mutex;  // guards what follows
  std::map<std::string, Entry, std::less<>> entries;
  std::map<std::string, std::string, std::less<>> subscription_of;  // by token
  std::set<std::string, std::less<>> to_plan;
  bool plans_all = false;
  uint64_t attempts = 0;
  size_t under_way = 0;
  bool closed = false;

  Parts(TenantState& of, Services& shared, SourceCopyOptions with)
      : tenant(of), services(shared), options(with), store(of, of.source_copies_type, "source-copies") {}

  void plan(const std::string& id);
  std::vector<Copy> wanted_copies(const std::string& id, const Entry& entry, bool& is_ready) const;
  void take(const std::string& id, std::vector<Copy> wanted);
  void keep(const std::string& id, Entry& entry);
  std::optional<Step> next_step(const std::string& id, const Entry& entry, Copy& copy);
  void go_on();
  void answered(const Step& step, const SourceAnswer& answer);
  void settle(const Step& step, const SourceAnswer& answer, Copy& copy);
};

SourceCopies::SourceCopies(TenantState& tenant, Services& services, SourceCopyOptions options)
    : parts_(std::make_shared<Parts>(tenant, services, options)) {}

SourceCopies::~SourceCopies() {
  {
    const std::unique_lock lock(parts_->alive);
    parts_->ended = true;
  }
  // An answer that comes later finds the tenant's other parts gone.
  const std::lock_guard lock(parts_->mutex);
  parts_->closed = true;
}

base::Status SourceCopies::open() {
  const auto read = parts_->store.each([this](const StoredDocument& stored) -> base::Status {
    simdjson::dom::parser parser;
    simdjson::dom::element json;
    std::string_view id, via, token, copy_id;
    simdjson::dom::array copies;
    if (parser.parse(stored.document).get(json) != simdjson::SUCCESS || json["id"].get(id) != simdjson::SUCCESS ||
        json["via"].get(via) != simdjson::SUCCESS || json["copies"].get(copies) != simdjson::SUCCESS)
      return base::fail(base::Code::corrupt, "copies of a subscription cannot be read back");
    Entry entry;
    entry.via = via;
    entry.stored = stored.document;
    for (const simdjson::dom::element one : copies) {
      simdjson::dom::element source;
      if (one["token"].get(token) != simdjson::SUCCESS || one["id"].get(copy_id) != simdjson::SUCCESS ||
          one["source"].get(source) != simdjson::SUCCESS)
        return base::fail(base::Code::corrupt, "a copy of a subscription cannot be read back", std::string(id));
      auto registration = ngsi::restore_registration(simdjson::minify(source));
      if (!registration.ok()) return registration.error();
      Copy copy;
      copy.source = std::make_shared<Source>(std::move(registration).value(), ngsi::RegistrationStatus());
      copy.id = copy_id;
      copy.token = token;
      copy.may_be_there = true;
      copy.is_planned = false;
      parts_->subscription_of[copy.token] = std::string(id);
      entry.copies.push_back(std::move(copy));
    }
    parts_->to_plan.emplace(id);
    parts_->entries.emplace(id, std::move(entry));
    return {};
  });
  const std::lock_guard lock(parts_->mutex);
  parts_->plans_all = !parts_->tenant.registrations->empty();
  return read;
}

void SourceCopies::put(std::string_view subscription_id, const std::optional<std::string>& via) {
  const std::string id(subscription_id);
  {
    const std::lock_guard lock(parts_->mutex);
    if (via && !via->empty()) {
      Entry& entry = parts_->entries[id];
      entry.via = *via;
      parts_->keep(id, entry);
    }
  }
  parts_->plan(id);
  parts_->go_on();
}

void SourceCopies::erase(std::string_view subscription_id) {
  put(subscription_id, {});
}

void SourceCopies::hear(const Registration* before, const Registration* after) {
  const auto subscribes = [](const Registration* one) {
    return one != nullptr && one->operations.has(SourceOperation::create_subscription);
  };
  if (!subscribes(before) && !subscribes(after)) return;
  const std::lock_guard lock(parts_->mutex);
  parts_->plans_all = true;
}

void SourceCopies::tend() {
  bool plans_all = false;
  {
    const std::lock_guard lock(parts_->mutex);
    plans_all = parts_->plans_all;
  }
  uint64_t count = 0;
  std::vector<SubscriptionView> all;
  if (plans_all) all = parts_->tenant.subscriptions->list({0, SIZE_MAX, true}, count);
  std::vector<std::string> some;
  {
    const std::lock_guard lock(parts_->mutex);
    if (plans_all) parts_->plans_all = false;
    for (const SubscriptionView& view : all) parts_->to_plan.insert(view.subscription.id);
    while (!parts_->to_plan.empty() && some.size() < parts_->options.planned_at_once)
      some.push_back(std::move(parts_->to_plan.extract(parts_->to_plan.begin()).value()));
  }
  for (const std::string& id : some) parts_->plan(id);
  parts_->go_on();
}

std::optional<CopiedSubscription> SourceCopies::find(std::string_view token) const {
  const std::lock_guard lock(parts_->mutex);
  const auto found = parts_->subscription_of.find(token);
  if (found == parts_->subscription_of.end()) return {};
  for (const Copy& copy : parts_->entries.at(found->second).copies) {
    if (copy.token != token || (copy.is_planned && copy.wanted.empty())) continue;
    return CopiedSubscription{found->second, copy.is_planned ? copy.source : nullptr};
  }
  return {};
}

std::vector<std::string> SourceCopies::warnings(std::string_view subscription_id) const {
  std::vector<std::string> warnings;
  const std::lock_guard lock(parts_->mutex);
  const auto found = parts_->entries.find(subscription_id);
  if (found == parts_->entries.end()) return warnings;
  for (const Copy& copy : found->second.copies) {
    if (copy.wanted.empty() || (copy.is_settled() && copy.problem.empty())) continue;
    std::string text = (copy.is_refused ? "299 " : "199 ") + copy.source->registration().id + ' ';
    ngsi::append_quoted(
        "the subscription is not at the source" + (copy.problem.empty() ? std::string(" yet") : ": " + copy.problem),
        text);
    warnings.push_back(std::move(text));
  }
  return warnings;
}

bool SourceCopies::is_settled() const {
  const std::lock_guard lock(parts_->mutex);
  return !parts_->plans_all && parts_->to_plan.empty() &&
         std::all_of(parts_->entries.begin(), parts_->entries.end(), [](const auto& one) {
           return std::all_of(one.second.copies.begin(), one.second.copies.end(),
                              [](const Copy& copy) { return copy.is_settled(); });
         });
}

// The copies that a subscription should have now. Not ready: its context has still to be fetched.
std::vector<Copy> SourceCopies::Parts::wanted_copies(const std::string& id, const Entry& entry, bool& is_ready) const {
  std::vector<Copy> copies;
  const auto view = tenant.subscriptions->find(id);
  if (!view || !view->subscription.is_active || ngsi::is_local(view->subscription)) return copies;
  const ngsi::Subscription& subscription = view->subscription;
  if (subscription.expires_at.exists() && subscription.expires_at <= services.clock.now()) return copies;
  is_ready = view->context != nullptr;
  const auto way = way_on(services, tenant, entry.via);
  if (!is_ready || !way) return copies;
  const auto asked = ngsi::subscribed_sources(subscription, *view->context);
  if (!asked.ok()) return copies;
  std::map<std::string, SourcePointer> sources;
  for (const ngsi::SourceQuery& query : asked->any_of) {
    for (SourcePointer& source : tenant.registrations->matching(query)) {
      const Registration& one = source->registration();
      const bool was_there = !one.source_alias.empty() && std::find(way->aliases.begin(), way->aliases.end(),
                                                                    one.source_alias) != way->aliases.end();
      if (was_there || !one.operations.has(SourceOperation::create_subscription)) continue;
      if (asked->filter.matches(one, false)) sources.emplace(one.id, std::move(source));
    }
  }
  for (const auto& [registration_id, source] : sources) {
    if (copies.size() >= options.copies_max) break;
    const SourceDress dress = dress_of(services, ngsi::Context::core(), std::string(ngsi::core_context_url), *source);
    Copy copy;
    copy.source = source;
    copy.id = id_of_copy(services.alias_of(tenant.name), id, registration_id);
    copy.token = new_token(options.chance, tenant.name);
    ngsi::CopyForm form{copy.id, {}, options.notification_ms, false, dress.context.get()};
    auto wanted = ngsi::subscription_copy(subscription, *view->context, *asked, source->registration(), form);
    if (!wanted) continue;
    form.as_update = true;
    copy.wanted = std::move(*wanted);
    copy.update = *ngsi::subscription_copy(subscription, *view->context, *asked, source->registration(), form);
    copies.push_back(std::move(copy));
  }
  return copies;
}

// Works out what copies of a subscription there should be.
void SourceCopies::Parts::plan(const std::string& id) {
  Entry entry;
  {
    const std::lock_guard lock(mutex);
    const auto found = entries.find(id);
    if (found != entries.end()) entry.via = found->second.via;
    if (found == entries.end() && tenant.registrations->empty()) return;
  }
  bool is_ready = true;
  auto wanted = wanted_copies(id, entry, is_ready);
  const std::lock_guard lock(mutex);
  if (!is_ready) {
    to_plan.insert(id);
    return;
  }
  take(id, std::move(wanted));
}

// Takes over what should be; what is there already keeps its place and its token.
void SourceCopies::Parts::take(const std::string& id, std::vector<Copy> wanted) {
  const auto found = entries.find(id);
  if (found == entries.end() && wanted.empty()) return;
  Entry& entry = found != entries.end() ? found->second : entries[id];
  for (Copy& copy : entry.copies) {
    const auto same = std::find_if(wanted.begin(), wanted.end(), [&](const Copy& one) {
      return is_same_place(one.source->registration(), copy.source->registration());
    });
    copy.is_planned = true;
    const std::string before = std::exchange(copy.wanted, {});
    copy.update.clear();
    if (same != wanted.end()) {
      copy.source = same->source;
      copy.wanted = std::move(same->wanted);
      copy.update = std::move(same->update);
      wanted.erase(same);
    }
    // Clause 5.8.5: a source that takes nothing away is not asked to.
    const bool can_end = copy.source->registration().operations.has(SourceOperation::delete_subscription);
    if (copy.wanted.empty() && !can_end) copy.may_be_there = false;
    if (copy.wanted == before && !copy.is_refused) continue;
    copy.is_refused = false;
    copy.failures = 0;
    copy.due = {};
  }
  for (Copy& copy : wanted) {
    subscription_of[copy.token] = id;
    entry.copies.push_back(std::move(copy));
  }
  keep(id, entry);
}

// Records which copies there may be, so that none is forgotten; forgets a subscription of which there is nothing to
// know.
void SourceCopies::Parts::keep(const std::string& id, Entry& entry) {
  const auto is_gone = [this](const Copy& copy) {
    if (!copy.wanted.empty() || copy.may_be_there || copy.under_way) return false;
    subscription_of.erase(copy.token);
    return true;
  };
  std::erase_if(entry.copies, is_gone);
  const bool is_needed = !entry.copies.empty() || (!entry.via.empty() && tenant.subscriptions->find(id));
  std::string json;
  if (is_needed) {
    json = "{\"id\":";
    ngsi::append_quoted(id, json);
    json += ",\"via\":";
    ngsi::append_quoted(entry.via, json);
    json += ",\"copies\":[";
    for (const Copy& copy : entry.copies) {
      json += json.back() == '[' ? "{\"id\":" : ",{\"id\":";
      ngsi::append_quoted(copy.id, json);
      json += ",\"token\":\"" + copy.token + "\",\"source\":";
      ngsi::append_registration(address_of(copy.source->registration()), nullptr, false, nullptr, {}, json);
      json += '}';
    }
    json += "]}";
  }
  if (json != entry.stored) {
    thread::ChangeSet set;
    set.author = "ngsi-ld";
    set.changes.push_back(json.empty() ? store.removal_of(id)
                                       : store.change_of(id, json, thread::Change::Kind::create_or_replace));
    if (!json.empty()) set.changes.back().types = {tenant.source_copies_type};
    // What the record does not take now is written with the next change.
    tenant.thread->submit(std::move(set), [](const base::Result<thread::Outcomes>&) {});
    entry.stored = json;
  }
  if (!is_needed) entries.erase(id);
}

// What is to be asked for a copy now; nothing: it is as it should be, or waits.
std::optional<Step> SourceCopies::Parts::next_step(const std::string& id, const Entry& entry, Copy& copy) {
  if (!copy.is_planned || copy.under_way || Steady::now() < copy.due) return {};
  const ngsi::SourceOperations& can = copy.source->registration().operations;
  const bool can_change = can.has(SourceOperation::update_subscription);
  Step step;
  if (copy.wanted.empty()) {
    if (!copy.may_be_there) return {};
    step.kind = Step::Kind::remove;
  } else if (!copy.may_be_there) {
    step.kind = Step::Kind::make;
  } else if (copy.made == copy.wanted) {
    if (!can.has(SourceOperation::retrieve_subscription)) return {};
    step.kind = Step::Kind::look;
  } else {
    step.kind = can_change ? Step::Kind::change : Step::Kind::remove;
  }
  const auto way = way_on(services, tenant, entry.via);
  if (!way) return {};
  SourceDress dress = dress_of(services, ngsi::Context::core(), std::string(ngsi::core_context_url), *copy.source);
  std::string target = "/subscriptions";
  if (step.kind != Step::Kind::make) target += '/' + percent_encoded(copy.id);
  constexpr std::array<const char*, 4> methods = {"POST", "PATCH", "DELETE", "GET"};
  std::string body = step.kind == Step::Kind::make ? copy.wanted : step.kind == Step::Kind::change ? copy.update : "";
  const std::string here = services.public_url + std::string(source_notifications_path) + copy.token;
  put_member(R"("endpoint":{)", "uri", here, body);
  if (dress.inline_context) put_member("{", "@context", dress.context_url, body);
  step.request = {copy.source,
                  request_to(nullptr, *copy.source, *way, dress, methods.at(static_cast<size_t>(step.kind)),
                             std::move(target), std::move(body)),
                  false};
  step.subscription_id = id;
  step.token = copy.token;
  step.wanted = copy.wanted;
  step.attempt = copy.attempt = ++attempts;
  copy.under_way = true;
  if (step.kind == Step::Kind::make) copy.may_be_there = true;
  return step;
}

// Asks for what is due, as far as there is room.
void SourceCopies::Parts::go_on() {
  const std::shared_lock use(alive);
  if (ended || services.public_url.empty()) return;
  std::vector<Step> steps;
  {
    const std::lock_guard lock(mutex);
    for (auto& [id, entry] : entries) {
      for (Copy& copy : entry.copies) {
        if (under_way >= options.under_way_max) break;
        auto step = next_step(id, entry, copy);
        if (!step) continue;
        ++under_way;
        steps.push_back(std::move(*step));
      }
    }
  }
  for (Step& step : steps) {
    std::vector<SourceRequest> one;
    one.push_back(std::move(step.request));
    services.forwarder->send(std::move(one), [weak = weak_from_this(), step](const std::vector<SourceAnswer>& answers) {
      if (const auto parts = weak.lock()) parts->answered(step, answers.front());
    });
  }
}

void SourceCopies::Parts::answered(const Step& step, const SourceAnswer& answer) {
  const std::lock_guard lock(mutex);
  if (closed) return;
  --under_way;
  const auto found = entries.find(step.subscription_id);
  if (found == entries.end()) return;
  for (Copy& copy : found->second.copies) {
    if (copy.token != step.token || copy.attempt != step.attempt) continue;
    copy.under_way = false;
    settle(step, answer, copy);
    break;
  }
  keep(step.subscription_id, found->second);
}

// What an answer says of the copy. What follows at once is done when tended.
void SourceCopies::Parts::settle(const Step& step, const SourceAnswer& answer, Copy& copy) {
  const unsigned status = answer.response.ok() ? answer.response->status : 0;
  const auto now = Steady::now();
  const auto again = now + std::chrono::milliseconds(options.look_again_ms);
  const bool is_done = status >= 200 && status < 300;
  const auto settled = [&] {
    copy.failures = 0;
    copy.problem.clear();
    copy.due = {};
  };
  if (step.kind == Step::Kind::remove && (is_done || status == 404)) {
    copy.may_be_there = false;
    copy.made.clear();
    return settled();
  }
  if (is_done) {
    settled();
    if (step.kind != Step::Kind::look) copy.made = step.wanted;
    if (copy.made == copy.wanted) copy.due = again;
    return;
  }
  if (step.kind == Step::Kind::make && status == 409) return settled();
  if (status == 404 && step.kind != Step::Kind::make) {
    copy.may_be_there = false;
    copy.made.clear();
    return settled();
  }
  ++copy.failures;
  copy.problem = answer.response.ok() ? "the source answered " + std::to_string(status) : answer.response.error().what;
  const bool is_final = status == 508 || (status >= 400 && status < 500 && status != 408 && status != 429);
  if (step.kind == Step::Kind::make && (is_final || status == 508)) copy.may_be_there = false;
  if (is_final) {
    // A circle is no failure: what is there is told by whoever asked first.
    if (status == 508) copy.problem.clear();
    copy.is_refused = true;
    copy.due = again;
  } else {
    const int64_t wait_ms = std::min(options.retry_most_ms, options.retry_first_ms << std::min(copy.failures - 1, 16));
    copy.due = now + std::chrono::milliseconds(wait_ms);
  }
  if (copy.wanted.empty() && static_cast<size_t>(copy.failures) >= options.removals_max) copy.may_be_there = false;
}

}  // namespace cityloom::serve::ngsi_ld

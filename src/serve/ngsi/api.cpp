// The parts of the NGSI-LD door put together, in the order in which they need each other.
#include "serve/ngsi/api.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "serve/ngsi/body_schemas.hpp"
#include "serve/ngsi/deliverer.hpp"
#include "serve/ngsi/entity_maps.hpp"
#include "serve/ngsi/forwarder.hpp"
#include "serve/ngsi/models.hpp"
#include "serve/ngsi/registrations.hpp"
#include "serve/ngsi/retention.hpp"
#include "serve/ngsi/routes.hpp"
#include "serve/ngsi/services.hpp"
#include "serve/ngsi/snapshots.hpp"
#include "serve/ngsi/source_copies.hpp"
#include "serve/ngsi/source_subscriptions.hpp"
#include "serve/ngsi/subscriptions.hpp"
#include "serve/ogc/features.hpp"
#include "serve/sta/sta.hpp"

namespace cityloom::serve {

namespace {

using ngsi_ld::TenantState;

constexpr size_t fetching_workers = 4;
constexpr size_t fetching_waiting_max = 256;
// Under full load the commits of half a second are no longer in memory, and would be read back from the disk.
constexpr auto sweep_interval = std::chrono::milliseconds(100);

ngsi::ContextSource::Fetch fetch_with(OutgoingClient& client) {
  return [&client](const std::string& url) -> base::Result<std::string> {
    OutgoingRequest request;
    request.url = url;
    request.headers = {{"Accept", "application/ld+json, application/json;q=0.9"}};
    request.reach = Reach::public_only;
    request.redirects_max = 5;
    auto response = client.fetch(std::move(request));
    // To the client every failure is the same: the context is not available.
    if (!response.ok()) {
      base::Error error = response.error();
      error.code = base::Code::unavailable;
      return error;
    }
    if (response->status != 200) {
      return base::fail(base::Code::unavailable,
                        "the server of the @context answered " + std::to_string(response->status), url);
    }
    return std::move(response->body);
  };
}

OutgoingOptions outgoing_options(const NgsiOptions& options) {
  OutgoingOptions outgoing;
  outgoing.allowed_addresses = options.context_addresses;
  return outgoing;
}

SubscriptionFare fare_of(const ngsi_ld::SubscriptionView& view) {
  SubscriptionFare fare;
  fare.id = view.subscription.id;
  fare.name = view.subscription.name;
  if (const auto url = Url::parse(view.subscription.endpoint.uri); url.ok()) {
    fare.endpoint = url->scheme + "://" + url->host + ":" + std::to_string(url->port);
  }
  fare.is_active = view.subscription.is_active;
  fare.lag = view.lag;
  fare.times_sent = view.status.times_sent;
  fare.times_failed = view.status.times_failed;
  fare.last_success = view.status.last_success;
  fare.last_failure = view.status.last_failure;
  fare.last_error = view.status.last_error;
  return fare;
}

ngsi_ld::DelivererOptions deliverer_options(const NgsiOptions& options) {
  ngsi_ld::DelivererOptions deliverer;
  deliverer.timeout_ms = options.notification_timeout_ms;
  deliverer.reach = options.allow_private_endpoints ? Reach::not_link_local : Reach::public_only;
  return deliverer;
}

ngsi_ld::ForwarderOptions forwarder_options(const NgsiOptions& options) {
  ngsi_ld::ForwarderOptions forwarder;
  forwarder.timeout_ms = options.source_timeout_ms;
  forwarder.reach = options.allow_private_endpoints ? Reach::not_link_local : Reach::public_only;
  return forwarder;
}

// A name that no other server has, drawn once and kept in the record as the place of a follower that there is not.
base::Result<std::string> kept_alias(thread::Thread& thread, const base::Chance& chance) {
  constexpr std::string_view keeper = "source alias";
  auto kept = thread.follower_offset(keeper);
  if (!kept.ok()) return kept.error();
  if (!*kept) {
    // Not all bits: it is the number of an offset.
    *kept = thread::Offset{chance() >> 8};
    if (const auto status = thread.set_follower_offset(keeper, **kept); !status.ok()) return status.error();
  }
  return "cityloom-" + std::to_string((*kept)->number);
}

}  // namespace

struct NgsiApi::Parts {
  Parts(Tenants& tenants, const trust::Gate& gate, const base::Clock& clock, NgsiOptions given)
      : options(std::move(given)),
        client(outgoing_options(options)),
        hosted(clock),
        contexts(
            fetch_with(client), [this](std::string_view url) { return hosted.document_of(url); }, clock),
        fetching(fetching_workers, fetching_waiting_max),
        deliverer(client, mqtt, deliverer_options(options)),
        forwarder(client, clock, forwarder_options(options)),
        services{tenants,    gate, clock, contexts, hosted, fetching, options.public_url, options.source_alias,
                 clock.now()} {
    services.history_limit = options.history_limit;
    services.forwarder = &forwarder;
  }

  NgsiOptions options;
  OutgoingClient client;
  ngsi_ld::MqttPublisher mqtt;
  ngsi_ld::HostedContexts hosted;
  ngsi::ContextSource contexts;
  ngsi_ld::Lane fetching;
  ngsi_ld::Deliverer deliverer;
  ngsi_ld::Forwarder forwarder;
  ngsi_ld::Services services;
  base::Status opened;
  std::mutex sweep_mutex;
  std::condition_variable stop_sweeping;
  bool sweeping_ends = false;
  std::thread sweeper;

  // Those of open tenants.
  std::vector<std::shared_ptr<TenantState>> open_states() const;
  size_t sweep();
  void keep_sweeping();
  base::Result<std::shared_ptr<TenantState>> open_tenant(const std::string& name, thread::Thread& thread);
  base::Status open_sources(TenantState& state);
};

base::Result<std::shared_ptr<TenantState>> NgsiApi::Parts::open_tenant(const std::string& name,
                                                                       thread::Thread& thread) {
  auto state = std::make_shared<TenantState>();
  state->name = name;
  state->thread = &thread;
  auto internal = ngsi_ld::intern_internal_terms(thread.terms());
  if (!internal.ok()) return internal.error();
  state->internal = *internal;
  state->names = std::make_unique<ngsi::NameBook>(thread.terms());
  state->expiry = std::make_unique<ngsi_ld::Expiry>(thread, internal->expires_at);
  state->core_names = state->names->of(state->core_names_of);
  state->entity_maps = std::make_shared<ngsi_ld::EntityMaps>(services.clock);
  state->snapshots = std::make_shared<ngsi_ld::Snapshots>(*state, services, deliverer);
  if (const auto status = state->snapshots->open(); !status.ok()) return status.error();
  state->models = std::make_shared<ngsi_ld::Models>(*state, services.clock);
  if (const auto status = state->models->open(); !status.ok()) return status.error();
  const auto retention_type = thread.terms().intern("urn:cityloom:type:Retention");
  if (!retention_type.ok()) return retention_type.error();
  state->retention_type = *retention_type;
  state->retention = std::make_shared<ngsi_ld::Retention>(*state, services);
  if (const auto status = state->retention->open(); !status.ok()) return status.error();
  ngsi_ld::SubscriptionOptions subscription_options;
  subscription_options.retry_first_ms = options.retry_first_ms;
  state->subscriptions = std::make_shared<ngsi_ld::Subscriptions>(*state, services, deliverer, subscription_options);
  if (const auto status = state->subscriptions->open(); !status.ok()) return status.error();
  if (const auto status = open_sources(*state); !status.ok()) return status.error();
  const std::unique_lock lock(services.mutex);
  services.states[&thread] = state;
  if (&thread == &services.tenants.main()) services.main_state = state.get();
  return state;
}

// The registrations of a tenant, and those who want to hear of them.
base::Status NgsiApi::Parts::open_sources(TenantState& state) {
  ngsi_ld::SourceSubscriptionOptions source_options;
  source_options.retry_first_ms = options.retry_first_ms * 10;
  state.registrations = std::make_shared<ngsi_ld::Registrations>(state, services);
  state.source_subscriptions =
      std::make_shared<ngsi_ld::SourceSubscriptions>(state, services, deliverer, source_options);
  if (const auto status = state.registrations->open(); !status.ok()) return status;
  const auto copies_type = state.thread->terms().intern("urn:cityloom:type:SourceCopies");
  if (!copies_type.ok()) return copies_type.error();
  state.source_copies_type = *copies_type;
  ngsi_ld::SourceCopyOptions copy_options;
  copy_options.retry_first_ms = options.retry_first_ms;
  copy_options.chance = options.chance;
  state.source_copies = std::make_shared<ngsi_ld::SourceCopies>(state, services, copy_options);
  state.registrations->set_listener(
      [subscriptions = std::weak_ptr(state.source_subscriptions), copies = std::weak_ptr(state.source_copies)](
          const ngsi::Registration* before, const ngsi::Registration* after) {
        if (const auto all = subscriptions.lock()) all->hear(before, after);
        if (const auto all = copies.lock()) all->hear(before, after);
      });
  if (const auto status = state.source_copies->open(); !status.ok()) return status;
  return state.source_subscriptions->open();
}

// Deletes what is past its expiresAt in every open tenant. A record that takes no writes is told by health.
size_t NgsiApi::Parts::sweep() {
  std::vector<std::shared_ptr<TenantState>> open;
  {
    const std::shared_lock lock(services.mutex);
    for (const auto& [thread, state] : services.states) open.push_back(state);
  }
  size_t ended = 0;
  for (const auto& state : open) {
    if (const auto swept = state->expiry->sweep(services.clock.now()); swept.ok()) ended += *swept;
    state->registrations->tend(services.clock.now());
    state->source_subscriptions->tend();
    state->source_copies->tend();
    ended += state->snapshots->sweep(services.clock.now());
    state->entity_maps->sweep(services.clock.now());
    state->models->tend(services.clock.now());
    state->retention->tend(services.clock.now());
  }
  return ended;
}

void NgsiApi::Parts::keep_sweeping() {
  std::unique_lock lock(sweep_mutex);
  while (!sweeping_ends) {
    lock.unlock();
    sweep();
    lock.lock();
    stop_sweeping.wait_for(lock, sweep_interval, [this] { return sweeping_ends; });
  }
}

NgsiApi::NgsiApi(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {
  parts_->sweeper = std::thread([all = parts_.get()] { all->keep_sweeping(); });
}

base::Result<std::unique_ptr<NgsiApi>> NgsiApi::open(Tenants& tenants, const trust::Gate& gate,
                                                     const base::Clock& clock, NgsiOptions options) {
  auto parts = std::make_unique<Parts>(tenants, gate, clock, std::move(options));
  if (const auto status = parts->hosted.open(tenants.main()); !status.ok()) return status.error();
  if (parts->services.source_alias.empty()) {
    auto alias = kept_alias(tenants.main(), parts->options.chance);
    if (!alias.ok()) return alias.error();
    parts->services.source_alias = std::move(alias).value();
  }
  tenants.on_open([parts = parts.get()](const std::string& name, thread::Thread& thread) -> std::shared_ptr<void> {
    auto state = parts->open_tenant(name, thread);
    if (!state.ok()) {
      parts->opened = state.error();
      return nullptr;
    }
    return *state;
  });
  if (!parts->opened.ok()) return parts->opened.error();
  return std::unique_ptr<NgsiApi>(new NgsiApi(std::move(parts)));
}

NgsiApi::~NgsiApi() {
  {
    const std::lock_guard lock(parts_->sweep_mutex);
    parts_->sweeping_ends = true;
  }
  parts_->stop_sweeping.notify_one();
  parts_->sweeper.join();
  const std::unique_lock lock(parts_->services.mutex);
  for (auto& [thread, state] : parts_->services.states) {
    state->source_copies.reset();
    state->subscriptions.reset();
    state->source_subscriptions.reset();
    state->registrations.reset();
    state->snapshots.reset();
    state->models.reset();
    state->retention.reset();
  }
}

void NgsiApi::add_routes(Router& router) {
  router.set_problem_style("/ngsi-ld/", ngsi_ld::ngsi_ld_problem_style());
  ngsi_ld::Services& services = parts_->services;
  ngsi_ld::add_body_schemas(router);
  ngsi_ld::add_entity_reads(router, services);
  ngsi_ld::add_entity_writes(router, services);
  ngsi_ld::add_batch_operations(router, services);
  ngsi_ld::add_temporal_operations(router, services);
  ngsi_ld::add_temporal_writes(router, services);
  ngsi_ld::add_observation_load(router, services);
  ngsi_ld::add_discovery(router, services);
  ngsi_ld::add_context_operations(router, services);
  ngsi_ld::add_subscription_operations(router, services);
  ngsi_ld::add_registration_operations(router, services);
  ngsi_ld::add_source_subscription_operations(router, services);
  ngsi_ld::add_source_notifications(router, services);
  ngsi_ld::add_entity_map_operations(router, services);
  ngsi_ld::add_snapshot_operations(router, services);
  ngsi_ld::add_model_operations(router, services);
  ngsi_ld::add_quality_operation(router, services);
  ngsi_ld::add_retention_operations(router, services);
  ogc::add_feature_doors(router, services);
  sta::add_sta_doors(router, services);
}

size_t NgsiApi::sweep_expired() {
  return parts_->sweep();
}

std::vector<std::shared_ptr<TenantState>> NgsiApi::Parts::open_states() const {
  std::vector<std::shared_ptr<TenantState>> all;
  const std::shared_lock lock(services.mutex);
  for (const auto& [thread, state] : services.states) {
    if (state->subscriptions) all.push_back(state);
  }
  return all;
}

SubscriptionReport NgsiApi::subscriptions() const {
  SubscriptionReport report;
  for (const auto& state : parts_->open_states()) report.totals.push_back(state->subscriptions->totals());
  report.failing_endpoints = parts_->deliverer.failing_endpoints();
  return report;
}

std::vector<SubscriptionFare> NgsiApi::subscriptions_of(std::string_view tenant, size_t limit) const {
  std::vector<SubscriptionFare> fares;
  for (const auto& state : parts_->open_states()) {
    if (state->subscriptions->tenant() != tenant) continue;
    for (const ngsi_ld::SubscriptionView& view : state->subscriptions->furthest_behind(limit))
      fares.push_back(fare_of(view));
  }
  return fares;
}

std::vector<ModelWrites> NgsiApi::model_writes() const {
  std::vector<ModelWrites> all;
  for (const auto& state : parts_->open_states()) {
    const auto guard = state->models->guard();
    const auto totals = state->models->tally().totals();
    all.push_back({state->name, guard == nullptr ? 0 : guard->models().size(), totals[0], totals[1], totals[2]});
  }
  return all;
}

bool NgsiApi::wait_until_idle(int64_t timeout_ms) const {
  for (const auto& state : parts_->open_states()) {
    if (!state->subscriptions->wait_until_idle(timeout_ms)) return false;
    if (!state->source_subscriptions->wait_until_idle(timeout_ms)) return false;
  }
  return true;
}

bool NgsiApi::is_idle() const {
  const std::shared_lock lock(parts_->services.mutex);
  for (const auto& [thread, state] : parts_->services.states) {
    if (state->subscriptions && !state->subscriptions->is_idle()) return false;
    if (state->source_subscriptions && !state->source_subscriptions->is_idle()) return false;
  }
  return true;
}

}  // namespace cityloom::serve

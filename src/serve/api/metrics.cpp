// /metrics: the numbers of the engine, the threads and the links as Prometheus text.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <utility>

#include "link/links.hpp"
#include "serve/api/doors.hpp"

namespace cityloom::serve {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<std::pair<std::string, std::string>>;

class Families {
 public:
  Families& begin(std::string name, std::string help, MetricType type) {
    families_.push_back({std::move(name), std::move(help), type, {}});
    return *this;
  }
  ClientMetric& metric(const Labels& labels = {}) {
    ClientMetric& metric = families_.back().metric.emplace_back();
    for (const auto& [name, value] : labels) metric.label.push_back({name, value});
    return metric;
  }
  Families& put(double value, const Labels& labels = {}) {
    ClientMetric& made = metric(labels);
    if (families_.back().type == MetricType::Counter) {
      made.counter.value = value;
    } else {
      made.gauge.value = value;
    }
    return *this;
  }
  Families& one(std::string name, std::string help, MetricType type, double value) {
    return begin(std::move(name), std::move(help), type).put(value);
  }
  const std::vector<MetricFamily>& list() const { return families_; }

 private:
  std::vector<MetricFamily> families_;
};

double number(uint64_t value) {
  return static_cast<double>(value);
}

std::string name_of_route(const Router& router, size_t index) {
  return index < router.routes().size() ? router.routes()[index]->operation_id : "none";
}

void put_times(Families& families, const Router& router, const ServerStatus& status) {
  families.begin("cityloom_http_request_duration_seconds",
                 "From the end of a request's head to the last byte handed over", MetricType::Histogram);
  for (size_t i = 0; i < status.routes.size(); ++i) {
    const RouteCounts& counts = status.routes[i];
    uint64_t sum = 0;
    for (const uint64_t each : counts.by_time) sum += each;
    if (sum == 0) continue;
    auto& histogram = families.metric({{"route", name_of_route(router, i)}}).histogram;
    uint64_t cumulative = 0;
    for (size_t bucket = 0; bucket < RouteCounts::bucket_count; ++bucket) {
      cumulative += counts.by_time[bucket];
      histogram.bucket.push_back({cumulative, ServerStatus::time_bounds_s[bucket]});
    }
    histogram.bucket.push_back({sum, std::numeric_limits<double>::infinity()});
    histogram.sample_count = sum;
    histogram.sample_sum = counts.seconds;
  }
}

void put_server(Families& families, const Router& router, const ServerStatus& status) {
  static constexpr const char* classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
  families.begin("cityloom_http_requests_total", "Requests answered", MetricType::Counter);
  for (size_t i = 0; i < status.routes.size(); ++i) {
    for (size_t j = 0; j < 5; ++j) {
      if (status.routes[i].by_class[j] == 0) continue;
      families.put(number(status.routes[i].by_class[j]), {{"route", name_of_route(router, i)}, {"status", classes[j]}});
    }
  }
  put_times(families, router, status);
  families.one("cityloom_http_connections", "Open connections", MetricType::Gauge, number(status.connections))
      .one("cityloom_http_connections_total", "Connections taken", MetricType::Counter,
           number(status.connections_accepted))
      .one("cityloom_http_requests_in_flight", "Requests that wait for their answer", MetricType::Gauge,
           number(status.requests_in_flight))
      .one("cityloom_http_streams", "Open event streams", MetricType::Gauge, number(status.streams))
      .one("cityloom_http_long_work", "Requests that take long, under way or waiting", MetricType::Gauge,
           number(status.long_work))
      .one("cityloom_http_refused_total", "Refused because too much was asked at once", MetricType::Counter,
           number(status.refused_by_load))
      .one("cityloom_memory_bytes", "Resident memory, where a limit is set", MetricType::Gauge,
           number(status.memory_bytes))
      .one("cityloom_http_sent_bytes_total", "Bytes sent", MetricType::Counter, number(status.bytes_sent));
}

void put_refusals(Families& families, const ServerStatus& status) {
  families.begin("cityloom_http_refused_by_work_total", "Refused because too much was asked at once, by class of work",
                 MetricType::Counter);
  for (size_t i = 0; i < work_count; ++i)
    families.put(number(status.refused_by_work[i]), {{"work", std::string(name_of(static_cast<Work>(i)))}});
}

void put_threads(Families& families, const Tenants& tenants) {
  std::vector<std::pair<Labels, thread::ThreadStatus>> statuses;
  const auto open = tenants.open_tenants();
  for (const auto& [name, thread] : open) {
    statuses.emplace_back(Labels{{"tenant", name.empty() ? "main" : name}}, thread->status());
  }
  const auto put = [&](const char* name, const char* help, MetricType type, auto value) {
    families.begin(name, help, type);
    for (const auto& [labels, status] : statuses) families.put(number(value(status)), labels);
  };
  using Status = thread::ThreadStatus;
  const auto gauge = MetricType::Gauge;
  const auto counter = MetricType::Counter;
  put("cityloom_record_offset", "Offset of the last commit", gauge, [](const Status& s) { return s.head.number; });
  put("cityloom_record_entities", "Entities that exist now", gauge, [](const Status& s) { return s.entities; });
  put("cityloom_record_terms", "Terms interned", gauge, [](const Status& s) { return s.terms; });
  put("cityloom_record_memory_bytes", "Memory of records and indexes", gauge,
      [](const Status& s) { return s.memory_bytes; });
  put("cityloom_record_waiting_changes", "Changes that wait for the appender", gauge,
      [](const Status& s) { return s.waiting_changes; });
  put("cityloom_record_commits_total", "Commits appended since the start", counter,
      [](const Status& s) { return s.commits_appended; });
  put("cityloom_record_facts_total", "Facts appended since the start", counter,
      [](const Status& s) { return s.facts_appended; });
  put("cityloom_record_syncs_total", "Syncs to disk since the start", counter, [](const Status& s) { return s.syncs; });
  put("cityloom_record_down", "1 if the record takes no more writes", gauge,
      [](const Status& s) { return uint64_t{s.poisoned ? 1u : 0u}; });
  families.begin("cityloom_record_disk_bytes", "Bytes on disk, by family", gauge);
  for (const auto& [name, thread] : open) {
    for (size_t i = 0; i < thread::family_count; ++i) {
      const auto family = static_cast<thread::Family>(i);
      families.put(number(thread->size_bytes(family)),
                   {{"tenant", name.empty() ? "main" : name}, {"family", std::string(thread::name_of(family))}});
    }
  }
}

void put_links(Families& families, const std::vector<link::LinkStatus>& statuses) {
  const auto put = [&](const char* name, const char* help, MetricType type, auto value) {
    families.begin(name, help, type);
    for (const link::LinkStatus& status : statuses) families.put(value(status), {{"link", status.name}});
  };
  put("cityloom_link_running", "1 if the link runs", MetricType::Gauge,
      [](const auto& s) { return s.state == link::State::running ? 1.0 : 0.0; });
  put("cityloom_link_accepted_total", "Messages recorded", MetricType::Counter,
      [](const auto& s) { return number(s.accepted); });
  put("cityloom_link_refused_total", "Messages of which something was refused", MetricType::Counter,
      [](const auto& s) { return number(s.refused); });
  put("cityloom_link_messages_per_second", "Over the last 10 seconds", MetricType::Gauge,
      [](const auto& s) { return s.messages_per_second; });
  put("cityloom_link_waiting", "Messages in the mailbox", MetricType::Gauge,
      [](const auto& s) { return number(s.mailbox_waiting); });
}

void put_model_writes(Families& families, const std::vector<ModelWrites>& all) {
  const auto tenant_of = [](const ModelWrites& one) { return one.tenant.empty() ? std::string("main") : one.tenant; };
  families.begin("cityloom_models_active", "Data models that entities are held to", MetricType::Gauge);
  for (const ModelWrites& one : all) families.put(number(one.models), {{"tenant", tenant_of(one)}});
  families.begin("cityloom_model_findings_total", "Writes that did not keep to the model of their type",
                 MetricType::Counter);
  for (const ModelWrites& one : all) {
    families.put(number(one.rejected), {{"tenant", tenant_of(one)}, {"outcome", "rejected"}});
    families.put(number(one.warned), {{"tenant", tenant_of(one)}, {"outcome", "warned"}});
    families.put(number(one.counted), {{"tenant", tenant_of(one)}, {"outcome", "counted"}});
  }
}

// No label names a subscription: there may be tens of thousands. /api/subscriptions tells of each.
void put_subscriptions(Families& families, const SubscriptionReport& report) {
  const auto put = [&](const char* name, const char* help, MetricType type, auto value) {
    families.begin(name, help, type);
    for (const SubscriptionTotals& totals : report.totals)
      families.put(value(totals), {{"tenant", totals.tenant.empty() ? "main" : totals.tenant}});
  };
  const auto gauge = MetricType::Gauge;
  using Totals = SubscriptionTotals;
  put("cityloom_subscriptions", "Subscriptions kept", gauge, [](const Totals& t) { return number(t.subscriptions); });
  put("cityloom_subscriptions_behind", "Subscriptions that have had something to be told of for over a second", gauge,
      [](const Totals& t) { return number(t.behind); });
  put("cityloom_subscription_lag_seconds_max", "Age of the oldest change that a subscriber was not told of yet", gauge,
      [](const Totals& t) { return static_cast<double>(t.lag_ms_max) / 1'000; });
  put("cityloom_notifications_waiting", "Notifications made and not delivered yet", gauge,
      [](const Totals& t) { return number(t.waiting); });
  put("cityloom_notifications_waiting_bytes", "Bytes of them", gauge,
      [](const Totals& t) { return number(t.waiting_bytes); });
  put("cityloom_notifications_sent_total", "Deliveries tried since the start", MetricType::Counter,
      [](const Totals& t) { return number(t.sent); });
  put("cityloom_notifications_failed_total", "Deliveries that failed since the start", MetricType::Counter,
      [](const Totals& t) { return number(t.failed); });
  families.one("cityloom_notification_endpoints_failing", "Endpoints whose last delivery failed", gauge,
               number(report.failing_endpoints));
}

Response metrics(const Router& router, const ApiState& state) {
  Families families;
  families.begin("cityloom_build_info", "The running version", MetricType::Gauge)
      .put(1, {{"version", CITYLOOM_VERSION}});
  if (const Server* server = state.server.load()) {
    const ServerStatus status = server->status();
    put_server(families, router, status);
    put_refusals(families, status);
  }
  put_threads(families, *state.services.tenants);
  if (state.services.link_status) put_links(families, state.services.link_status());
  if (state.services.subscriptions) put_subscriptions(families, state.services.subscriptions());
  if (state.services.model_writes) put_model_writes(families, state.services.model_writes());
  return {
      200, "text/plain; version=0.0.4; charset=utf-8", {}, prometheus::TextSerializer().Serialize(families.list()), {}};
}

}  // namespace

void add_metrics_door(Router& router, const ApiStatePointer& state) {
  Route route;
  route.path = "/metrics";
  route.action = trust::Action::look;
  route.operation_id = "getMetrics";
  route.tag = "Operation";
  route.summary = "Numbers of the running server as Prometheus text";
  route.handler = answer([state, &router](const Request&) { return metrics(router, *state); });
  route.answers = {{200, "All numbers", {{"text/plain", R"({"type":"string"})"}}}};
  router.add(std::move(route));
}

}  // namespace cityloom::serve

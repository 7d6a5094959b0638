// /api/subscriptions: how far each subscription is behind, the furthest first.
#include <charconv>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"

namespace cityloom::serve {
namespace {

using base::Code;

constexpr size_t limit_default = 100;
constexpr size_t limit_max = 1'000;

void write_one(JsonText& json, const SubscriptionFare& fare) {
  json.open_object().member("id", fare.id).member("name", fare.name).member("endpoint", fare.endpoint);
  json.member("isActive", fare.is_active).member("lagMs", fare.lag.lag_ms).member("waiting", fare.lag.waiting);
  json.member("waitingBytes", fare.lag.waiting_bytes).member("readsAgain", fare.lag.reads_again);
  json.member("failuresInARow", fare.lag.failures);
  json.member("timesSent", fare.times_sent).member("timesFailed", fare.times_failed);
  json.member("lastSuccess", fare.last_success).member("lastFailure", fare.last_failure);
  json.member("lastError", fare.last_error).close_object();
}

base::Result<size_t> limit_of(const Request& request) {
  const auto text = request.query_value("limit");
  if (!text) return limit_default;
  size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc{} || end != text->data() + text->size() || limit == 0 || limit > limit_max)
    return base::fail(Code::invalid, "not a number from 1 to 1000", "limit");
  return limit;
}

void list(const ApiState& state, const Request& request, Reply reply) {
  const auto limit = limit_of(request);
  if (!limit) return reply.fail(limit.error());
  const std::string tenant(request.tenant());
  const auto fares = state.services.subscriptions_of ? state.services.subscriptions_of(tenant, *limit)
                                                     : std::vector<SubscriptionFare>();
  SubscriptionTotals totals;
  const SubscriptionReport report =
      state.services.subscriptions ? state.services.subscriptions() : SubscriptionReport();
  for (const SubscriptionTotals& one : report.totals) {
    if (one.tenant == tenant) totals = one;
  }
  JsonText json;
  json.open_object().member("count", totals.subscriptions).member("behind", totals.behind);
  json.member("lagMsMax", totals.lag_ms_max).member("waiting", totals.waiting).key("subscriptions").open_array();
  for (const SubscriptionFare& fare : fares) write_one(json, fare);
  json.close_array().close_object();
  reply.send(Response::json(json.take()));
}

}  // namespace

void add_subscription_door(Router& router, const ApiStatePointer& state) {
  router.add_schema("Subscriptions", R"({"type":"object","required":["count","behind","lagMsMax","waiting",
    "subscriptions"],"properties":{"count":{"type":"integer"},"behind":{"type":"integer"},"lagMsMax":{"type":"integer"},
    "waiting":{"type":"integer"},"subscriptions":{"type":"array","items":{"type":"object","required":["id","name",
    "endpoint","isActive","lagMs","waiting","waitingBytes","readsAgain","failuresInARow","timesSent","timesFailed",
    "lastSuccess","lastFailure","lastError"],"properties":{"id":{"type":"string"},"name":{"type":"string"},
    "endpoint":{"type":"string"},"isActive":{"type":"boolean"},"lagMs":{"type":"integer"},"waiting":{"type":"integer"},
    "waitingBytes":{"type":"integer"},"readsAgain":{"type":"boolean"},"failuresInARow":{"type":"integer"},
    "timesSent":{"type":"integer"},"timesFailed":{"type":"integer"},
    "lastSuccess":{"type":["string","null"],"format":"date-time"},
    "lastFailure":{"type":["string","null"],"format":"date-time"},"lastError":{"type":"string"}}}}}})");
  Route route;
  route.path = "/api/subscriptions";
  route.operation_id = "listSubscriptionLags";
  route.tag = "Operation";
  route.summary = "How far subscriptions are behind, the furthest first";
  route.parameters = {{Parameter::In::query, "limit", "At most so many, 100 where not given",
                       R"({"type":"integer","minimum":1,"maximum":1000})", false}};
  route.handler = [state](const Request& request, Reply reply) { list(*state, request, std::move(reply)); };
  route.answers = {{200, "Subscriptions of the tenant", {{"application/json", schema_reference("Subscriptions")}}}};
  router.add(std::move(route));
}

}  // namespace cityloom::serve

// /health, and the fixed bodies that benchmarks are measured against.
#include <charconv>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"

namespace cityloom::serve {
namespace {

constexpr size_t fixed_bytes_max = 16u << 20;

Response health(const ApiState& state) {
  const thread::ThreadStatus status = state.services.tenants->main().status();
  const int64_t uptime_us = state.services.clock->now().microseconds - state.started.microseconds;
  JsonText json;
  json.open_object()
      .member("status", status.poisoned ? "down" : "up")
      .member("version", CITYLOOM_VERSION)
      .member("offset", status.head.number)
      .member("uptime_s", uptime_us / 1'000'000);
  if (status.poisoned) json.member("reason", status.poisoned->text());
  json.close_object();
  Response response = Response::json(json.take(), status.poisoned ? 503 : 200);
  response.header("Cache-Control", "no-store");
  return response;
}

/// The body is made once for the size asked last, so that answering costs what the engine costs.
base::Result<Response> fixed(const Request& request) {
  const std::string_view text = request.path_value("bytes");
  size_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc{} || end != text.data() + text.size() || bytes > fixed_bytes_max) {
    return base::fail(base::Code::invalid, "not a number of bytes up to 16777216", std::string(text));
  }
  thread_local std::shared_ptr<const std::string> body;
  if (body == nullptr || body->size() != bytes) body = std::make_shared<const std::string>(bytes, 'x');
  return Response{200, "text/plain; charset=utf-8", {}, body, {}};
}

}  // namespace

void add_health_doors(Router& router, const ApiStatePointer& state) {
  router.add_schema("Health", R"({"type":"object","required":["status","version","offset","uptime_s"],"properties":{
    "status":{"enum":["up","down"]},"version":{"type":"string"},"offset":{"type":"integer"},
    "uptime_s":{"type":"integer"},"reason":{"type":"string"}}})");
  Route route;
  route.path = "/health";
  route.action = trust::Action::look;
  route.operation_id = "getHealth";
  route.tag = "Operation";
  route.summary = "Whether the record takes writes";
  route.handler = answer([state](const Request&) { return health(*state); });
  route.answers = {{200, "It does", {{"application/json", schema_reference("Health")}}},
                   {503, "It does not, and why", {{"application/json", schema_reference("Health")}}}};
  router.add(std::move(route));
  if (!state->services.bench) return;
  Route bench;
  bench.path = "/bench/fixed/{bytes}";
  bench.action = trust::Action::look;
  bench.operation_id = "getFixedBody";
  bench.handler = answer_or_fail(fixed);
  bench.hidden = true;
  router.add(std::move(bench));
}

}  // namespace cityloom::serve

#include "serve/ogc/bounded_read.hpp"

#include <chrono>

namespace cityloom::serve::ogc {
namespace {

using base::Code;
using base::Error;
using std::chrono::steady_clock;

Response finished(const Request& request, base::Result<Response> made, Failure failure) {
  Response response = made.ok() ? std::move(made).value() : failure(made.error());
  if (const auto tenant = request.header("NGSILD-Tenant")) response.header("NGSILD-Tenant", *tenant);
  return response;
}

void run_long(const ngsi_ld::Services& services, const Request& request, Reply reply, const BoundedRead& read,
              Failure failure) {
  const auto until = steady_clock::now() + std::chrono::milliseconds(services.query_time_max_ms);
  Effort effort;
  effort.is_long = true;
  effort.bounds.goes_on = [&reply, until] { return reply.is_wanted() && steady_clock::now() < until; };
  auto made = read(request, effort);
  if (!made.ok() && made.error().code == Code::cancelled) {
    made = reply.is_wanted()
               ? Error{Code::too_complex,
                       "this takes longer than " + std::to_string(services.query_time_max_ms / 1'000) + " s",
                       {},
                       "narrow it by a place, a time or a property"}
               : Error{Code::busy, "the server is stopping", {}, "try again later"};
  }
  reply.send(finished(request, std::move(made), failure));
}

}  // namespace

base::Error too_much_here() {
  return {Code::cancelled, "this has to go on where it may take long", {}, {}};
}

Handler bounded(ngsi_ld::Services& services, BoundedRead read, Failure failure) {
  const auto shared = std::make_shared<const BoundedRead>(std::move(read));
  return [&services, shared, failure](const Request& request, Reply reply) {
    Effort effort;
    effort.bounds.records_max = services.quick_records_max;
    auto made = (*shared)(request, effort);
    if (made.ok() || made.error().code != Code::cancelled) {
      return reply.send(finished(request, std::move(made), failure));
    }
    reply.run_long([&services, &request, shared, failure](Reply back) {
      run_long(services, request, std::move(back), *shared, failure);
    });
  };
}

base::Instant moment_of(const ngsi_ld::Services& services, const Request& request, const Reading& reading) {
  return request.query_value("asOf") ? reading.snapshot.time() : services.clock.now();
}

bool is_of_the_past(const Request& request, const Reading& reading) {
  return request.query_value("asOf") && reading.snapshot.offset() < reading.thread->head();
}

}  // namespace cityloom::serve::ogc

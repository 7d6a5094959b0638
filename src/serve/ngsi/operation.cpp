// The way of a request through an operation: prepared, its contexts resolved, run where there is time for it; and the
// routes that lead there.
#include "ngsi/parse.hpp"
#include "serve/ngsi/body_schemas.hpp"
#include "serve/ngsi/call.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

void run_or_walk(Call call, const Form& form, void (*run)(Call)) {
  if (form.long_work) return Call::go_long(std::move(call), run);
  run(std::move(call));
}

void fetch_and_run(Call call, const Form& form, void (*run)(Call)) {
  Lane& lane = call.services().fetching;
  auto shared = std::make_shared<Call>(std::move(call));
  Lane::Task task = [shared, &form, run] {
    base::Error error;
    const bool resolved = shared->resolve_contexts(error);
    Reply reply = shared->take_reply();
    reply.resume([shared, &form, run, resolved, error](Reply back) {
      shared->set_reply(std::move(back));
      if (!resolved) return shared->fail(ngsi::context_problem_of(error), error);
      run_or_walk(std::move(*shared), form, run);
    });
  };
  if (!lane.post(task)) shared->fail({base::Code::busy, "too many contexts are being fetched", {}, "try again later"});
}

void prepare_and_run(Services& services, const Form& form, const Request& request, Reply reply, void (*run)(Call)) {
  Call call(services, form, request, std::move(reply));
  if (!call.prepare()) return;
  if (!call.contexts_ready()) return fetch_and_run(std::move(call), form, run);
  run_or_walk(std::move(call), form, run);
}

// An id or a name that is left out between two slashes is bad data (clauses 5.6.4.4, 5.6.14.4 and others), not an
// address that is not served.
void add_without_ids(Router& router, const Route& route) {
  if (!route.path.starts_with("/ngsi-ld/")) return;
  size_t at = route.path.find('{');
  while (at != std::string::npos) {
    const size_t end = route.path.find('}', at);
    if (end + 1 == route.path.size()) return;
    const std::string name = route.path.substr(at + 1, end - at - 1);
    Route without{route.method, route.path.substr(0, at) + route.path.substr(end + 1),
                  route.action, route.operation_id + "Without" + name,
                  route.tag,    route.summary,
                  {},           {},
                  {},           {}};
    without.handler = [name](const Request&, Reply reply) {
      reply.send(serve::problem({base::Code::invalid, "is missing in the address", name, {}}, ngsi_ld_problem_style()));
    };
    without.hidden = true;
    router.add(std::move(without));
    at = route.path.find('{', end);
  }
}

}  // namespace

Parameter query_parameter(std::string name, std::string description, std::string schema) {
  return {Parameter::In::query, std::move(name), std::move(description), std::move(schema), false};
}

void add_operation(Router& router, Services& services, Route route, Form form, void (*run)(Call)) {
  route.tag = route.tag.empty() ? "NGSI-LD" : route.tag;
  if (!route.path.starts_with("/api/")) route.path = "/ngsi-ld/v1" + route.path;
  route.parameters.push_back(query_parameter("local", "Only what is kept here", R"({"type":"boolean"})"));
  route.parameters.push_back(query_parameter("branch", "A branch of the record other than main"));
  if (route.method == Method::get)
    route.parameters.push_back(query_parameter("asOf", "As recorded at a date-time or offset"));
  if (form.options != 0) route.parameters.push_back(query_parameter("options", "Comma separated options"));
  if ((form.options & option_formats) != 0) route.parameters.push_back(query_parameter("format", "Representation"));
  if (form.paged) {
    route.parameters.push_back(
        query_parameter("limit", "At most so many, up to 1,000", R"({"type":"integer","minimum":0})"));
    route.parameters.push_back(query_parameter("offset", "Leaves out so many", R"({"type":"integer","minimum":0})"));
    route.parameters.push_back(query_parameter("count", "Tells how many there are in all", R"({"type":"boolean"})"));
  }
  for (const Parameter& parameter : route.parameters) {
    if (parameter.in == Parameter::In::query) form.parameters.push_back(parameter.name);
  }
  describe_bodies(route, form);
  auto kept = std::make_shared<const Form>(std::move(form));
  const auto handle = [&services, kept, run](const Request& request, Reply reply) {
    if (request.body().size() <= services.quick_body_bytes_max) {
      return prepare_and_run(services, *kept, request, std::move(reply), run);
    }
    reply.run_long([&services, kept, &request, run](Reply back) {
      prepare_and_run(services, *kept, request, std::move(back), run);
    });
  };
  route.handler = handle;
  // The standard writes collections with a slash at the end as well.
  if (!route.path.ends_with('}')) {
    Route slashed{route.method, route.path + "/",
                  route.action, route.operation_id + "WithSlash",
                  route.tag,    route.summary,
                  handle,       {},
                  {},           {}};
    slashed.hidden = true;
    add_without_ids(router, slashed);
    router.add(std::move(slashed));
  }
  add_without_ids(router, route);
  router.add(std::move(route));
}

}  // namespace cityloom::serve::ngsi_ld

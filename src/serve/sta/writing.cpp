#include "serve/sta/writing.hpp"

#include <chrono>

#include "ngsi/body.hpp"

namespace cityloom::serve::sta {

using base::Code;
using base::fail;

base::Result<WritePointer> begin(ngsi_ld::Services& services, const Request& request, bool has_body) {
  const auto writing = writing_of(services.tenants, request);
  if (!writing.ok()) return writing.error();
  auto write = std::make_shared<Write>(services, request, *writing);
  write->effort.is_long = true;
  write->effort.bounds.goes_on = [until = std::chrono::steady_clock::now() +
                                          std::chrono::milliseconds(services.query_time_max_ms)] {
    return std::chrono::steady_clock::now() < until;
  };
  if (has_body) {
    // Its form and limits are those of NGSI-LD's bodies.
    const auto checked = ngsi::Body::read(request.body());
    if (!checked.ok() && checked.error().code == Code::too_complex)
      return fail(Code::invalid, checked.error().what, checked.error().where, checked.error().remedy);
    if (!checked.ok()) return checked.error();
    if (write->parser.parse(request.body().data(), request.body().size()).get(write->body) != simdjson::SUCCESS) {
      return fail(Code::invalid, "the body is not JSON");
    }
  }
  write->model = std::make_unique<Model>(services, write->reading, write->now, write->effort);
  write->planner = std::make_unique<Planner>(*write->model, writing->thread->terms(), write->now);
  return write;
}

void submit(const WritePointer& write, Reply reply, absl::AnyInvocable<Response(const thread::Outcomes&)> make) {
  thread::ChangeSet set;
  set.branch = write->writing.branch;
  set.changes = std::move(write->planner->changes());
  set.all_or_nothing = true;
  if (set.changes.empty()) return reply.send(make({}));
  append_and_reply(*write->writing.thread, std::move(set), std::move(reply),
                   [write, make = std::move(make)](base::Result<thread::Outcomes> outcomes) mutable {
                     if (!outcomes.ok()) return problem(outcomes.error());
                     for (const auto& outcome : *outcomes) {
                       // Of changes that fail together the first that says why counts.
                       if (!outcome.ok() && outcome.error().code != Code::cancelled) return problem(outcome.error());
                     }
                     for (const auto& outcome : *outcomes) {
                       if (!outcome.ok()) return problem(outcome.error());
                     }
                     return make(*outcomes);
                   });
}

void run(ngsi_ld::Services& services, const Request& request, Reply reply, bool is_long,
         void (*work)(ngsi_ld::Services&, const Request&, Reply)) {
  if (!is_long && request.body().size() <= services.quick_bytes_max / 16) {
    return work(services, request, std::move(reply));
  }
  reply.run_long([&services, &request, work](Reply back) { work(services, request, std::move(back)); });
}

}  // namespace cityloom::serve::sta

// What the writes of SensorThings share: a parsed body, the state that they build on, the way to the record.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "serve/append.hpp"
#include "serve/sta/plan.hpp"
#include "serve/sta/reads.hpp"

namespace cityloom::serve::sta {

/// One write on its way. Lives until it is answered.
struct Write {
  Write(ngsi_ld::Services& given, const Request& asked, const Writing& to)
      : services(&given),
        request(&asked),
        writing(to),
        reading{to.thread, to.thread->snapshot(to.branch), false},
        now(given.clock.now()) {}
  ngsi_ld::Services* services = nullptr;
  const Request* request = nullptr;
  Writing writing;
  Reading reading;
  ogc::Effort effort;
  base::Instant now;
  simdjson::dom::parser parser;
  simdjson::dom::element body;
  std::unique_ptr<Model> model;
  std::unique_ptr<Planner> planner;
  std::string updated_id;  ///< of an observation whose time was changed
};
using WritePointer = std::shared_ptr<Write>;

/// Prepares one: where it writes, and its body where it has one. Errors: invalid, too_complex, not_found (branch).
base::Result<WritePointer> begin(ngsi_ld::Services& services, const Request& request, bool has_body);

/// Submits the planned changes, all of them or none, and answers with what `make` makes of them.
void submit(const WritePointer& write, Reply reply, absl::AnyInvocable<Response(const thread::Outcomes&)> make);

/// Runs work that may take long: elsewhere if the request is large or asks for it.
void run(ngsi_ld::Services& services, const Request& request, Reply reply, bool is_long,
         void (*work)(ngsi_ld::Services&, const Request&, Reply));

}  // namespace cityloom::serve::sta

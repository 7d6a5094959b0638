// Reads that are tried where they arrive, and go on where they may take long if little work was not enough.
#pragma once

#include <functional>

#include "serve/ngsi/services.hpp"
#include "serve/router.hpp"

namespace cityloom::serve::ogc {

/// How much a read may do.
struct Effort {
  bool is_long = false;  ///< on a worker for long work
  thread::Bounds bounds;
};

/// Makes the answer. `cancelled` on the connection's worker means: again, where it may take long.
using BoundedRead = std::function<base::Result<Response>(const Request&, const Effort&)>;
/// How an error of such a read is answered.
using Failure = Response (*)(const base::Error&);

/// A handler that runs the read so, within `query_time_max_ms`. The services must outlive it.
Handler bounded(ngsi_ld::Services& services, BoundedRead read, Failure failure);

/// What a read on the connection's worker says that has to go on elsewhere.
base::Error too_much_here();

/// The moment that a reading is of: now, or that of `asOf`.
base::Instant moment_of(const ngsi_ld::Services& services, const Request& request, const Reading& reading);

/// Whether records of the past have to be fetched: never on a connection's worker.
bool is_of_the_past(const Request& request, const Reading& reading);

}  // namespace cityloom::serve::ogc

// Entities, subscriptions and registrations that the benches of a long-running hub begin with.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace cityloom::bench {

/// How many of each. Subscriptions are of one entity each.
struct HubContent {
  int entities = 0;  ///< of 1 KB, created 1,000 at a time
  int subscriptions = 0;
  std::string endpoint = "http://127.0.0.1:9/";  ///< that they notify
  int registrations = 0;                         ///< of entities that nobody asks for
};

/// Fills the server on this port. Errors: unavailable (what was refused), those of the connection.
base::Status fill_hub(uint16_t port, const HubContent& content);

}  // namespace cityloom::bench

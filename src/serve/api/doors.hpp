// What the doors of Cityloom's own share, and the functions that add them; for this folder only.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/instant.hpp"
#include "serve/api/api.hpp"
#include "serve/api/gazetteer.hpp"

namespace cityloom::serve {

/// What the doors share. Outlives the server.
struct ApiState {
  explicit ApiState(ApiServices given) : services(std::move(given)), started(services.clock->now()) {}

  ApiServices services;
  base::Instant started;
  std::atomic<const Server*> server{nullptr};

  /// The gazetteer of an open tenant's thread.
  std::shared_ptr<const Gazetteer> gazetteer(const thread::Thread& thread) const;

  mutable std::mutex mutex;
  std::map<const thread::Thread*, std::weak_ptr<const Gazetteer>> gazetteers;
};
using ApiStatePointer = std::shared_ptr<ApiState>;

/// @name Each adds some doors.
void add_health_doors(Router& router, const ApiStatePointer& state);
void add_metrics_door(Router& router, const ApiStatePointer& state);
void add_openapi_door(Router& router);
void add_console_doors(Router& router, const std::string& folder);
void add_search_doors(Router& router, const ApiStatePointer& state);
void add_link_doors(Router& router, const ApiStatePointer& state);
void add_stream_door(Router& router, const ApiStatePointer& state);
void add_branch_doors(Router& router, const ApiStatePointer& state);
void add_city_doors(Router& router, const ApiStatePointer& state);

/// The parameters `asOf` and `branch` as routes describe them.
Parameter as_of_parameter();
Parameter branch_parameter();
/// `{"$ref":"#/components/schemas/NAME"}`
std::string schema_reference(std::string_view name);

/// The OpenAPI 3.1 document of a router's routes.
std::string openapi_text(const Router& router);

}  // namespace cityloom::serve

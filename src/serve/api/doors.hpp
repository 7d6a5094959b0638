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

/// /health and, with `bench`, /bench/fixed/{bytes}.
void add_health_doors(Router& router, const ApiStatePointer& state);
/// /metrics. The router must outlive it.
void add_metrics_door(Router& router, const ApiStatePointer& state);
/// /openapi.json of the router, which must outlive it.
void add_openapi_door(Router& router);
/// /, /console and the files below /console/.
void add_console_doors(Router& router, const std::string& folder);
/// /api/summary and /api/search.
void add_search_doors(Router& router, const ApiStatePointer& state);
/// /api/links and /api/links/{name}/push.
void add_link_doors(Router& router, const ApiStatePointer& state);
/// /api/subscriptions.
void add_subscription_door(Router& router, const ApiStatePointer& state);
/// /api/stream.
void add_stream_door(Router& router, const ApiStatePointer& state);
/// /api/branches.
void add_branch_doors(Router& router, const ApiStatePointer& state);
/// /api/scenarios.
void add_scenario_doors(Router& router, const ApiStatePointer& state);
/// /api/route and /tiles/buildings.
void add_city_doors(Router& router, const ApiStatePointer& state);
/// /api/import and /api/imports.
void add_import_doors(Router& router, const ApiStatePointer& state);
/// /api/terrain and /tiles/terrain.
void add_terrain_doors(Router& router, const ApiStatePointer& state);
/// /api/indoors, /api/indoors/route and /tiles/indoors.
void add_indoor_doors(Router& router, const ApiStatePointer& state);

/// /api/underground and its section.
void add_underground_doors(Router& router, const ApiStatePointer& state);

/// /api/transit/departures.
void add_transit_doors(Router& router, const ApiStatePointer& state);

/// /tiles/points.
void add_points_door(Router& router, const ApiStatePointer& state);
/// /api/rasters and /tiles/raster.
void add_raster_doors(Router& router, const ApiStatePointer& state);
/// /tiles/vector and /ogc.
void add_vector_doors(Router& router, const ApiStatePointer& state);
/// /api/objects. Lives as long as the library of the services.
void add_object_doors(Router& router, const ApiStatePointer& state);
/// /api/export.
void add_export_door(Router& router, const ApiStatePointer& state);

/// The parameters `asOf` and `branch` as routes describe them.
Parameter as_of_parameter();
/// The branch that a request is about.
Parameter branch_parameter();
/// `{"$ref":"#/components/schemas/NAME"}`
std::string schema_reference(std::string_view name);

/// What of a router's routes an OpenAPI document tells.
struct OpenApiScope {
  std::string version = "3.1.0";
  std::string prefix;  ///< of the paths; left out of them
  std::string server;  ///< the address under which they stand; empty: that of the document
};
/// The OpenAPI document of a router's routes.
std::string openapi_text(const Router& router, const OpenApiScope& scope = {});

}  // namespace cityloom::serve

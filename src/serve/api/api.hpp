// The doors of Cityloom's own: health, metrics, description, console, search, links, stream, branches, ways, import,
// tiles. docs/api.md tells them to people.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "link/links.hpp"
#include "serve/model_writes.hpp"
#include "serve/router.hpp"
#include "serve/server.hpp"
#include "serve/subscription_report.hpp"
#include "serve/tenants.hpp"
#include "space/space.hpp"

namespace cityloom::space {
class CityTiles;
class ObjectLibrary;
class RoadMap;
class Terrain;
class TerrainTiles;
class VectorTiles;
}  // namespace cityloom::space

namespace cityloom::serve {

/// Brings a file's bytes into a branch of a thread: `space::import_bytes` into a ThreadSink, as the program wires it.
using ImportBytes = std::function<base::Result<space::ImportReport>(std::string_view name, std::string_view bytes,
                                                                    const space::ImportOptions& options,
                                                                    thread::Thread& thread, thread::BranchId branch)>;

/// What the doors lead to. All of it outlives the server. What is null or empty has a door that says so (404 or 501).
struct ApiServices {
  Tenants* tenants = nullptr;          ///< needed
  const base::Clock* clock = nullptr;  ///< needed
  const trust::Gate* gate = nullptr;   ///< needed
  link::Links* links = nullptr;        ///< gives the two functions below, where they are not given
  std::function<std::vector<link::LinkStatus>()> link_status;  ///< link::Links::status
  std::function<void(std::string_view name, std::string payload, std::function<void(base::Status)> done)>
      link_push;                                      ///< link::Links::push
  std::function<SubscriptionReport()> subscriptions;  ///< NgsiApi::subscriptions
  std::function<std::vector<SubscriptionFare>(std::string_view tenant, size_t limit)>
      subscriptions_of;                                    ///< NgsiApi::subscriptions_of
  std::function<std::vector<ModelWrites>()> model_writes;  ///< NgsiApi::model_writes
  space::CityTiles* tiles = nullptr;                       ///< of the default tenant
  space::RoadMap* roads = nullptr;                         ///< of the default tenant
  space::Terrain* terrain = nullptr;                       ///< of the default tenant
  space::TerrainTiles* terrain_tiles = nullptr;            ///< of the same
  space::VectorTiles* vector_tiles = nullptr;              ///< of the default tenant
  const space::ObjectLibrary* objects = nullptr;           ///< without it the catalogue is empty
  /// The height of the ground above the ellipsoid, where it is known.
  std::function<std::optional<double>(const twin::Position&)> ground;
  ImportBytes import;
  size_t import_bytes_max = 512u << 20;
  std::string city_name;       ///< what /api/summary calls the city; may be empty
  std::string console_folder;  ///< with index.html; empty: no console
  bool bench = false;          ///< opens /bench/fixed/{bytes}
};

/// Cityloom's own doors on a router. Holds the indexes behind them (names to search). Lives as long as the server.
class Api {
 public:
  /// Adds all routes. `services.tenants` are followed from now on. `router` must outlive it.
  Api(Router& router, ApiServices services);
  ~Api();

  /// Gives /metrics the engine's numbers; call once the server has started. Any worker may be asking meanwhile.
  void set_server(const Server& server);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::serve

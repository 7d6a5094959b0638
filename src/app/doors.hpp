// Every door of the server, brought together: NGSI-LD, our own, tiles, console, and what only the program can do.
#pragma once

#include <memory>

#include "app/data_folder.hpp"
#include "app/settings.hpp"
#include "base/instant.hpp"
#include "link/links.hpp"
#include "serve/router.hpp"
#include "serve/server.hpp"
#include "serve/tenants.hpp"
#include "trust/trust.hpp"

namespace cityloom::app {

/// What the doors lean on. All of it outlives them.
struct DoorParts {
  serve::Tenants& tenants;
  link::Links& links;
  const trust::Gate& gate;
  const base::Clock& clock;
  const DataFolder& folder;
  const Settings& settings;
};

/// What the doors hold while a server runs: indexes, subscriptions, tiles. Destroyed after the server has stopped.
class Doors {
 public:
  virtual ~Doors() = default;

  /// Tells the doors of the server that they stand in, whose numbers /metrics shows. It outlives its use: until stop.
  virtual void set_server(const serve::Server& server) = 0;

  /// Says the city's name, as /api/summary shows it.
  virtual void set_city(const std::string& name) = 0;
};

/// Adds every route to the router and opens what they need.
std::unique_ptr<Doors> add_doors(serve::Router& router, const DoorParts& parts);

/// Adds POST /api/backup {"folder": PATH}: copies every open tenant's record into a folder of this machine.
void add_backup_door(serve::Router& router, const DoorParts& parts);

}  // namespace cityloom::app

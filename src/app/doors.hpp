// Every door of the server, brought together: NGSI-LD, our own, tiles, console, and what only the program can do.
#pragma once

#include <memory>
#include <string>

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
  std::string url;  ///< where the server will be reached, without a slash at the end
};

/// The doors of one server with what they hold: indexes, subscriptions, tiles. Destroyed after the server has stopped
/// and before the tenants close.
class Doors {
 public:
  virtual ~Doors() = default;

  virtual const serve::Router& router() const = 0;

  /// Tells the doors of the server that they stand in, whose numbers /metrics shows.
  virtual void set_server(const serve::Server& server) = 0;
};

/// Opens every door. Errors: what kept one from opening (stored subscriptions or contexts that cannot be read).
base::Result<std::unique_ptr<Doors>> open_doors(const DoorParts& parts);

/// Adds POST /api/backup {"folder": PATH}: copies every tenant's record into a folder of this machine.
void add_backup_door(serve::Router& router, const DoorParts& parts);

}  // namespace cityloom::app

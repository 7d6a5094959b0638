// The doors of one server.
#include "app/doors.hpp"

#include <filesystem>

#include "app/places.hpp"
#include "app/record_work.hpp"
#include "serve/api/api.hpp"
#include "serve/ngsi/api.hpp"
#include "space/roads.hpp"
#include "space/space.hpp"
#include "space/tiles/tiles.hpp"

namespace cityloom::app {
namespace {

base::Result<space::ImportReport> import_bytes(std::string_view name, std::string_view bytes,
                                               const space::ImportOptions& options, thread::Thread& thread,
                                               thread::BranchId branch) {
  space::ThreadSink sink(thread, branch);
  auto report = space::import_bytes(name, bytes, sink, options);
  if (report || report.error().code != base::Code::corrupt) return report;
  // What is damaged is what the client sent, not what we hold.
  base::Error error = report.error();
  error.code = base::Code::invalid;
  return error;
}

serve::NgsiOptions ngsi_options(const DoorParts& parts) {
  serve::NgsiOptions options;
  options.public_url = parts.url;
  return options;
}

/// Handlers stand in the router and use what is behind them, so the order of the members is the order of need.
class OpenDoors final : public Doors {
 public:
  OpenDoors(const DoorParts& parts, std::unique_ptr<serve::NgsiApi> ngsi)
      : ngsi_(std::move(ngsi)),
        tiles_(space::CityTiles::follow(parts.tenants.main())),
        roads_(space::RoadMap::follow(parts.tenants.main())) {
    ngsi_->add_routes(router_);
    add_backup_door(router_, parts);
    api_ = std::make_unique<serve::Api>(router_, services(parts));
  }

  const serve::Router& router() const override { return router_; }
  void set_server(const serve::Server& server) override { api_->set_server(server); }

 private:
  serve::ApiServices services(const DoorParts& parts) {
    serve::ApiServices services;
    services.tenants = &parts.tenants;
    services.clock = &parts.clock;
    services.gate = &parts.gate;
    services.links = &parts.links;
    services.tiles = tiles_.get();
    services.roads = roads_.get();
    services.import = import_bytes;
    services.city_name = city_name(parts.settings, parts.folder);
    const std::string console = console_folder(parts.settings);
    std::error_code error;
    if (std::filesystem::exists(console + "/index.html", error)) services.console_folder = console;
    services.bench = parts.settings.bench;
    return services;
  }

  std::unique_ptr<serve::NgsiApi> ngsi_;
  std::unique_ptr<space::CityTiles> tiles_;
  std::unique_ptr<space::RoadMap> roads_;
  serve::Router router_;
  std::unique_ptr<serve::Api> api_;
};

}  // namespace

base::Result<std::unique_ptr<Doors>> open_doors(const DoorParts& parts) {
  auto ngsi = serve::NgsiApi::open(parts.tenants, parts.gate, parts.clock, ngsi_options(parts));
  if (!ngsi) return ngsi.error();
  return std::unique_ptr<Doors>(std::make_unique<OpenDoors>(parts, std::move(*ngsi)));
}

}  // namespace cityloom::app

// The doors of one server.
#include "app/doors.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "app/places.hpp"
#include "app/record_work.hpp"
#include "app/rehearsal_runner.hpp"
#include "serve/api/api.hpp"
#include "serve/ngsi/api.hpp"
#include "serve/processes/processes.hpp"
#include "space/objects/objects.hpp"
#include "space/roads.hpp"
#include "space/space.hpp"
#include "space/terrain/terrain_ground.hpp"
#include "space/terrain/terrain_tiles.hpp"
#include "space/tiles/tiles.hpp"
#include "space/vector/vector_tiles.hpp"

namespace cityloom::app {
namespace {

base::Result<space::ImportReport> import_bytes(std::string_view name, std::string_view bytes,
                                               const space::ImportOptions& options, thread::Thread& thread,
                                               thread::BranchId branch) {
  space::ThreadSink sink(thread, branch);
  return space::import_bytes(name, bytes, sink, options);
}

space::TileOptions tile_options(space::Ground& ground) {
  space::TileOptions options;
  options.ground = &ground;
  return options;
}

serve::NgsiOptions ngsi_options(const DoorParts& parts) {
  serve::NgsiOptions options;
  options.public_url = parts.settings.public_url.empty() ? parts.url : parts.settings.public_url;
  options.context_addresses = addresses_of_contexts(parts.settings);
  return options;
}

/// Runs are this program again, behind what is set to start it with.
model::RunnerOptions runner_options(const Settings& settings, const DataFolder& folder) {
  model::RunnerOptions options;
  options.folder = folder.path() + "/runs";
  std::error_code error;
  options.program = {std::filesystem::read_symlink("/proc/self/exe", error).string()};
  std::istringstream words(settings.models_launcher);
  for (std::string word; words >> word;) options.launcher.push_back(word);
  options.at_once = settings.models_at_once;
  options.seconds_max = settings.models_seconds_max;
  options.memory_bytes_max = settings.models_memory_bytes;
  return options;
}

/// The kinds of packs/objects, and of objects/ in any other pack. A file with a mistake is told and left out.
space::ObjectLibrary load_objects(const Settings& settings) {
  namespace fs = std::filesystem;
  const std::string packs = packs_folder(settings);
  std::vector<std::string> folders{packs + "/objects"};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(packs, error)) {
    if (fs::is_directory(entry.path() / "objects", error)) folders.push_back((entry.path() / "objects").string());
  }
  std::sort(folders.begin() + 1, folders.end());
  std::vector<base::Error> mistakes;
  space::ObjectLibrary library = space::ObjectLibrary::load(folders, mistakes);
  for (const base::Error& mistake : mistakes)
    std::fputs(("objects left out: " + mistake.text() + "\n").c_str(), stderr);
  return library;
}

/// Handlers stand in the router and use what is behind them, so the order of the members is the order of need.
class OpenDoors final : public Doors {
 public:
  OpenDoors(const DoorParts& parts, std::unique_ptr<serve::NgsiApi> ngsi)
      : ngsi_(std::move(ngsi)),
        terrain_(space::Terrain::follow(parts.tenants.main())),
        terrain_tiles_(*terrain_),
        ground_(*terrain_),
        tiles_(space::CityTiles::follow(parts.tenants.main(), tile_options(ground_))),
        roads_(space::RoadMap::follow(parts.tenants.main())),
        vector_tiles_(space::VectorTiles::of(parts.tenants.main())),
        objects_(load_objects(parts.settings)) {
    ngsi_->add_routes(router_);
    add_backup_door(router_, parts);
    api_ = std::make_unique<serve::Api>(router_, services(parts));
  }

  /// Errors: why the folder of runs cannot be used.
  base::Status open_processes(const DoorParts& parts) {
    auto processes = serve::Processes::open(
        {&parts.tenants, &parts.clock, terrain_.get(), runner_options(parts.settings, parts.folder)});
    if (!processes) return processes.error();
    processes_ = std::move(*processes);
    processes_->add_routes(router_);
    return {};
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
    services.subscriptions = [ngsi = ngsi_.get()] { return ngsi->subscriptions(); };
    services.subscriptions_of = [ngsi = ngsi_.get()](std::string_view tenant, size_t limit) {
      return ngsi->subscriptions_of(tenant, limit);
    };
    services.model_writes = [ngsi = ngsi_.get()] { return ngsi->model_writes(); };
    services.tiles = tiles_.get();
    services.roads = roads_.get();
    services.terrain = terrain_.get();
    services.terrain_tiles = &terrain_tiles_;
    services.ground = [this](const twin::Position& place) {
      const auto height_m = space::height_m_at(*terrain_->relief(), place);
      return height_m ? *height_m : std::optional<double>();
    };
    services.vector_tiles = vector_tiles_.get();
    services.objects = &objects_;
    services.import = import_bytes;
    services.city_name = city_name(parts.settings, parts.folder);
    if (services.city_name.empty()) services.city_name = invented_city_name(parts.settings, parts.tenants.main());
    const std::string console = console_folder(parts.settings);
    std::error_code error;
    if (std::filesystem::exists(console + "/index.html", error)) services.console_folder = console;
    services.bench = parts.settings.bench;
    return services;
  }

  std::unique_ptr<serve::NgsiApi> ngsi_;
  std::unique_ptr<space::Terrain> terrain_;
  space::TerrainTiles terrain_tiles_;
  space::TerrainGround ground_;
  std::unique_ptr<space::CityTiles> tiles_;
  std::unique_ptr<space::RoadMap> roads_;
  std::unique_ptr<space::VectorTiles> vector_tiles_;
  space::ObjectLibrary objects_;
  serve::Router router_;
  std::unique_ptr<serve::Api> api_;
  std::unique_ptr<serve::Processes> processes_;
};

}  // namespace

base::Result<std::unique_ptr<Doors>> open_doors(const DoorParts& parts) {
  auto ngsi = serve::NgsiApi::open(parts.tenants, parts.gate, parts.clock, ngsi_options(parts));
  if (!ngsi) return ngsi.error();
  auto doors = std::make_unique<OpenDoors>(parts, std::move(*ngsi));
  if (auto opened = doors->open_processes(parts); !opened) return opened.error();
  return std::unique_ptr<Doors>(std::move(doors));
}

}  // namespace cityloom::app

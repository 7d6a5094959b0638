// The doors of the terrain over a real server.
#include <gtest/gtest.h>

#include "serve/api/api.hpp"
#include "serve/golden_test.hpp"
#include "space/terrain/terrain_tiles.hpp"
#include "space/testing/terrain_city.hpp"
#include "store/store.hpp"

namespace cityloom::serve {
namespace {

TEST(TerrainDoors, GoldenExchanges) {
  const base::ManualClock clock(base::Instant::from_seconds(1'000));
  auto thread = thread::Thread::open(store::make_memory_store(), clock);
  ASSERT_TRUE(thread.ok());
  Tenants tenants(
      std::move(*thread),
      [&clock](std::string_view) { return thread::Thread::open(store::make_memory_store(), clock); },
      std::vector<std::string>{}, Tenants::Options{2});
  const auto terrain = space::Terrain::follow(tenants.main());
  space::TerrainTiles tiles(*terrain);
  space::ThreadSink sink(tenants.main());
  const std::string plain = space::testing::hgt_bytes(21, [](int, int) { return 100; });
  ASSERT_TRUE(space::import_bytes("N05E020.hgt", plain, sink).ok());
  ASSERT_TRUE(terrain->wait_for(tenants.main().head(), 20'000).ok());

  const auto gate = trust::make_open_gate();
  Router router;
  ApiServices services;
  services.tenants = &tenants;
  services.clock = &clock;
  services.gate = gate.get();
  services.terrain = terrain.get();
  services.terrain_tiles = &tiles;
  const auto api = std::make_unique<Api>(router, std::move(services));
  ServerOptions options;
  options.port = 0;
  const auto server = Server::start(router, *gate, options);
  ASSERT_TRUE(server.ok());
  play_golden("src/serve/golden/terrain.txt", (*server)->port());
}

}  // namespace
}  // namespace cityloom::serve

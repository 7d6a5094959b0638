// Pages by an entity map while entities come and go; how long maps are kept, and how many.
#include "serve/ngsi/entity_maps.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "serve/client_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

constexpr int64_t second_us = 1'000'000;

std::string id_of(int number) {
  return "urn:ngsi-ld:Bird:" + std::to_string(number);
}

std::string bird(int number) {
  return R"({"id":")" + id_of(number) + R"(","type":"Bird"})";
}

EntityMapContent content_of(size_t entities) {
  EntityMapContent content;
  for (size_t i = 0; i < entities; ++i) content.entries.push_back({"urn:" + std::to_string(i), {}});
  return content;
}

TEST(EntityMaps, EndAtTheirTime) {
  base::ManualClock clock(*base::Instant::parse("2026-11-22T08:00:00Z"));
  EntityMapOptions options;
  options.lifetime_s = 10;
  options.lifetime_max_s = 20;
  EntityMaps maps(clock, options);
  const auto usual = maps.add(content_of(1), {});
  const auto longest = maps.add(content_of(1), *base::Instant::parse("2099-01-01T00:00:00Z"));
  ASSERT_TRUE(usual.ok() && longest.ok());
  EXPECT_EQ(longest->expires_at.text(), "2026-11-22T08:00:20Z");
  EXPECT_TRUE(maps.find(EntityMaps::location_of(*usual)));
  clock.advance_us(10 * second_us);
  EXPECT_FALSE(maps.find(usual->id));
  EXPECT_TRUE(maps.find(longest->id));
  maps.sweep(clock.now());
  EXPECT_FALSE(maps.erase(usual->id));
  EXPECT_TRUE(maps.erase(longest->id));
  EXPECT_FALSE(maps.erase(longest->id));
}

TEST(EntityMaps, AreLimited) {
  base::ManualClock clock(*base::Instant::parse("2026-11-22T08:00:00Z"));
  EntityMapOptions options;
  options.maps_max = 3;
  options.entities_max = 10'000;
  options.bytes_max = 1'000'000;
  EntityMaps maps(clock, options);
  EXPECT_EQ(maps.add(content_of(10'001), {}).error().code, base::Code::too_complex);
  ASSERT_TRUE(maps.add(content_of(10'000), {}).ok());
  EXPECT_EQ(maps.add(content_of(10'000), {}).error().code, base::Code::busy) << "of their bytes";
  ASSERT_TRUE(maps.add(content_of(1), {}).ok());
  ASSERT_TRUE(maps.add(content_of(1), {}).ok());
  EXPECT_EQ(maps.add(content_of(1), {}).error().code, base::Code::busy);
  clock.advance_us(600 * second_us);
  EXPECT_TRUE(maps.add(content_of(10'000), {}).ok()) << "those that ended make room";
}

TEST(EntityMaps, TellSources) {
  EntityMap map{"urn:m", *base::Instant::parse("2026-11-22T08:00:00Z"), nullptr};
  auto content = std::make_shared<EntityMapContent>();
  content->entries = {{"urn:a", {}}, {"urn:b", {"@none", "urn:registration"}}};
  content->linked_maps = {{"urn:registration", "urn:their:map"}};
  map.content = content;
  EXPECT_EQ(entity_map_json(map, "[]"), R"({"id":"urn:m","type":"EntityMap","expiresAt":"2026-11-22T08:00:00Z",)"
                                        R"("entityMap":{"urn:a":["@none"],"urn:b":["@none","urn:registration"]},)"
                                        R"("linkedMaps":{"urn:registration":"urn:their:map"},"@context":[]})");
}

// Those that stay are each met exactly once, whatever comes and goes around them meanwhile.
TEST(EntityMaps, PagesStayWhatTheyAre) {
  HubServer hub;
  constexpr int birds = 60;
  for (int i = 0; i < birds; ++i) hub.ask("POST", "/entities", 201, bird(i));
  TestClient first(hub.port());
  const auto made = first.ask("GET", "/ngsi-ld/v1/entities?type=Bird&entityMap=true&limit=7&orderBy=id");
  ASSERT_TRUE(made);
  ASSERT_EQ(made->status, 201) << made->body;
  const std::string map = made->header("NGSILD-EntityMap");
  ASSERT_FALSE(map.empty());
  std::atomic<bool> ends{false};
  std::thread writer([&] {
    for (int i = 0; !ends; ++i) {
      const std::string gone = "/entities/" + id_of((3 * i) % birds);  // every third one comes and goes
      TestClient client(hub.port());
      (void)client.ask("DELETE", "/ngsi-ld/v1" + gone);
      (void)client.ask("POST", "/ngsi-ld/v1/entities", bird((3 * i) % birds), "Content-Type: application/json\r\n");
      (void)client.ask("POST", "/ngsi-ld/v1/entities", bird(1'000 + i), "Content-Type: application/json\r\n");
    }
  });
  for (int round = 0; round < 20; ++round) {
    std::multiset<std::string> met;
    for (int offset = 0; offset < birds; offset += 7) {
      TestClient client(hub.port());
      const auto page = client.ask(
          "GET", "/ngsi-ld/v1/entities?type=Bird&limit=7&options=keyValues&pick=id&offset=" + std::to_string(offset),
          "", "NGSILD-EntityMap: " + map + "\r\n");
      ASSERT_TRUE(page);
      ASSERT_EQ(page->status, 200) << page->body;
      for (size_t at = page->body.find("urn:"); at != std::string::npos; at = page->body.find("urn:", at + 1)) {
        met.insert(page->body.substr(at, page->body.find('"', at) - at));
      }
    }
    for (int i = 0; i < birds; ++i) {
      if (i % 3 != 0) EXPECT_EQ(met.count(id_of(i)), 1u) << i;
      if (i % 3 == 0) EXPECT_LE(met.count(id_of(i)), 1u) << i;
    }
    EXPECT_LE(met.size(), static_cast<size_t>(birds));
    for (const std::string& id : met) EXPECT_LT(id.size(), id_of(1'000).size()) << id;
  }
  ends = true;
  writer.join();
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld

// Entity maps over several brokers: who holds what, and pages that stay what they were.
#include <gtest/gtest.h>

#include "serve/ngsi/federation_fixture_test.hpp"

namespace cityloom::serve::ngsi_ld {

namespace {

// Clause 5.14: a map of what all hold, by which pages stay what they were.
TEST_F(Federation, EntityMapsTellWhoHoldsWhat) {
  for (int i = 0; i < 3; ++i) first_.ask("POST", "/entities", 201, car("a" + std::to_string(i), property("speed", i)));
  for (int i = 0; i < 2; ++i) hub_.ask("POST", "/entities", 201, car("h" + std::to_string(i), property("speed", i)));
  hub_.ask("POST", "/entities", 201, car("a2", property("doors", 4)));
  register_at(hub_, first_.url(), "inclusive", cars);
  const std::string target = "/entities?type=Car&options=keyValues&limit=2";
  const auto made = ask(hub_, "GET", target + "&entityMap=true");
  EXPECT_EQ(made.status, 201) << made.body;
  const std::string id = made.header("NGSILD-EntityMap");
  constexpr std::string_view base = "/ngsi-ld/v1";
  ASSERT_TRUE(id.starts_with(base)) << made.body;
  const auto map = ask(hub_, "GET", id.substr(base.size()));
  EXPECT_EQ(map.status, 200);
  EXPECT_TRUE(has(map.body, R"("urn:car:h0":["@none"])")) << map.body;
  EXPECT_TRUE(has(map.body, R"("urn:car:a0":["urn:r:1"])")) << map.body;
  EXPECT_TRUE(has(map.body, R"("urn:car:a2":["@none","urn:r:1"])")) << map.body;

  // Who comes later is not in it, and who goes leaves a gap.
  hub_.ask("POST", "/entities", 201, car("b", property("speed", 9)));
  first_.ask("POST", "/entities", 201, car("a9", property("speed", 9)));
  first_.ask("DELETE", "/entities/urn:car:a0", 204);
  std::string all;
  for (int offset = 0; offset < 6; offset += 2) {
    const auto page =
        ask(hub_, "GET", target + "&offset=" + std::to_string(offset), {}, "NGSILD-EntityMap: " + id + "\r\n");
    EXPECT_EQ(page.status, 200) << page.body;
    EXPECT_EQ(page.header("NGSILD-EntityMap"), id);
    all += page.body;
  }
  for (const char* name : {"h0", "h1", "a1", "a2"}) {
    const std::string wanted = R"("urn:car:)" + std::string(name) + '"';
    EXPECT_TRUE(has(all, wanted)) << name << ' ' << all;
    EXPECT_EQ(all.find(wanted), all.rfind(wanted)) << name;
  }
  for (const char* name : {"a0", "a9", "b"}) EXPECT_FALSE(has(all, "urn:car:" + std::string(name) + '"')) << all;
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld

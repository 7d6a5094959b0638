// The inside of a house in the record: storeys, plans, ways through doors and stairs, tiles.
#include "space/ifc/indoors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/instant.hpp"
#include "space/space.hpp"
#include "space/testing/shared_data.hpp"
#include "store/store.hpp"
#include "thread/thread.hpp"

namespace cityloom::space {
namespace {

const char* const duplex = "urn:ngsi-ld:Building:1xS3BCk291UvhgP2a6eflK";

class IndoorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = testing::shared_data("ifc/duplex-ifc2x3.ifc");
    CITYLOOM_REQUIRE_SHARED(path);
    auto opened = thread::Thread::open(store::make_memory_store(), clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    thread_ = std::move(*opened);
    ThreadSink sink(*thread_);
    const auto report = import_file(path, sink);
    ASSERT_TRUE(report.ok()) << report.error().text();
    auto model = read_indoors(thread_->snapshot(), thread_->terms(), duplex, true);
    ASSERT_TRUE(model.ok()) << model.error().text();
    model_ = std::move(*model);
  }

  std::string room(const std::string& number) const {
    for (const IndoorThing& thing : model_.things) {
      if (thing.number == number) return thing.id;
    }
    return "";
  }
  // The numbers of the rooms that a way leads through.
  std::string rooms_of(const IndoorRoute& route) const {
    std::string text;
    for (const std::string& id : route.steps) {
      const IndoorThing* thing = model_.find(id);
      if (thing != nullptr && thing->type == "Room") text += (text.empty() ? "" : " ") + thing->number;
    }
    return text;
  }

  base::SystemClock clock_;
  std::unique_ptr<thread::Thread> thread_;
  IndoorModel model_;
};

TEST_F(IndoorsTest, StoreysFromBelowWithTheirRooms) {
  ASSERT_EQ(model_.storeys.size(), 4u);
  EXPECT_EQ(model_.storeys[1].name, "Level 1");
  EXPECT_EQ(model_.storeys[0].rooms, 0u);
  EXPECT_EQ(model_.storeys[1].rooms, 10u);
  EXPECT_EQ(model_.storeys[2].rooms, 10u);
  EXPECT_EQ(model_.storeys[3].rooms, 1u);
  EXPECT_EQ(model_.name, "Duplex Apartment");
}

TEST_F(IndoorsTest, EveryRoomOfAHomeCanBeLeft) {
  std::set<std::string> closed;
  for (const IndoorThing& thing : model_.things) {
    if (thing.type != "Room") continue;
    const auto route = find_indoor_route(model_, thing.id, outside_room);
    if (!route) {
      EXPECT_EQ(route.error().code, base::Code::not_found);
      closed.insert(thing.number);
      continue;
    }
    EXPECT_LT(route->length_m, 60) << thing.number;
    EXPECT_GE(route->positions.size(), 2u);
  }
  EXPECT_EQ(closed, (std::set<std::string>{"R301"}));  // the roof
}

TEST_F(IndoorsTest, TheWayToBedLeadsUpTheStairs) {
  const auto route = find_indoor_route(model_, room("A102"), room("A203"));
  ASSERT_TRUE(route.ok()) << route.error().text();
  const bool climbs = std::any_of(route->steps.begin(), route->steps.end(), [&](const std::string& id) {
    const IndoorThing* thing = model_.find(id);
    return thing != nullptr && thing->category == "stair";
  });
  EXPECT_TRUE(climbs) << rooms_of(*route);
  EXPECT_GT(route->positions.back().height_m - route->positions.front().height_m, 2.9);
  EXPECT_GT(route->duration_s, route->length_m / 1.2);
  // Both halves of the house are homes of their own: no way leads through the wall between them.
  const auto across = find_indoor_route(model_, room("A203"), room("B203"));
  EXPECT_FALSE(across.ok());
}

TEST_F(IndoorsTest, UnknownRoomsAndBuildings) {
  EXPECT_EQ(find_indoor_route(model_, "urn:x", outside_room).error().code, base::Code::not_found);
  EXPECT_EQ(read_indoors(thread_->snapshot(), thread_->terms(), "urn:ngsi-ld:Building:none", false).error().code,
            base::Code::not_found);
}

TEST_F(IndoorsTest, TilesAStorey) {
  const auto tileset = make_indoor_tile(model_, "tileset.json");
  ASSERT_TRUE(tileset.ok());
  const auto json = nlohmann::json::parse(tileset->bytes);
  ASSERT_EQ(json["root"]["children"].size(), 4u);  // everything stands in one of the four storeys
  const auto& whole = json["root"]["boundingVolume"]["region"];
  for (const auto& child : json["root"]["children"]) {
    const auto& region = child["boundingVolume"]["region"];
    for (int i : {0, 1, 4}) EXPECT_GE(region[i].get<double>(), whole[i].get<double>());
    for (int i : {2, 3, 5}) EXPECT_LE(region[i].get<double>(), whole[i].get<double>());
    const auto content = make_indoor_tile(model_, child["content"]["uri"].get<std::string>());
    ASSERT_TRUE(content.ok());
    EXPECT_EQ(content->bytes.substr(0, 4), "glTF");
    EXPECT_EQ(content->bytes, make_indoor_tile(model_, child["content"]["uri"].get<std::string>())->bytes);
  }
  EXPECT_EQ(make_indoor_tile(model_, "storey-4.glb").error().code, base::Code::not_found);
  EXPECT_EQ(make_indoor_tile(model_, "storey-9.glb").error().code, base::Code::not_found);
  EXPECT_EQ(make_indoor_tile(model_, "../x").error().code, base::Code::not_found);
}

}  // namespace
}  // namespace cityloom::space

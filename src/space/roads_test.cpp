// Ways through cities drawn in text, and through Jamsil.
#include "space/roads.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "space/space.hpp"
#include "space/testing/shared_data.hpp"
#include "space/testing/text_city.hpp"
#include "store/store.hpp"

namespace cityloom::space {
namespace {

using testing::TextCity;

const TextCity::Tags street{{"highway", "residential"}};
const TextCity::Tags fast{{"highway", "primary"}, {"maxspeed", "80"}};
const TextCity::Tags oneway{{"highway", "residential"}, {"oneway", "yes"}};

class Roads : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = thread::Thread::open(store::make_memory_store(), clock_);
    ASSERT_TRUE(opened.ok());
    thread_ = std::move(*opened);
  }
  std::shared_ptr<const RoadNetwork> network_of(const TextCity& city) {
    ThreadSink sink(*thread_);
    const std::string bytes = city.osm();
    const auto report = import_bytes("city.osm", bytes, sink);
    EXPECT_TRUE(report.ok()) << report.error().text();
    for (const auto& warning : report->warnings) ADD_FAILURE() << warning.object << " " << warning.reason;
    return RoadNetwork::fold(thread_->snapshot(), thread_->terms()).value();
  }
  // The way as its segments' ways, e.g. "1 3 2": the numbers of the ways, without repeats.
  static std::string way(const RoadNetwork& network, const TextCity& city, char from, char to,
                         RouteGoal goal = RouteGoal::shortest) {
    const auto route = network.route({city.at(from), city.at(to), goal, 50});
    if (!route) return "none: " + route.error().what;
    std::string text;
    for (const std::string& id : route->segment_ids) {
      const size_t start = id.find("osm-way-") + 8;
      const std::string number = id.substr(start, id.find('-', start) - start);
      if (text.empty() || text.substr(text.rfind(' ') + 1) != number) text += (text.empty() ? "" : " ") + number;
    }
    return text;
  }
  base::SystemClock clock_;
  std::unique_ptr<thread::Thread> thread_;
};

TEST_F(Roads, TheShortestAndTheFastestWayDiffer) {
  TextCity city(R"(
    A----B
    |    |
    |    |
    C----D
  )",
                100);
  city.way("AB", street).way("AC", fast).way("CD", fast).way("DB", fast);
  const auto network = network_of(city);
  EXPECT_EQ(network->segment_count(), 4u);
  EXPECT_EQ(way(*network, city, 'A', 'B'), "1");
  const auto shortest = network->route({city.at('A'), city.at('B'), RouteGoal::shortest});
  EXPECT_NEAR(shortest->length_m, 500, 0.5);
  EXPECT_NEAR(shortest->duration_s, 500 / (30 / 3.6), 0.5);
  const auto fastest = network->route({city.at('A'), city.at('B'), RouteGoal::fastest});
  EXPECT_NEAR(fastest->length_m, 1100, 1);
  EXPECT_NEAR(fastest->duration_s, 1100 / (80 / 3.6), 0.5);
  ASSERT_GE(fastest->positions.size(), 4u);
  EXPECT_NEAR(length_m(fastest->positions), fastest->length_m, 0.1);
}

TEST_F(Roads, OneWayStreetsAreRespectedInBothSpellings) {
  TextCity city(R"(
    A---B
    |   |
    C---D
  )");
  city.way("AB", {{"highway", "residential"}, {"oneway", "-1"}}).way("BD", street).way("AC", street).way("CD", oneway);
  const auto network = network_of(city);
  EXPECT_EQ(way(*network, city, 'B', 'A'), "1");
  EXPECT_EQ(way(*network, city, 'A', 'B'), "3 4 2");
  EXPECT_EQ(way(*network, city, 'D', 'C'), "2 1 3");
}

TEST_F(Roads, ARoundaboutIsDrivenInItsDirection) {
  TextCity city(R"(
        B
    A--C E--F
        D
  )");
  city.way("AC", street).way("CDEBC", {{"highway", "residential"}, {"junction", "roundabout"}}).way("EF", street);
  const auto network = network_of(city);
  const auto there = network->route({city.at('A'), city.at('F'), RouteGoal::shortest});
  ASSERT_TRUE(there.ok());
  const auto back = network->route({city.at('F'), city.at('A'), RouteGoal::shortest});
  ASSERT_TRUE(back.ok());
  const auto passes = [&](const Route& route, char place) {
    for (const auto& position : route.positions) {
      if (distance_m(position, city.at(place)) < 1) return true;
    }
    return false;
  };
  EXPECT_TRUE(passes(*there, 'D') && !passes(*there, 'B'));
  EXPECT_TRUE(passes(*back, 'B') && !passes(*back, 'D'));
}

TEST_F(Roads, AForbiddenTurnIsDrivenAround) {
  TextCity city(R"(
        D
        |
        |
        |
        |
        |
        |
    A---B---C
        |   |
        E---F
  )");
  city.way("AB", street).way("BC", street).way("BD", street).way("BE", street).way("EF", street).way("CF", street);
  city.turn("no_right_turn", 1, 'B', 4);
  const auto network = network_of(city);
  EXPECT_EQ(network->restriction_count(), 1u);
  EXPECT_EQ(way(*network, city, 'A', 'E'), "1 2 6 5");
  EXPECT_EQ(way(*network, city, 'D', 'E'), "3 4") << "others may turn there";
}

TEST_F(Roads, AnOnlyTurnForbidsTheOthers) {
  TextCity city(R"(
        D
        |
        |
        |
        |
        |
        |
    A---B---C
        |   |
        E---F
  )");
  city.way("AB", street).way("BC", street).way("BD", street).way("BE", street).way("EF", street).way("CF", street);
  city.turn("only_straight_on", 1, 'B', 2);
  const auto network = network_of(city);
  EXPECT_EQ(way(*network, city, 'A', 'C'), "1 2");
  EXPECT_EQ(way(*network, city, 'A', 'E'), "1 2 6 5");
}

TEST_F(Roads, ARestrictionOverAWayForbidsOnlyThatWholeWay) {
  // Two carriageways joined by BC: no turning back over it.
  TextCity city(R"(
    A---B--------------E
        |
    D---C---F
    |       |
    G-------H
  )");
  city.way("AB", street).way("BE", street).way("BC", street).way("CD", street).way("CF", street).way("FHGD", street);
  city.turn("no_u_turn", 1, std::vector<int>{3}, 4);
  const auto network = network_of(city);
  EXPECT_EQ(network->restriction_count(), 1u);
  EXPECT_EQ(way(*network, city, 'A', 'F'), "1 3 5");
  EXPECT_EQ(way(*network, city, 'E', 'D'), "2 3 4");
  EXPECT_EQ(way(*network, city, 'A', 'D'), "1 3 5 6");
}

TEST_F(Roads, OneTurnsRoundOnlyAtADeadEnd) {
  TextCity city(R"(
    A---B---C
        |
        D
  )");
  city.way("AB", oneway).way("BC", street).way("BD", street);
  city.turn("no_right_turn", 1, 'B', 3);
  const auto network = network_of(city);
  EXPECT_EQ(way(*network, city, 'A', 'D'), "1 2 3") << "to the end of way 2 and back";
}

TEST_F(Roads, RoadsClosedToCarsAreNotUsed) {
  TextCity city(R"(
    A---B
    |   |
    C---D
  )");
  city.way("AB", {{"highway", "footway"}}).way("AC", street).way("CD", {{"highway", "service"}, {"access", "private"}});
  city.way("BD", street);
  const auto network = network_of(city);
  EXPECT_THAT(way(*network, city, 'A', 'D'), ::testing::StartsWith("none"));
  EXPECT_EQ(network->nearest(city.at('A'), 10)->segment_id, "urn:ngsi-ld:RoadSegment:osm-way-2-0");
  EXPECT_FALSE(network->nearest({127.0, 37.0}, 1000).has_value());
  EXPECT_EQ(network->route({{127.0, 37.0}, city.at('A')}).error().code, base::Code::not_found);
  EXPECT_EQ(network->route({{0, 0}, city.at('A')}).error().code, base::Code::invalid);
}

TEST_F(Roads, StartAndEndOnOneSegment) {
  TextCity city(R"(
    A--x----y--B
  )");
  city.way("AB", oneway);
  const auto network = network_of(city);
  const auto route = network->route({city.at('x'), city.at('y'), RouteGoal::shortest});
  EXPECT_NEAR(route->length_m, 500, 0.5);
  EXPECT_FALSE(network->route({city.at('y'), city.at('x'), RouteGoal::shortest}).ok()) << "against the one-way street";
}

TEST_F(Roads, TheMapFollowsTheRecord) {
  TextCity city(R"(
    A---B
  )");
  const auto map = RoadMap::follow(*thread_);
  EXPECT_EQ((*map->network())->segment_count(), 0u);
  city.way("AB", street);
  network_of(city);
  const auto first = map->network().value();
  EXPECT_EQ(first->segment_count(), 1u);
  EXPECT_EQ(map->network().value().get(), first.get());
  thread::Change change;
  change.entity_id = "urn:ngsi-ld:RoadSegment:osm-way-1-0";
  change.kind = thread::Change::Kind::append;
  change.attributes.emplace_back().name = thread_->terms().intern("https://example.org/speed").value();
  change.attributes[0].value = int64_t{30};
  ASSERT_TRUE(thread_->append({.branch = {}, .author = "test", .changes = {change}}).ok());
  EXPECT_EQ(map->network().value().get(), first.get()) << "a measurement on the road is no change of the road";
  change.kind = thread::Change::Kind::remove;
  ASSERT_TRUE(thread_->append({.branch = {}, .author = "test", .changes = {change}}).ok());
  EXPECT_EQ((*map->network())->segment_count(), 0u);
}

// Against Bellman-Ford's plain idea: no way found is longer than one that goes by way of a third place.
TEST_F(Roads, InJamsilDetoursAreNeverShorter) {
  const std::string path = testing::shared_data("seoul-jamsil/seoul-jamsil.osm");
  CITYLOOM_REQUIRE_SHARED(path);
  ThreadSink sink(*thread_);
  ASSERT_TRUE(import_file(path, sink).ok());
  const auto network = RoadNetwork::fold(thread_->snapshot(), thread_->terms()).value();
  EXPECT_GT(network->segment_count(), 600u);
  std::mt19937 random(7);
  std::uniform_real_distribution<double> longitude(127.092, 127.118), latitude(37.508, 37.528);
  int found = 0;
  for (int round = 0; round < 60; ++round) {
    twin::Position places[3];
    for (auto& place : places) {
      const auto near = network->nearest({longitude(random), latitude(random)}, 2'000);
      ASSERT_TRUE(near.has_value());
      place = near->position;
    }
    const auto length = [&](const twin::Position& from, const twin::Position& to) {
      const auto route = network->route({from, to, RouteGoal::shortest, 10});
      if (!route) return std::numeric_limits<double>::infinity();
      EXPECT_NEAR(length_m(route->positions), route->length_m, 1 + route->length_m * 1e-4);
      return route->length_m;
    };
    const double direct = length(places[0], places[2]);
    found += std::isfinite(direct) ? 1 : 0;
    EXPECT_GE(direct + 0.01, distance_m(places[0], places[2]));
    const auto fastest = network->route({places[0], places[2], RouteGoal::fastest, 10});
    if (fastest.ok()) {
      EXPECT_GE(fastest->length_m + 0.01, direct);
    }
  }
  EXPECT_GT(found, 40);
}

}  // namespace
}  // namespace cityloom::space

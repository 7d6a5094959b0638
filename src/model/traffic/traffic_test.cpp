// Traffic: nobody is lost, signals hold, published answers, strange files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "model/traffic/emissions.hpp"
#include "model/traffic/queues.hpp"
#include "model/traffic/run.hpp"
#include "model/traffic/validate.hpp"

namespace cityloom::model::traffic {
namespace {

using testing::HasSubstr;

base::Result<Network> network_of(std::string text) {
  auto file = XmlFile::parse(std::move(text), "net.xml");
  if (!file) return file.error();
  return read_network(*file);
}

base::Result<Demand> demand_of(Network& network, std::string text, const DemandOptions& options = {}) {
  auto file = XmlFile::parse(std::move(text), "rou.xml");
  if (!file) return file.error();
  std::vector<XmlFile> files;
  files.push_back(std::move(file).value());
  return read_demand(network, files, options);
}

TrafficOutcome run(const Network& network, const Demand& demand, const MesoscopicOptions& options = {}) {
  return run_mesoscopic(network, demand, options).value();
}

void expect_conserved(const Demand& demand, const TrafficOutcome& outcome) {
  EXPECT_EQ(outcome.arrived + outcome.on_road + outcome.waiting, demand.vehicles.size());
  EXPECT_EQ(outcome.inserted, outcome.arrived + outcome.on_road);
  for (const EdgeTotals& edge : outcome.edges) EXPECT_LE(edge.left, edge.entered);
}

TEST(Traffic, LosesNobodyWhenItStopsInTheMiddle) {
  Network network = network_of(signal_network(30, 90)).value();
  const Demand demand =
      demand_of(network,
                R"(<routes><flow id="f" from="in" to="out" begin="0" end="3600" vehsPerHour="1500"/></routes>)")
          .value();
  ASSERT_EQ(demand.vehicles.size(), 1'500u);
  MesoscopicOptions options;
  options.end_s = 1'800;
  const TrafficOutcome outcome = run(network, demand, options);
  expect_conserved(demand, outcome);
  EXPECT_GT(outcome.on_road, 0u);
  EXPECT_GT(outcome.waiting, 0u);
  EXPECT_LE(outcome.on_road, 2u * 1'000 / 7);  // no more than stand on two lanes
}

TEST(Traffic, StandsAtRed) {
  Network network = network_of(signal_network(1e-3, 1e6)).value();
  const Demand demand = demand_of(network, R"(<routes><trip id="a" from="in" to="out" depart="10"/></routes>)").value();
  MesoscopicOptions options;
  options.end_s = 5'000;
  const TrafficOutcome outcome = run(network, demand, options);
  EXPECT_EQ(outcome.on_road, 1u);
  EXPECT_EQ(outcome.edges[network.edge("out")].entered, 0u);
}

TEST(Traffic, DrivesFreelyAsFastAsItMay) {
  Network network = network_of(signal_network(90, 90)).value();
  const Demand demand = demand_of(network, R"(<routes><vType id="p" sigma="0" speedDev="0"/>
    <trip id="a" type="p" from="in" to="out" depart="0" departSpeed="max"/></routes>)")
                            .value();
  const TrafficOutcome outcome = run(network, demand);
  EXPECT_NEAR(outcome.trips[0].arrive_s, 2'010 / 13.89, 0.1);
}

TEST(Traffic, IsTheSameEachTime) {
  Network network = network_of(signal_network(40, 90)).value();
  const char* const routes =
      R"(<routes><flow id="f" from="in" to="out" begin="0" end="900" probability="0.3"/></routes>)";
  const Demand demand = demand_of(network, routes, {0, 1e9, 7, {}}).value(),
               again = demand_of(network, routes, {0, 1e9, 7, {}}).value();
  const TrafficOutcome one = run(network, demand), two = run(network, again);
  ASSERT_EQ(one.trips.size(), two.trips.size());
  for (size_t i = 0; i < one.trips.size(); ++i) EXPECT_EQ(one.trips[i].arrive_s, two.trips[i].arrive_s);
}

TEST(Traffic, HoldsAgainstPublishedAnswers) {
  setenv("CITYLOOM_SHARED", "", 1);  // the cities have a test of their own
  const Validation cases = validate_traffic();
  EXPECT_EQ(cases.size(), 5u);
  for (const ValidationCase& one : cases)
    EXPECT_TRUE(one.holds()) << one.name << ": " << one.published << ", ours " << one.ours;
}

TEST(Traffic, SaysWhoHasNoWay) {
  Network network = network_of(signal_network(40, 90)).value();
  const Demand demand = demand_of(network, R"(<routes><trip id="back" from="out" to="in" depart="0"/>
    <vehicle id="broken" depart="0"><route edges="out in"/></vehicle><trip id="on" from="in" to="out" depart="0"/></routes>)")
                            .value();
  EXPECT_THAT(demand.no_way, testing::ElementsAre("back", "broken"));
  EXPECT_EQ(demand.vehicles.size(), 1u);
  const Demand closed = demand_of(network, R"(<routes><trip id="on" from="in" to="out" depart="0"/></routes>)",
                                  {0, 1e9, 1, {network.edge("out")}})
                            .value();
  EXPECT_THAT(closed.no_way, testing::ElementsAre("on"));
}

TEST(Traffic, RefusesStrangeNetworks) {
  const std::pair<const char*, const char*> strange[] = {
      {"", "no XML"},
      {"<net/>", "no edges"},
      {"<routes/>", "no network"},
      {"<net><edge", "no XML"},
      {R"(<net><edge id="a"/></net>)", "no lanes"},
      {R"(<net><edge id="a"><lane length="nan" speed="1"/></edge></net>)", "no number"},
      {R"(<net><edge id="a"><lane length="-5" speed="1"/></edge></net>)", "not from"},
      {R"(<net><edge id="a"><lane length="1e99" speed="1"/></edge></net>)", "not from"},
      {R"(<net><edge id="a"><lane length="9" speed="1"/></edge><edge id="a"><lane length="9" speed="1"/></edge></net>)",
       "second time"},
      {R"(<net><edge id="a"><lane length="9" speed="1"/></edge><connection from="a" to="b"/></net>)", "no edge b"},
      {R"(<net><edge id="a"><lane length="9" speed="1"/></edge><connection from="a" to="a" fromLane="3"/></net>)",
       "no lane 3"}};
  for (const auto& [text, what] : strange) {
    const auto network = network_of(text);
    ASSERT_FALSE(network.ok()) << text;
    EXPECT_THAT(network.error().text(), HasSubstr(what)) << text;
  }
}

TEST(Traffic, RefusesStrangeDemand) {
  const std::pair<const char*, const char*> strange[] = {
      {R"(<trip id="a" from="x" to="out" depart="0"/>)", "no edge x"},
      {R"(<trip id="a" depart="0"/>)", "neither a route"},
      {R"(<trip id="a" from="in" to="out" depart="soon"/>)", "no time"},
      {R"(<trip id="a" type="ghost" from="in" to="out" depart="0"/>)", "no vehicle type ghost"},
      {R"(<vehicle id="a" route="r" depart="0"/>)", "no route r"},
      {R"(<flow id="a" from="in" to="out" period="1e-9"/>)", "not from"},
      {R"(<flow id="a" from="in" to="out"/>)", "how many"},
      {R"(<vType id="a" length="inf"/>)", "no number"},
      {R"(<vType id="a" vClass="broom"/>)", "no vehicle class"},
      {R"(<trip id="a" from="in" to="out" depart="0"><stop busStop="s" duration="5"/></trip>)", "no busStop s"},
      {R"(<trip id="a" from="in" to="out" depart="0"/><trip id="a" from="in" to="out" depart="0"/>)", "second time"}};
  for (const auto& [text, what] : strange) {
    Network network = network_of(signal_network(40, 90)).value();
    const auto demand = demand_of(network, "<routes>" + std::string(text) + "</routes>");
    ASSERT_FALSE(demand.ok()) << text;
    EXPECT_THAT(demand.error().text(), HasSubstr(what)) << text;
  }
}

TEST(Traffic, TakesTimeForStops) {
  Network network = network_of(signal_network(90, 90)).value();
  const Demand demand = demand_of(network, R"(<routes><vType id="p" sigma="0" speedDev="0"/>
    <trip id="a" type="p" from="in" to="out" depart="0" departSpeed="max"><stop lane="in_0" endPos="500" duration="60"/></trip></routes>)")
                            .value();
  EXPECT_NEAR(run(network, demand).trips[0].arrive_s, 2'010 / 13.89 + 60 + 13.89 / 9 + 13.89 / 5.2, 0.2);
}

TEST(Traffic, TravelsAsPhysicsHasIt) {
  double out = 10;
  EXPECT_NEAR(travel_s(100, 10, 10, out, 2, 4), 10, 1e-9);
  out = 0;
  EXPECT_NEAR(travel_s(75, 0, 10, out, 2, 4), 5 + 2.5 + 3.75, 1e-9);  // 25 m up, 12.5 m down, 37.5 m between
  out = 50;
  EXPECT_NEAR(travel_s(25, 0, 100, out, 2, 4), 5, 1e-9);
  EXPECT_NEAR(out, 10, 1e-9);
}

TEST(Traffic, GivesOffAsPublished) {
  EXPECT_NEAR(emitted(EmissionKind::passenger, 1'000, 72).co2_g, 231 - 181 + 65.75 + 50.52, 1e-6);  // 50 km/h
  EXPECT_EQ(emitted(EmissionKind::nothing, 1'000, 72).co2_g, 0);
  EXPECT_GT(emitted(EmissionKind::passenger, 0, 60).co2_g, 0);  // at rest
}

TEST(Traffic, RunsBolognaLikeSumo) {
  const char* const given = std::getenv("CITYLOOM_SHARED");
  const std::string shared = given == nullptr || *given == 0 ? "../shared/data" : given;
  const std::string base = shared + "/traffic/bologna-pasubio/pasubio";
  if (!std::filesystem::exists(base + ".rou.xml")) GTEST_SKIP() << "the shared data is not there";
  RunOptions options;
  options.net = base + "_buslanes.net.xml";
  options.routes = {base + ".rou.xml"};
  options.additional = {base + "_vtypes.add.xml", base + "_bus_stops.add.xml", base + "_busses.rou.xml",
                        base + "_tls.add.xml"};
  const auto ours = run_traffic(options);
  ASSERT_TRUE(ours.ok()) << ours.error().text();
  EXPECT_EQ(ours->arrived, 8'776u);
  EXPECT_NEAR(ours->duration_s.mean, 336.21, 33.6);  // what SUMO 1.15 has, and a tenth of it
  options.control = Control::max_pressure;
  const auto pressed = run_traffic(options);
  ASSERT_TRUE(pressed.ok());
  EXPECT_LT(pressed->duration_s.mean, 0.95 * ours->duration_s.mean);
}

TEST(Traffic, SaysThatSumoIsMissing) {
  const std::string net = testing::TempDir() + "traffic.net.xml", routes = testing::TempDir() + "traffic.rou.xml";
  pugi::xml_document document;
  document.load_string(signal_network(40, 90).c_str());
  document.save_file(net.c_str());
  document.load_string("<routes/>");
  document.save_file(routes.c_str());
  RunOptions options;
  options.net = net;
  options.routes = {routes};
  options.engine = Engine::sumo;
  options.sumo = "no-such-program";
  const auto report = run_traffic(options);
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error().text(), HasSubstr("Debian package sumo"));
}

}  // namespace
}  // namespace cityloom::model::traffic

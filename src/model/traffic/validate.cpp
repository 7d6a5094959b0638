#include "model/traffic/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "model/traffic/run.hpp"

namespace cityloom::model::traffic {
namespace {

constexpr double whole_s = 90, half_s = 45;  // the cycle of the signals here, and their green

/// Two lines over the same places: ours and the published one.
std::string picture(const std::vector<std::array<double, 3>>& points, const std::string& x, const std::string& y) {
  double x_most = 1e-9, y_most = 1e-9;
  for (const auto& [at, published, ours] : points) {
    x_most = std::max(x_most, at);
    y_most = std::max({y_most, published, ours});
  }
  std::string lines[2];
  for (const auto& point : points) {
    for (size_t i = 0; i < 2; ++i)
      lines[i] += fmt::format("{:.1f},{:.1f} ", 40 + 340 * point[0] / x_most, 210 - 190 * point[i + 1] / y_most);
  }
  return fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 240" font-size="11"><path d="M40 20V210H380" fill="none" stroke="#888"/>)"
      R"(<polyline points="{}" fill="none" stroke="#888" stroke-width="5"/><polyline points="{}" fill="none" stroke="#06c" stroke-width="2"/>)"
      R"(<text x="200" y="232">{} (to {:.4g})</text><text x="44" y="16">{} (to {:.4g}); grey: published, blue: ours</text></svg>)",
      lines[0], lines[1], x, x_most, y, y_most);
}

struct Result {
  Network network;
  Demand demand;
  TrafficOutcome outcome;
};

/// Runs texts that are right.
Result run_texts(std::string net, std::string routes, double end_s) {
  Result result;
  result.network = read_network(XmlFile::parse(std::move(net), "net").value()).value();
  std::vector<XmlFile> files;
  files.push_back(XmlFile::parse(std::move(routes), "routes").value());
  result.demand = read_demand(result.network, files, {}).value();
  MesoscopicOptions options;
  options.end_s = end_s;
  result.outcome = run_mesoscopic(result.network, result.demand, options).value();
  return result;
}

std::string flow_text(const std::string& how) {
  return fmt::format(
      R"(<routes><vType id="p" sigma="0.5" length="5" minGap="2.5" speedDev="0"/><flow id="f" type="p" from="in" to="out")"
      R"( begin="0" end="7200" departSpeed="max" departLane="best" {}/></routes>)",
      how);
}

/// Vehicles a second over the line, once the road is as full as it gets.
double most_flow(double green) {
  const Result result = run_texts(signal_network(green, whole_s), flow_text("vehsPerHour=\"3600\""), 7200);
  uint64_t passed = 0;
  for (const Trip& trip : result.outcome.trips) passed += trip.arrive_s >= 1800 && trip.arrive_s < 1800 + 50 * whole_s;
  return static_cast<double>(passed) / (50 * whole_s);
}

double delay_s(double flow) {
  const Result result =
      run_texts(signal_network(half_s, whole_s), flow_text(fmt::format("period=\"exp({})\"", flow)), 1e9);
  const Result free = run_texts(signal_network(whole_s, whole_s), flow_text("number=\"50\""), 1e9);
  const auto mean = [](const TrafficOutcome& outcome) {
    double sum = 0;
    for (const Trip& trip : outcome.trips) sum += trip.arrive_s - trip.depart_s;
    return sum / static_cast<double>(outcome.trips.size());
  };
  return mean(result.outcome) - mean(free.outcome);
}

void add_signal_cases(Validation& cases) {
  const double open = most_flow(whole_s), saturation = most_flow(half_s) * whole_s / half_s;
  // A road is as fast as its drivers leave gaps: reaction, and the time over a vehicle's room at 13.2 m/s.
  const double expected = 3600 / (1 + 7.5 / 13.24);
  cases.push_back({"a lane that never stops", "vehicles an hour at most",
                   "Krauss, Microscopic Modeling of Traffic Flow (1998): one vehicle each reaction and its own length",
                   "1/h", expected, open * 3600, std::max(0.0, (open * 3600 - expected) / expected), 0.001,
                   "part above", ""});
  std::vector<std::array<double, 3>> points;
  for (const double load : {0.3, 0.5, 0.7, 0.85}) {
    const double flow = load * saturation * half_s / whole_s;
    points.push_back({load, webster_delay_s(whole_s, half_s, flow, saturation), delay_s(flow)});
  }
  const std::string drawn = picture(points, "degree of saturation", "delay, s");
  for (const auto& [load, published, ours] : points)
    // Webster does not count what braking and picking up speed cost: up to 5 s a stop at this speed.
    cases.push_back({fmt::format("a signal at {:.0f} % of what it can pass", 100 * load), "mean delay",
                     "Webster, Traffic Signal Settings (1958)", "s", published, ours, std::abs(ours - published), 5,
                     "s", drawn});
}

void add_city(Validation& cases, const std::string& name, const std::string& shared, bool buses_are_routes) {
  const std::string base = fmt::format("{}/traffic/bologna-{}/{}", shared, name, name);
  if (!std::filesystem::exists(base + "_buslanes.net.xml")) return;
  RunOptions options;
  options.net = base + "_buslanes.net.xml";
  options.routes = {base + ".rou.xml"};
  options.additional = {base + "_vtypes.add.xml", base + "_bus_stops.add.xml", base + "_tls.add.xml"};
  if (buses_are_routes)
    options.routes.push_back(base + "_busses.rou.xml");
  else
    options.additional.insert(options.additional.begin() + 2, base + "_busses.rou.xml");
  const auto ours = run_traffic(options);
  options.engine = Engine::sumo;
  const auto theirs = run_traffic(options);
  if (!ours || !theirs) return;
  const std::vector<std::array<double, 3>> points = {{1, theirs->duration_s.median, ours->duration_s.median},
                                                     {2, theirs->duration_s.mean, ours->duration_s.mean},
                                                     {3, theirs->duration_s.p95, ours->duration_s.p95}};
  cases.push_back({"Bologna " + name, "mean trip time",
                   "SUMO on the same files (Bieker et al., Traffic Simulation for All, 2015)", "s",
                   theirs->duration_s.mean, ours->duration_s.mean,
                   std::abs(ours->duration_s.mean / theirs->duration_s.mean - 1), 0.1, "part",
                   picture(points, "median, mean, 95 %", "trip, s")});
}

}  // namespace

double webster_delay_s(double cycle_s, double green_s, double flow, double saturation) {
  const double share = green_s / cycle_s, load = flow / (share * saturation);
  const double uniform_s = cycle_s * (1 - share) * (1 - share) / (2 * (1 - share * load));
  return 0.9 * (uniform_s + load * load / (2 * flow * (1 - load)));
}

std::string signal_network(double green_s, double cycle_s) {
  const std::string phases = green_s >= cycle_s
                                 ? fmt::format(R"(<phase duration="{}" state="G"/>)", cycle_s)
                                 : fmt::format(R"(<phase duration="{}" state="G"/><phase duration="{}" state="r"/>)",
                                               green_s, cycle_s - green_s);
  return R"(<net><junction id="a" type="dead_end" incLanes="" intLanes=""/><junction id="b" type="traffic_light" incLanes="in_0" intLanes=":b_0_0"/>)"
         R"(<edge id=":b_0" function="internal"><lane id=":b_0_0" index="0" speed="13.89" length="10"/></edge>)"
         R"(<edge id="in" from="a" to="b"><lane id="in_0" index="0" speed="13.89" length="1000"/></edge>)"
         R"(<edge id="out" from="b" to="a"><lane id="out_0" index="0" speed="13.89" length="1000"/></edge>)"
         R"(<connection from="in" to="out" fromLane="0" toLane="0" via=":b_0_0" tl="b" linkIndex="0" dir="s" state="O"/>)"
         R"(<tlLogic id="b" type="static" programID="0" offset="0">)" +
         phases + "</tlLogic></net>";
}

Validation validate_traffic() {
  Validation cases;
  add_signal_cases(cases);
  if (const char* shared = std::getenv("CITYLOOM_SHARED"); shared != nullptr) {
    add_city(cases, "acosta", shared, true);
    add_city(cases, "pasubio", shared, false);
  }
  return cases;
}

}  // namespace cityloom::model::traffic

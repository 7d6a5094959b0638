// A day: the same messages from the same seed, cars that keep apart and stop at red, sensors as noisy as asked for.
#include "rehearsal/day.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>
#include <utility>

#include "rehearsal/testing/digests.hpp"

namespace cityloom::rehearsal {
namespace {

using nlohmann::json;

CityModel model_of(uint64_t seed, uint64_t buildings) {
  CitySpec spec;
  spec.seed = seed;
  spec.buildings = buildings;
  const auto plan = CityPlan::make(spec);
  EXPECT_TRUE(plan.ok());
  return CityModel::of_plan(*plan);
}

DayOptions options_of(uint32_t vehicles, uint32_t devices) {
  DayOptions options;
  options.traffic.vehicles = vehicles;
  options.traffic.pedestrians = vehicles / 2;
  options.devices = devices;
  options.start = *base::Instant::parse("2026-03-02T08:00:00+09:00");
  options.warm_up_s = 120;
  return options;
}

uint64_t digest_of(const CityModel& model, int seconds) {
  Day day(model, options_of(150, 200));
  uint64_t digest = 0;
  for (int n = 0; n < seconds; ++n) {
    for (const Message& message : day.step(Bundling::device)) {
      digest = XXH3_64bits_withSeed(message.topic.data(), message.topic.size(), digest);
      digest = XXH3_64bits_withSeed(message.payload.data(), message.payload.size(), digest);
    }
  }
  return digest;
}

TEST(Day, SameSeedSameHour) {
  const CityModel model = model_of(2, 700);
  const uint64_t digest = digest_of(model, 3'600);
  EXPECT_EQ(digest, digest_of(model, 3'600));
  EXPECT_NE(digest, digest_of(model_of(3, 700), 3'600));
}

// The truth of `cityloom rehearse --seed 5 --buildings 300 ...` as tests/end_to_end/rehearsal_test.py asks for it.
TEST(Day, TruthIsThatOfEveryCompiler) {
  const CityModel model = model_of(5, 300);
  DayOptions options = options_of(60, 150);
  options.traffic.pedestrians = 150;
  options.warm_up_s = DayOptions().warm_up_s;
  const std::string path = ::testing::TempDir() + "rehearsal_truth.ndjson";
  const auto truth = Truth::open(path);
  ASSERT_TRUE(truth.ok());
  Day day(model, options);
  for (int n = 0; n < 60; ++n) (void)day.step(Bundling::device, truth->get());
  ASSERT_TRUE((*truth)->finish().ok());
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_GT(text.size(), 100'000u);
  EXPECT_EQ(testing::digest(text), testing::known_digest("truth"));
}

TEST(Day, MessagesAreJsonOfTheirKind) {
  const CityModel model = model_of(2, 700);
  Day day(model, options_of(120, 300));
  std::map<std::string, size_t> kinds;
  size_t readings = 0;
  for (int n = 0; n < 400; ++n) {
    for (const Message& message : day.step(Bundling::gateway)) {
      const json body = json::parse(message.payload, nullptr, false);
      ASSERT_FALSE(body.is_discarded()) << message.payload;
      ASSERT_EQ(body["readings"].size(), message.readings);
      ASSERT_LE(message.readings, 1'000u);
      kinds[message.topic.substr(10, message.topic.find('/', 10) - 10)] += message.readings;
      readings += message.readings;
      for (const json& reading : body["readings"])
        ASSERT_TRUE(base::Instant::parse(reading["t"].get<std::string>()).ok());
    }
  }
  EXPECT_EQ(readings, day.readings_sent());
  for (const char* kind : {"vehicle", "pedestrian", "camera", "air", "weather", "rain", "river", "parking", "traffic",
                           "noise", "energy", "water", "alarm", "signal"}) {
    EXPECT_GT(kinds[kind], 0u) << kind;
  }
}

TEST(Traffic, CarsKeepApartBelowTheLimitAndStopAtRed) {
  const CityModel model = model_of(5, 1'200);
  TrafficOptions options;
  options.vehicles = 900;
  options.pedestrians = 100;
  options.cruising_share = 0.8;
  Traffic traffic(model, options);
  const int64_t start = 1'772'000'000;
  std::vector<std::pair<uint32_t, double>> before(options.vehicles, {no_index, 0});
  std::set<uint32_t> moved;
  size_t most = 0, over_red = 0;
  for (int64_t second = start; second < start + 1'500; ++second) {
    traffic.step(second);
    std::unordered_map<uint32_t, std::vector<double>> lanes;
    for (uint32_t car = 0; car < options.vehicles; ++car) {
      if (!traffic.is_driving(car)) {
        before[car] = {no_index, 0};
        continue;
      }
      const Sighting seen = traffic.vehicle(car);
      ASSERT_NE(seen.edge, no_index);
      ASSERT_LE(seen.speed_mps, static_cast<double>(model.street_of(seen.edge).speed_mps) + 1e-4);
      lanes[traffic.lane_of(car)].push_back(traffic.along_m(car));
      // On the street, or on the curve over its junction.
      const double aside_m = length(seen.at - model.point_on(seen.edge, traffic.along_m(car)));
      ASSERT_LT(aside_m, 26) << "car " << car;
      if (seen.speed_mps > 0.5) moved.insert(car);
      const auto [edge, along_m] = before[car];
      if (edge != no_index && edge != seen.edge) {
        // It has left a street: it had green or amber, or was over the line already.
        const double radius_m = std::min(static_cast<double>(model.junctions[model.head(edge)].radius_m),
                                         static_cast<double>(model.street_of(edge).length_m) * 0.35);
        const double line_m = static_cast<double>(model.street_of(edge).length_m) - radius_m;
        if (along_m <= line_m + 0.01 && model.light(edge, second) == Light::red) ++over_red;
      }
      before[car] = {seen.edge, traffic.along_m(car)};
    }
    for (auto& [lane, places] : lanes) {
      std::sort(places.begin(), places.end());
      for (size_t n = 1; n < places.size(); ++n)
        ASSERT_GE(places[n] - places[n - 1], vehicle_length_m) << "second " << second;
    }
    most = std::max<size_t>(most, traffic.driving_count());
  }
  EXPECT_EQ(over_red, 0u);
  EXPECT_GT(most, 200u);
  EXPECT_GT(moved.size(), 400u);
}

// The direction in which an edge ends or begins.
Point direction(const CityModel& model, uint32_t edge, bool at_end) {
  return model.direction_on(edge, at_end ? static_cast<double>(model.street_of(edge).length_m) : 0);
}

TEST(Traffic, WhoTurnsLeftLetsOncomingCarsPass) {
  const CityModel model = model_of(5, 1'200);
  TrafficOptions options;
  options.vehicles = 900;
  options.pedestrians = 0;
  options.cruising_share = 0.9;
  Traffic traffic(model, options);
  struct Passed {
    int64_t second;
    Point along;
  };
  std::map<uint32_t, std::vector<Passed>> left, straight;  // by junction
  std::vector<uint32_t> before(options.vehicles, no_index);
  const int64_t start = 1'772'000'000;
  for (int64_t second = start; second < start + 1'800; ++second) {
    traffic.step(second);
    for (uint32_t car = 0; car < options.vehicles; ++car) {
      const uint32_t edge = traffic.is_driving(car) ? traffic.vehicle(car).edge : no_index;
      const uint32_t last = std::exchange(before[car], edge);
      if (edge == no_index || last == no_index || edge == last || model.head(last) != model.tail(edge)) continue;
      const Point from = direction(model, last, true);
      (cross(from, direction(model, edge, false)) > 0.5 ? left : straight)[model.head(last)].push_back({second, from});
    }
  }
  size_t turns = 0, cut = 0;
  for (const auto& [junction, passed] : left) {
    for (const Passed& turn : passed) {
      ++turns;
      for (const Passed& other : straight[junction]) {
        cut += dot(turn.along, other.along) < -0.7 && std::abs(turn.second - other.second) < 2 ? 1 : 0;
      }
    }
  }
  EXPECT_GT(turns, 300u);
  EXPECT_LE(cut, turns / 50) << "of " << turns;
}

TEST(Traffic, WalkersWalkAndCrossWhileTheirLightIsGreen) {
  const CityModel model = model_of(5, 1'200);
  TrafficOptions options;
  options.vehicles = 0;
  options.pedestrians = 400;
  Traffic traffic(model, options);
  std::vector<Sighting> before(options.pedestrians);
  std::vector<double> walked(options.pedestrians);
  size_t crossed = 0, over_red = 0, steps = 0;
  for (int64_t second = 1'772'000'000; second < 1'772'003'000; ++second) {
    traffic.step(second);
    for (uint32_t walker = 0; walker < options.pedestrians; ++walker) {
      const Sighting seen = traffic.is_walking(walker) ? traffic.pedestrian(walker) : Sighting();
      const Sighting last = std::exchange(before[walker], seen);
      const double was_m = std::exchange(walked[walker], traffic.walked_m(walker));
      if (seen.edge == no_index || last.edge == no_index) continue;
      ++steps;
      // Streets bend a little where they meet, and corners are rounded off.
      ASSERT_LT(length(seen.at - last.at), 9) << "walker " << walker << " jumps from " << was_m;
      if (seen.edge != last.edge || !model.junctions[model.head(seen.edge)].has_signals) continue;
      const double long_m = static_cast<double>(model.street_of(seen.edge).length_m);
      // Who turns right leaves before this, in the middle of the street that is met.
      const double middle_m = long_m - 2;
      if (was_m >= middle_m || walked[walker] < middle_m) continue;
      ++crossed;
      over_red += model.light(seen.edge, second) == Light::green ? 0 : 1;
    }
  }
  EXPECT_GT(steps, 10'000u);
  EXPECT_GT(crossed, 20u);
  EXPECT_EQ(over_red, 0u);
}

TEST(Traffic, AClosedStreetIsNotEnteredByWhoSetsOut) {
  const CityModel model = model_of(5, 1'200);
  TrafficOptions options;
  options.vehicles = 300;
  options.cruising_share = 1;
  Traffic traffic(model, options);
  const uint32_t closed = 4;
  traffic.set_closed(closed, true);
  size_t through = 0;
  std::vector<uint32_t> before(options.vehicles, no_index);
  for (int64_t second = 1'772'000'000; second < 1'772'000'600; ++second) {
    traffic.step(second);
    for (uint32_t car = 0; car < options.vehicles; ++car) {
      const uint32_t edge = traffic.is_driving(car) ? traffic.vehicle(car).edge : no_index;
      const bool comes_in = edge != no_index && edge / 2 == closed && before[car] != no_index && before[car] != edge;
      if (comes_in && model.places[traffic.goal(car)].street != closed) ++through;
      before[car] = edge;
    }
  }
  EXPECT_EQ(through, 0u);
}

TEST(Sensors, AreAsNoisyAsAskedFor) {
  const CityModel model = model_of(2, 700);
  Traffic traffic(model, {});
  Device device;
  device.kind = DeviceKind::weather;
  const Weather weather = weather_at(model.seed, 1'772'000'000);
  for (const double factor : {0.0, 1.0, 3.0}) {
    Faults faults{factor, 0, 0, 0, 0};
    double sum = 0, squares = 0;
    constexpr int count = 6'000;
    for (int n = 0; n < count; ++n) {
      const auto measured =
          measure(model, device, traffic, weather, 0, {}, faults, 1'772'000'000, 1'772'000'000 + n * 61);
      ASSERT_FALSE(measured.empty());
      const double error = measured[0].said - measured[0].truth;
      sum += error;
      squares += error * error;
    }
    const double spread = std::sqrt(squares / count);
    EXPECT_NEAR(sum / count, 0, 0.06 + 0.01 * factor);
    // Rounding to tenths adds up to 0.05.
    if (factor == 0) {
      EXPECT_LE(spread, 0.0501);
    } else {
      EXPECT_NEAR(spread, std::sqrt(0.12 * 0.12 * factor * factor + 0.029 * 0.029), 0.02 * factor);
    }
  }
}

TEST(Sensors, AreSilentLateAndTwiceAsOftenAsAskedFor) {
  const CityModel model = model_of(2, 700);
  const auto count = [&](const Faults& faults) {
    DayOptions options = options_of(0, 300);
    options.faults = faults;
    Day day(model, options);
    size_t late = 0, all = 0, twice = 0;
    std::set<std::string> heard;
    for (int n = 0; n < 1'200; ++n) {
      for (const Message& message : day.step(Bundling::device)) {
        if (message.topic.starts_with("rehearsal/signal")) continue;
        ++all;
        const auto time = *base::Instant::parse(json::parse(message.payload)["readings"][0]["t"].get<std::string>());
        if (time < day.now()) ++late;
        if (!heard.insert(message.topic + message.payload).second) ++twice;
      }
    }
    return std::array<double, 3>{static_cast<double>(all), static_cast<double>(late), static_cast<double>(twice)};
  };
  const auto perfect = count({0, 0, 0, 0, 0});
  EXPECT_EQ(perfect[1], 0);
  EXPECT_EQ(perfect[2], 0);
  const auto late = count({1, 1, 0, 0.1, 0});
  EXPECT_NEAR(late[1] / late[0], 0.09, 0.03);
  const auto twice = count({1, 1, 0, 0, 0.2});
  EXPECT_NEAR(twice[2] / perfect[0], 0.2, 0.04);
  const auto silent = count({1, 1, 0.5, 0, 0});
  EXPECT_NEAR(silent[0] / perfect[0], 0.5, 0.12);
}

TEST(Meters, RegistersAreTheSumOfWhatFlowed) {
  const CityModel model = model_of(2, 700);
  Traffic traffic(model, {});
  Device device;
  device.kind = DeviceKind::energy;
  device.place = 17;
  double flowed_kwh = 0, first = -1, last = 0;
  for (int64_t second = 1'772'000'000; second <= 1'772'086'400; second += 60) {
    const Weather weather = weather_at(model.seed, second);
    const auto measured = measure(model, device, traffic, weather, 0, {}, {0, 0, 0, 0, 0}, second, second);
    ASSERT_EQ(measured.size(), 2u);
    ASSERT_GE(measured[1].truth, last);
    if (first < 0) {
      first = measured[1].truth;
    } else {
      flowed_kwh += measured[0].truth / 60;
    }
    last = measured[1].truth;
  }
  EXPECT_NEAR(last - first, flowed_kwh, 1e-6);
  EXPECT_GT(flowed_kwh, 1);
}

TEST(Truth, AgreesWithWhatIsSaidWhereThereAreNoFaults) {
  const CityModel model = model_of(2, 700);
  DayOptions options = options_of(60, 100);
  options.faults = {0, 0, 0, 0, 0};
  Day day(model, options);
  const std::string path = ::testing::TempDir() + "rehearsal-truth.ndjson";
  std::map<std::string, json> said;
  {
    auto truth = Truth::open(path);
    ASSERT_TRUE(truth.ok());
    for (int n = 0; n < 300; ++n) {
      for (const Message& message : day.step(Bundling::gateway, truth->get())) {
        const json body = json::parse(message.payload);
        const std::string kind = message.topic.substr(10, message.topic.find('/', 10) - 10);
        for (const json& reading : body["readings"]) {
          said[kind + "/" + reading["id"].get<std::string>() + " " + reading["t"].get<std::string>()] = reading;
        }
      }
    }
    ASSERT_TRUE((*truth)->finish().ok());
  }
  std::ifstream file(path);
  size_t compared = 0, vehicles = 0;
  for (std::string line; std::getline(file, line);) {
    const json truth = json::parse(line, nullptr, false);
    ASSERT_FALSE(truth.is_discarded()) << line;
    if (truth["kind"] == "vehicle") {
      const auto found =
          said.find("vehicle/" + std::to_string(truth["vehicle"].get<int>()) + " " + truth["t"].get<std::string>());
      ASSERT_NE(found, said.end());
      EXPECT_NEAR(found->second["lon"].get<double>(), truth["lon"].get<double>(), 1e-6);
      ++vehicles;
    }
    if (truth["kind"] != "reading" || truth["device"].get<std::string>().starts_with("signal")) continue;
    const auto found = said.find(truth["device"].get<std::string>() + " " + truth["t"].get<std::string>());
    ASSERT_NE(found, said.end()) << line;
    for (const auto& [name, value] : truth.items()) {
      if (!value.is_number() || name == "intensity" || name == "vehicles" || name == "people") continue;
      EXPECT_NEAR(value.get<double>(), found->second[name].get<double>(), 0.51) << line;
      ++compared;
    }
  }
  std::remove(path.c_str());
  EXPECT_GT(compared, 100u);
  EXPECT_GT(vehicles, 1'000u);
}

TEST(Incidents, AccidentsAndAlarmsHappenEachDay) {
  const CityModel model = model_of(2, 700);
  const auto incidents = incidents_of(model, 20'514);
  size_t accidents = 0, alarms = 0;
  for (const Incident& incident : incidents) {
    EXPECT_LT(incident.from_s, incident.until_s);
    accidents += incident.kind == Incident::Kind::accident ? 1 : 0;
    alarms += incident.kind == Incident::Kind::fire_alarm ? 1 : 0;
  }
  EXPECT_GE(accidents, 1u);
  EXPECT_GE(alarms, 1u);
}

}  // namespace
}  // namespace cityloom::rehearsal

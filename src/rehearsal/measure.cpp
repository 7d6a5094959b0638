// What devices truly see, and what they make of it.
#include <algorithm>
#include <array>
#include <cmath>

#include "rehearsal/devices.hpp"

namespace cityloom::rehearsal {
namespace {

constexpr int64_t outage_hour_s = 3'600;

/// A reading's usual error: noise of each reading, drift a day, both in the unit of the value (or shares of it).
struct ErrorSize {
  double noise = 0, drift = 0;
  bool is_share = false;
};

class Gauge {
 public:
  Gauge(const CityModel& model, const Device& device, const Faults& faults, int64_t started_s, int64_t local_s)
      : faults_(faults),
        chance_(model.seed, Purpose::noise, {static_cast<int64_t>(device.kind), device.number, local_s}),
        days_(static_cast<double>(local_s - started_s) / 86'400) {
    // Each device drifts its own way.
    Chance own(model.seed, Purpose::sensor, {static_cast<int64_t>(device.kind), device.number});
    bias_ = own.normal();
  }

  void add(std::string_view name, double truth, ErrorSize error, int decimals, double least, double most) {
    const double size = error.is_share ? std::abs(truth) : 1;
    double said = truth + chance_.normal() * error.noise * faults_.noise * size +
                  bias_ * error.drift * faults_.drift * days_ * size;
    said = std::clamp(said, least, most);
    constexpr std::array<double, 7> scales{1, 10, 100, 1e3, 1e4, 1e5, 1e6};
    const double scale = scales[static_cast<size_t>(decimals)];
    made_.push_back({name, truth, std::round(said * scale) / scale, decimals});
  }
  void exact(std::string_view name, double value, int decimals = 0) { put(name, value, value, decimals); }
  void put(std::string_view name, double truth, double said, int decimals) {
    made_.push_back({name, truth, said, decimals});
  }
  Chance& chance() { return chance_; }
  std::vector<Measured> take() { return std::move(made_); }

 private:
  const Faults& faults_;
  Chance chance_;
  double days_ = 0, bias_ = 0;
  std::vector<Measured> made_;
};

double near_traffic(const CityModel& model, const Traffic& traffic, uint32_t street) {
  if (street == no_index) return 0;
  double cars = traffic.on_edge(street * 2);
  if (model.is_open(street * 2 + 1)) cars += traffic.on_edge(street * 2 + 1);
  return cars;
}

void measure_air(const CityModel& model, const Device& device, const Traffic& traffic, const Weather& weather,
                 int64_t local_s, Gauge& gauge) {
  const uint64_t key = Chance(model.seed, Purpose::sensor, {77}).bits();
  const double regional = 19 + 13 * smooth_noise(key, static_cast<double>(local_s) / 40'000) +
                          5 * smooth_noise(key + 1, device.at.x / 2'500, device.at.y / 2'500);
  const double washed = 1 / (1 + weather.rain_mm_per_h * 0.3);
  const double street = near_traffic(model, traffic, device.street);
  const double pm25 = std::max(2.0, (regional + 10 * busyness(local_s) + 0.8 * street) * washed);
  const double no2 = std::max(0.002, 0.008 + 0.02 * busyness(local_s) + 0.0012 * street);
  gauge.add("pm25", pm25, {0.06, 0.01, true}, 1, 0, 1'000);
  gauge.add("pm10", pm25 * 1.7 + 6, {0.07, 0.01, true}, 1, 0, 2'000);
  gauge.add("no2", no2, {0.05, 0.01, true}, 4, 0, 2);
  gauge.add("o3", std::max(0.003, 0.02 + 0.035 * weather.light_share - no2 * 0.3), {0.05, 0.01, true}, 4, 0, 1);
  gauge.add("co", 0.25 + 8 * no2, {0.05, 0.01, true}, 2, 0, 50);
}

void measure_weather(const Device& device, const Weather& weather, Gauge& gauge) {
  const double local_c = std::clamp(1 - length(device.at) / 8'000, 0.0, 1.0) * 0.9;  // towns are warmer in their middle
  gauge.add("temperature", weather.temperature_c + local_c, {0.12, 0.02, false}, 1, -40, 60);
  gauge.add("humidity", weather.humidity_percent, {0.8, 0.05, false}, 0, 0, 100);
  gauge.add("pressure", weather.pressure_hpa, {0.1, 0.01, false}, 1, 850, 1'090);
  gauge.add("wind", weather.wind_mps, {0.15, 0, false}, 1, 0, 90);
  gauge.add("wind_from", weather.wind_from_deg, {4, 0, false}, 0, 0, 359);
  gauge.add("light", weather.light_share * 980, {0.02, 0, true}, 0, 0, 1'500);
}

void measure_traffic(const CityModel& model, const Device& device, Traffic& traffic, Gauge& gauge) {
  StreetCount count = traffic.take_count(device.street * 2);
  if (model.is_open(device.street * 2 + 1)) {
    const StreetCount back = traffic.take_count(device.street * 2 + 1);
    count.passed += back.passed;
    count.speed_sum_mps += back.speed_sum_mps;
    count.seconds += back.seconds;
  }
  // A loop misses a car in a hundred.
  uint32_t seen = 0;
  for (uint32_t n = 0; n < count.passed; ++n) seen += gauge.chance().happens(0.99) ? 1 : 0;
  const double per_minute = 60.0 / device.period_s;
  gauge.put("intensity", count.passed * per_minute, seen * per_minute, 0);
  if (count.seconds > 0) {
    gauge.add("speed", static_cast<double>(count.speed_sum_mps) / count.seconds * 3.6, {0.02, 0, true}, 1, 0, 200);
  }
  const Street& street = model.streets[device.street];
  const double room = static_cast<double>(street.length_m) * street.lanes * (street.is_oneway ? 1 : 2) / 6.5;
  const double share = static_cast<double>(count.seconds) / device.period_s / std::max(1.0, room);
  gauge.add("occupancy", std::min(1.0, share), {0.01, 0, false}, 3, 0, 1);
}

void measure_parking(const CityModel& model, const Device& device, int64_t local_s, Gauge& gauge) {
  const uint64_t key = Chance(model.seed, Purpose::sensor, {88, device.number}).bits();
  const double share = 0.18 + 0.62 * busyness(local_s) + 0.2 * smooth_noise(key, static_cast<double>(local_s) / 1'500);
  const double taken = std::round(std::clamp(share, 0.0, 1.0) * device.capacity);
  gauge.exact("total", device.capacity);
  gauge.exact("free", device.capacity - taken);
}

void measure_noise(const CityModel& model, const Device& device, const Traffic& traffic, int64_t local_s,
                   Gauge& gauge) {
  // Ten decibels for ten times the cars, drawn by a curve through the same points.
  const double cars = near_traffic(model, traffic, device.street);
  const double street_db = cars <= 0 ? 0 : 6 + 14 * cars / (cars + 9);
  gauge.add("laeq", 43 + 11 * busyness(local_s) + street_db, {0.7, 0.05, false}, 1, 20, 130);
}

void measure_river(const CityModel& model, const Device& device, double standing_mm,
                   const std::vector<Incident>& incidents, int64_t local_s, Gauge& gauge) {
  double level_m = 1.4 + standing_mm * 0.045;
  if (device.street != no_index) {
    level_m = 0;
    for (const Incident& incident : incidents) {
      if (incident.street != device.street || incident.kind != Incident::Kind::flooded_underpass) continue;
      if (local_s < incident.from_s || local_s >= incident.until_s) continue;
      level_m = std::min(1.1, static_cast<double>(local_s - incident.from_s) / 1'800);
    }
  } else {
    const uint64_t key = Chance(model.seed, Purpose::sensor, {99}).bits();
    level_m += 0.12 * smooth_noise(key, static_cast<double>(local_s) / 20'000);
  }
  gauge.add("level", level_m, {0.008, 0.002, false}, 3, 0, 30);
}

void measure_camera(const CityModel& model, const Device& device, const Traffic& traffic, int64_t local_s,
                    Gauge& gauge) {
  const double cars = near_traffic(model, traffic, device.street);
  double seen = 0;
  for (double n = 0; n < cars; ++n) seen += gauge.chance().happens(0.96) ? 1 : 0;
  gauge.put("vehicles", cars, seen, 0);
  const uint64_t key = Chance(model.seed, Purpose::sensor, {66, device.number}).bits();
  const double people =
      std::max(0.0, std::round((6 + 5 * smooth_noise(key, static_cast<double>(local_s) / 600)) * busyness(local_s)));
  gauge.put("people", people, std::max(0.0, people + std::round(gauge.chance().normal() * 0.6)), 0);
}

void measure_meter(const CityModel& model, Device& device, const Weather& weather, int64_t local_s, Gauge& gauge) {
  const bool is_energy = device.kind == DeviceKind::energy;
  const double rate = is_energy ? power_kw(model, device.place, local_s, weather.temperature_c)
                                : water_m3_per_h(model, device.place, local_s);
  if (device.last_s > 0) device.total += rate * static_cast<double>(local_s - device.last_s) / 3'600;
  device.last_s = local_s;
  gauge.add(is_energy ? "power" : "flow", rate, {0.005, 0.0005, true}, 3, 0, 1e6);
  // The register counts what passed; its own error is of the meter's class, and the same all its life.
  gauge.exact(is_energy ? "energy" : "volume", device.total, 3);
}

void measure_signal(const CityModel& model, const Device& device, int64_t local_s, Gauge& gauge) {
  // Of both directions; said only when it changes.
  const Junction& junction = model.junctions[device.junction];
  for (uint32_t n = 0; n < junction.edges; ++n) {
    const uint32_t edge = model.edges_out[junction.first_edge + n] ^ 1;
    if (model.signal_groups[edge] != 0) continue;
    const auto now = static_cast<double>(model.light(edge, local_s));
    if (now == static_cast<double>(model.light(edge, local_s - 1)) && device.total != 0) return;
    int64_t lasts_s = 1;
    while (lasts_s < junction.cycle_s && static_cast<double>(model.light(edge, local_s + lasts_s)) == now) ++lasts_s;
    gauge.exact("light", now);
    gauge.exact("duration", static_cast<double>(lasts_s));
    return;
  }
}

}  // namespace

double power_kw(const CityModel& model, uint32_t place, int64_t local_s, double temperature_c) {
  const Place& at = model.places[place];
  const uint64_t key = Chance(model.seed, Purpose::sensor, {55, place}).bits();
  const double wobble = 1 + 0.35 * smooth_noise(key, static_cast<double>(local_s) / 1'800);
  const double evening = busyness(local_s - 2 * 3'600);
  const double comfort = 1 + std::max(0.0, std::abs(temperature_c - 18) - 4) * 0.03;
  const double homes = at.residents * (0.12 + 0.22 * evening), work = at.jobs * (0.15 + 0.75 * busyness(local_s));
  return (0.3 + homes + work + at.places * 0.05 * busyness(local_s)) * wobble * comfort;
}

double water_m3_per_h(const CityModel& model, uint32_t place, int64_t local_s) {
  const Place& at = model.places[place];
  const uint64_t key = Chance(model.seed, Purpose::sensor, {56, place}).bits();
  const double wobble = 1 + 0.6 * smooth_noise(key, static_cast<double>(local_s) / 900);
  return (at.residents * 0.0145 * (0.25 + busyness(local_s)) + at.jobs * 0.004 * busyness(local_s)) * wobble;
}

std::vector<Measured> measure(const CityModel& model, Device& device, Traffic& traffic, const Weather& weather,
                              double standing_mm, const std::vector<Incident>& incidents, const Faults& faults,
                              int64_t started_s, int64_t local_s) {
  Gauge gauge(model, device, faults, started_s, local_s);
  switch (device.kind) {
    case DeviceKind::camera:
      measure_camera(model, device, traffic, local_s, gauge);
      break;
    case DeviceKind::air:
      measure_air(model, device, traffic, weather, local_s, gauge);
      break;
    case DeviceKind::weather:
      measure_weather(device, weather, gauge);
      break;
    case DeviceKind::rain:
      gauge.add("rain", weather.rain_mm_per_h, {0.04, 0, true}, 1, 0, 300);
      break;
    case DeviceKind::river:
      measure_river(model, device, standing_mm, incidents, local_s, gauge);
      break;
    case DeviceKind::parking:
      measure_parking(model, device, local_s, gauge);
      break;
    case DeviceKind::traffic:
      measure_traffic(model, device, traffic, gauge);
      break;
    case DeviceKind::noise:
      measure_noise(model, device, traffic, local_s, gauge);
      break;
    case DeviceKind::energy:
    case DeviceKind::water:
      measure_meter(model, device, weather, local_s, gauge);
      break;
    case DeviceKind::signal:
      measure_signal(model, device, local_s, gauge);
      break;
    case DeviceKind::alarm: {
      bool rings = false;
      for (const Incident& incident : incidents) {
        rings = rings || (incident.place == device.place && local_s >= incident.from_s && local_s < incident.until_s);
      }
      gauge.exact("alarm", rings ? 1 : 0);
      break;
    }
  }
  // A device that says nothing for an hour still counts: its registers and the street's counters have moved on above.
  Chance outage(model.seed, Purpose::delivery,
                {static_cast<int64_t>(device.kind), device.number, local_s / outage_hour_s});
  if (device.kind != DeviceKind::signal && outage.happens(faults.outage_share)) return {};
  return gauge.take();
}

}  // namespace cityloom::rehearsal

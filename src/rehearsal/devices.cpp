// Where devices stand.
#include "rehearsal/devices.hpp"

#include <algorithm>
#include <array>

namespace cityloom::rehearsal {
namespace {

struct KindRow {
  std::string_view name;
  double share;  // of all devices
  uint32_t least;
  uint16_t period_s;
};

constexpr std::array<KindRow, device_kind_count> kinds{{{"camera", 0.1, 2, 10},
                                                        {"air", 0.06, 2, 60},
                                                        {"weather", 0.02, 1, 60},
                                                        {"rain", 0.02, 1, 60},
                                                        {"river", 0.01, 2, 30},
                                                        {"parking", 0.08, 2, 30},
                                                        {"traffic", 0.14, 3, 20},
                                                        {"noise", 0.07, 2, 15},
                                                        {"energy", 0.28, 4, 60},
                                                        {"water", 0.18, 3, 60},
                                                        {"alarm", 0.04, 1, 300},
                                                        {"signal", 0, 0, 1}}};

class Placer {
 public:
  Placer(const CityModel& model, uint32_t count) : model_(model), count_(count) {}

  std::vector<Device> place() {
    for (size_t kind = 0; kind < device_kind_count; ++kind) {
      const KindRow& row = kinds[kind];
      auto wanted = static_cast<uint32_t>(static_cast<double>(count_) * row.share);
      if (count_ >= 40) wanted = std::max(wanted, row.least);
      for (uint32_t number = 0; number < wanted; ++number) one(static_cast<DeviceKind>(kind), number);
    }
    uint32_t signals = 0;
    for (uint32_t junction = 0; junction < model_.junctions.size() && signals < count_; ++junction) {
      if (!model_.junctions[junction].has_signals) continue;
      Device& device = made_.emplace_back();
      device.kind = DeviceKind::signal;
      device.number = signals++;
      device.junction = junction;
      device.at = model_.junctions[junction].at;
      device.period_s = 1;
    }
    return std::move(made_);
  }

 private:
  void one(DeviceKind kind, uint32_t number) {
    Chance chance(model_.seed, Purpose::devices, {static_cast<int64_t>(kind), number});
    Device device;
    device.kind = kind;
    device.number = number;
    device.period_s = kinds[static_cast<size_t>(kind)].period_s;
    device.offset_s = static_cast<uint16_t>(chance.below(device.period_s));
    const bool is_at_street = kind == DeviceKind::camera || kind == DeviceKind::traffic || kind == DeviceKind::noise ||
                              kind == DeviceKind::air;
    if (kind == DeviceKind::river) {
      if (number >= 2 * model_.river.size() + underpasses()) return;
      if (number < model_.river.size()) {
        device.at = model_.river[number];
      } else if (!at_underpass(device, number - static_cast<uint32_t>(model_.river.size()))) {
        return;
      }
    } else if (is_at_street ? !at_street(device, chance) : !at_place(device, chance)) {
      return;
    }
    if (kind == DeviceKind::parking) device.capacity = static_cast<uint16_t>(20 + chance.below(180));
    if (kind == DeviceKind::energy || kind == DeviceKind::water) device.total = std::floor(chance.between(100, 9'000));
    made_.push_back(device);
  }

  uint32_t underpasses() const {
    return static_cast<uint32_t>(std::count_if(model_.streets.begin(), model_.streets.end(),
                                               [](const Street& street) { return street.is_underpass; }));
  }

  bool at_underpass(Device& device, uint32_t rank) const {
    for (uint32_t street = 0; street < model_.streets.size(); ++street) {
      if (!model_.streets[street].is_underpass || rank-- > 0) continue;
      device.street = street;
      device.at = model_.point_on(street * 2, static_cast<double>(model_.streets[street].length_m) / 2);
      return true;
    }
    return false;
  }

  // Main streets rather than side streets: of three, the fastest.
  bool at_street(Device& device, Chance& chance) const {
    if (model_.streets.empty()) return false;
    const auto count = static_cast<uint32_t>(model_.streets.size());
    device.street = chance.below(count);
    for (int n = 0; n < 2; ++n) {
      const uint32_t other = chance.below(count);
      if (model_.streets[other].speed_mps > model_.streets[device.street].speed_mps) device.street = other;
    }
    const Street& street = model_.streets[device.street];
    const double along_m = static_cast<double>(street.length_m) * chance.between(0.3, 0.7);
    const Point aside = left_of(model_.direction_on(device.street * 2, along_m));
    device.at = model_.point_on(device.street * 2, along_m) + aside * (static_cast<double>(street.half_width_m) + 1.5);
    return true;
  }

  bool at_place(Device& device, Chance& chance) {
    if (model_.places.empty()) return false;
    const auto count = static_cast<uint32_t>(model_.places.size());
    // Meters: each in a building of its own, as far as there are.
    if (device.kind == DeviceKind::energy || device.kind == DeviceKind::water) {
      device.place = static_cast<uint32_t>((static_cast<uint64_t>(device.number) * 7'919 + 13) % count);
    } else {
      device.place = chance.below(count);
      for (int n = 0; n < 6 && model_.places[device.place].jobs < 20; ++n) device.place = chance.below(count);
    }
    device.at = model_.places[device.place].at;
    return true;
  }

  const CityModel& model_;
  uint32_t count_;
  std::vector<Device> made_;
};

}  // namespace

std::string_view name_of(DeviceKind kind) {
  return kinds[static_cast<size_t>(kind)].name;
}

std::string_view name_of(Incident::Kind kind) {
  switch (kind) {
    case Incident::Kind::accident:
      return "accident";
    case Incident::Kind::fire_alarm:
      return "fire_alarm";
    case Incident::Kind::flooded_underpass:
      break;
  }
  return "flooded_underpass";
}

std::vector<Device> place_devices(const CityModel& model, uint32_t count) {
  return Placer(model, count).place();
}

std::vector<Incident> incidents_of(const CityModel& model, int64_t day) {
  std::vector<Incident> made;
  Chance chance(model.seed, Purpose::incidents, {day});
  const auto draw = [&](Incident::Kind kind, int64_t shortest_s, int64_t longest_s) -> Incident& {
    Incident& incident = made.emplace_back();
    incident.kind = kind;
    incident.from_s = day * 86'400 + static_cast<int64_t>(chance.between(6, 22) * 3'600);
    incident.until_s = incident.from_s + shortest_s + chance.below(static_cast<uint32_t>(longest_s - shortest_s));
    return incident;
  };
  const size_t accidents = model.streets.empty() ? 0 : 2 + model.streets.size() / 2'000;
  for (size_t n = 0; n < accidents; ++n) {
    Incident& incident = draw(Incident::Kind::accident, 900, 3'600);
    incident.street = chance.below(static_cast<uint32_t>(model.streets.size()));
    for (int again = 0; again < 8 && model.streets[incident.street].lanes < 2; ++again) {
      incident.street = chance.below(static_cast<uint32_t>(model.streets.size()));
    }
    incident.at = model.point_on(incident.street * 2, static_cast<double>(model.streets[incident.street].length_m) / 2);
  }
  const size_t alarms = model.places.empty() ? 0 : 1 + model.places.size() / 20'000;
  for (size_t n = 0; n < alarms; ++n) {
    Incident& incident = draw(Incident::Kind::fire_alarm, 600, 2'400);
    incident.place = chance.below(static_cast<uint32_t>(model.places.size()));
    incident.at = model.places[incident.place].at;
  }
  // An underpass fills when it rains much.
  for (uint32_t street = 0; street < model.streets.size(); ++street) {
    if (!model.streets[street].is_underpass) continue;
    for (int64_t second = day * 86'400; second < (day + 1) * 86'400; second += 1'800) {
      if (standing_rain_mm(model.seed, second) < 14) continue;
      Incident& incident = made.emplace_back();
      incident.kind = Incident::Kind::flooded_underpass;
      incident.from_s = second;
      incident.until_s = second + 3 * 3'600;
      incident.street = street;
      incident.at = model.point_on(street * 2, static_cast<double>(model.streets[street].length_m) / 2);
      break;
    }
  }
  return made;
}

}  // namespace cityloom::rehearsal

// The devices of a rehearsal: where they are, what they truly see, and what they say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rehearsal/traffic.hpp"
#include "rehearsal/weather.hpp"

namespace cityloom::rehearsal {

/// What a device measures. The names are those of the topics and of packs/rehearsal/pack.yaml.
enum class DeviceKind : uint8_t {
  camera,
  air,
  weather,
  rain,
  river,
  parking,
  traffic,
  noise,
  energy,
  water,
  alarm,
  signal,
};
inline constexpr size_t device_kind_count = 12;

/// "camera", "air", ...
std::string_view name_of(DeviceKind kind);

/// How well devices do: all of it by parameter. 0 everywhere: they say the truth, at once, once.
struct Faults {
  double noise = 1;                ///< times the usual noise of each kind
  double drift = 1;                ///< times the usual drift, which grows from the start of the rehearsal
  double outage_share = 0.004;     ///< of hours in which a device says nothing
  double late_share = 0.01;        ///< of readings that come 20 to 300 s late
  double duplicate_share = 0.005;  ///< of readings that come twice
};

/// One device. Values are in the units of docs/rehearsal.md.
struct Device {
  DeviceKind kind = DeviceKind::air;
  uint32_t number = 0;  ///< within its kind
  Point at;
  uint32_t street = no_index;    ///< which it watches, or
  uint32_t place = no_index;     ///< the building it is in, or
  uint32_t junction = no_index;  ///< of signals
  uint16_t period_s = 60;
  uint16_t offset_s = 0;  ///< of its readings within the period
  uint16_t capacity = 0;  ///< of a car park
  double total = 0;       ///< of a meter: its register
  int64_t last_s = 0;     ///< of a meter: when it was read last
};

/// One measured number: its name in payloads, the truth and what the device says.
struct Measured {
  std::string_view name;
  double truth = 0;
  double said = 0;
  int decimals = 1;
};

/// What happens in the city besides its habits; known truth.
struct Incident {
  enum class Kind : uint8_t { accident, fire_alarm, flooded_underpass };
  Kind kind = Kind::accident;
  int64_t from_s = 0, until_s = 0;  ///< local time
  uint32_t street = no_index, place = no_index;
  Point at;
};
std::string_view name_of(Incident::Kind kind);

/// The incidents of one day: some an every million inhabitants, at least one of each kind that can happen.
std::vector<Incident> incidents_of(const CityModel& model, int64_t day);

/// Places about `count` devices over a city, shares by kind, and one signal controller a junction with signals up to
/// the same number again. Pure.
std::vector<Device> place_devices(const CityModel& model, uint32_t count);

/// What a device measures at a second: truth and reading. Meters and counters move on, so each second is asked for once
/// and in order. Empty while it says nothing (an outage, a broken device).
std::vector<Measured> measure(const CityModel& model, Device& device, Traffic& traffic, const Weather& weather,
                              double standing_mm, const std::vector<Incident>& incidents, const Faults& faults,
                              int64_t started_s, int64_t local_s);

/// The power that a place draws, in kW, and the water that it uses, in m3/h, at a second.
double power_kw(const CityModel& model, uint32_t place, int64_t local_s, double temperature_c);
double water_m3_per_h(const CityModel& model, uint32_t place, int64_t local_s);

}  // namespace cityloom::rehearsal

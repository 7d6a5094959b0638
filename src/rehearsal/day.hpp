// A day in a city: time goes by, things move, devices speak. What they say comes out as messages.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "rehearsal/devices.hpp"
#include "rehearsal/truth.hpp"

namespace cityloom::rehearsal {

/// What happens in a day, and how well it is told.
struct DayOptions {
  TrafficOptions traffic;
  uint32_t devices = 200;
  Faults faults;
  base::Instant start;               ///< the first second
  int32_t utc_offset_s = 9 * 3'600;  ///< of local time
  int32_t warm_up_s = 420;           ///< lived through before the start, so that streets are not empty
};

/// A message as a device or a gateway sends it: docs/rehearsal.md tells its forms.
struct Message {
  std::string topic;    ///< "rehearsal/air/17", "rehearsal/vehicle/gateway-3"
  std::string payload;  ///< JSON: {"readings":[{...}]}
  uint32_t readings = 0;
};

/// How many readings share a message.
enum class Bundling : uint8_t {
  device,   ///< one message a reading, as devices on a broker do; vehicles 50 a gateway
  gateway,  ///< all readings of a kind in a second, up to 1,000: for HTTP
};

/// Lives a day. A pure function of model and options. One worker. Cost per second: a step of the traffic, a microsecond
/// or two a reading.
class Day {
 public:
  /// The model must outlive it. Cost: `warm_up_s` steps of the traffic.
  Day(const CityModel& model, const DayOptions& options);

  /// The next second: moves everything, then lets devices speak. `truth` hears what was truly so; may be nullptr.
  std::vector<Message> step(Bundling bundling, Truth* truth = nullptr);

  /// Only moves everything.
  void move();
  /// Only lets devices speak of the second that `move` brought.
  std::vector<Message> speak(Bundling bundling, Truth* truth = nullptr);

  base::Instant now() const { return base::Instant::from_seconds(utc_s_); }
  const Traffic& traffic() const { return traffic_; }
  const std::vector<Device>& devices() const { return devices_; }
  const std::vector<Incident>& incidents() const { return incidents_; }
  uint64_t readings_sent() const { return readings_sent_; }

 private:
  class Writer;
  int64_t local_s() const { return utc_s_ + options_.utc_offset_s; }
  void begin_day();
  void apply_incidents(Truth* truth);
  void speak_device(Device& device, size_t index, Writer& writer, Truth* truth);
  void speak_vehicles(Writer& writer, Truth* truth);
  void speak_pedestrians(Writer& writer, Truth* truth);
  void append_deck(const Sighting& seen, std::string& reading) const;
  void introduce(const Device& device, std::string& reading) const;

  const CityModel& model_;
  DayOptions options_;
  Traffic traffic_;
  std::vector<Device> devices_;
  std::vector<std::vector<uint32_t>> due_;  // devices by the second of their period's common multiple
  std::vector<char> introduced_;
  std::vector<char> was_driving_, was_walking_;
  std::vector<Incident> incidents_;
  std::vector<char> incident_on_;
  std::multimap<int64_t, std::pair<DeviceKind, std::string>> late_;  // by the second at which it comes after all
  int64_t utc_s_ = 0, started_s_ = 0;
  int64_t incident_day_ = -1;
  Weather weather_;
  double standing_mm_ = 0;
  bool asks_by_device_ = false;
  uint64_t readings_sent_ = 0;
};

}  // namespace cityloom::rehearsal

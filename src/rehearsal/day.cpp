#include "rehearsal/day.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace cityloom::rehearsal {
namespace {

constexpr int64_t whole_day_s = 86'400;
constexpr size_t gateway_readings = 1'000;  // of one message
constexpr uint32_t vehicles_each_gateway = 50;
constexpr uint32_t wheel_s = 300;  // every period divides it
constexpr double sender_noise_m = 1.2;

void append_fixed(std::string& text, double number, int decimals) {
  fmt::format_to(std::back_inserter(text), "{:.{}f}", number, decimals);
}

/// The compass direction of travel, in whole degrees.
double heading_deg(Point along) {
  const double degrees = std::round(compass_deg(along));
  return degrees < 360 ? degrees : 0;
}

struct Label {
  const char* ko;
  const char* en;
};
constexpr std::array<Label, device_kind_count> labels{{{"방범 카메라", "Camera"},
                                                       {"대기질 측정소", "Air quality station"},
                                                       {"기상 관측소", "Weather station"},
                                                       {"강우량계", "Rain gauge"},
                                                       {"수위계", "Water level gauge"},
                                                       {"주차장", "Car park"},
                                                       {"교통량 검지기", "Traffic counter"},
                                                       {"소음 측정기", "Noise meter"},
                                                       {"전력량계", "Energy meter"},
                                                       {"수도 계량기", "Water meter"},
                                                       {"화재 감지기", "Fire detector"},
                                                       {"신호 제어기", "Signal controller"}}};

}  // namespace

/// Collects readings into messages, by kind.
class Day::Writer {
 public:
  Writer(Bundling bundling, std::string_view time) : bundling_(bundling), time_(time) {}

  /// One reading, without its braces: `"id":"17","pm25":12.1`.
  void add(std::string_view kind, std::string_view sender, std::string_view reading, std::string_view time) {
    if (bundling_ == Bundling::device) {
      messages_.push_back({fmt::format("rehearsal/{}/{}", kind, sender),
                           fmt::format(R"({{"readings":[{{"t":"{}",{}}}]}})", time, reading), 1});
      return;
    }
    Message& message = open_[std::string(kind)];
    if (message.readings == 0) {
      message.topic = fmt::format("rehearsal/{}/gateway", kind);
      message.payload = R"({"readings":[)";
    }
    fmt::format_to(std::back_inserter(message.payload), R"({}{{"t":"{}",{}}})", message.readings > 0 ? "," : "", time,
                   reading);
    if (++message.readings == gateway_readings) close(message);
  }
  void add(std::string_view kind, std::string_view sender, std::string_view reading) {
    add(kind, sender, reading, time_);
  }

  std::vector<Message> take() {
    for (auto& [kind, message] : open_) {
      if (message.readings > 0) close(message);
    }
    return std::move(messages_);
  }
  /// Closes what is open of a kind, under its own sender.
  void flush(std::string_view kind, std::string_view sender) {
    const auto found = open_.find(std::string(kind));
    if (found == open_.end() || found->second.readings == 0) return;
    found->second.topic = fmt::format("rehearsal/{}/{}", kind, sender);
    close(found->second);
  }
  /// While set, readings are bundled whatever was asked for.
  void bundle(bool is_on) {
    if (is_on) asked_ = std::exchange(bundling_, Bundling::gateway);
    if (!is_on) bundling_ = asked_;
  }
  bool is_by_device() const { return bundling_ == Bundling::device; }
  std::string_view time() const { return time_; }

 private:
  void close(Message& message) {
    message.payload += "]}";
    messages_.push_back(std::exchange(message, {}));
  }

  Bundling bundling_, asked_ = Bundling::gateway;
  std::string_view time_;
  std::map<std::string, Message> open_;
  std::vector<Message> messages_;
};

Day::Day(const CityModel& model, const DayOptions& options)
    : model_(model),
      options_(options),
      traffic_(model, options.traffic),
      devices_(place_devices(model, options.devices)),
      due_(wheel_s),
      introduced_(devices_.size()),
      was_driving_(options.traffic.vehicles),
      was_walking_(options.traffic.pedestrians) {
  started_s_ = options.start.microseconds / 1'000'000;
  utc_s_ = started_s_ - options.warm_up_s - 1;
  for (uint32_t index = 0; index < devices_.size(); ++index) {
    const Device& device = devices_[index];
    for (uint32_t second = device.offset_s; second < wheel_s; second += device.period_s) due_[second].push_back(index);
  }
  while (utc_s_ + 1 < started_s_) move();
  // What was counted before the start is nobody's.
  for (uint32_t edge = 0; edge < model.edge_count(); ++edge) (void)traffic_.take_count(edge);
}

void Day::move() {
  ++utc_s_;
  const int64_t local = local_s();
  weather_ = weather_at(model_.seed, local);
  if (local % 60 == 0 || incident_day_ < 0) standing_mm_ = standing_rain_mm(model_.seed, local);
  if (local / whole_day_s != incident_day_) begin_day();
  const double grip = 1 - std::min(0.3, weather_.rain_mm_per_h * 0.03);
  traffic_.step(local, grip);
}

void Day::begin_day() {
  incident_day_ = local_s() / whole_day_s;
  incidents_ = incidents_of(model_, incident_day_);
  incident_on_.assign(incidents_.size(), 0);
  for (uint32_t street = 0; street < model_.streets.size(); ++street) {
    traffic_.set_accident(street, false);
    if (model_.streets[street].is_underpass) traffic_.set_closed(street, false);
  }
}

void Day::apply_incidents(Truth* truth) {
  for (size_t n = 0; n < incidents_.size(); ++n) {
    const Incident& incident = incidents_[n];
    const bool is_on = local_s() >= incident.from_s && local_s() < incident.until_s;
    if (is_on == (incident_on_[n] != 0)) continue;
    incident_on_[n] = is_on ? 1 : 0;
    if (incident.kind == Incident::Kind::accident) traffic_.set_accident(incident.street, is_on);
    if (incident.kind == Incident::Kind::flooded_underpass) traffic_.set_closed(incident.street, is_on);
    if (truth == nullptr) continue;
    const twin::Position at = model_.frame.position_of(incident.at);
    truth->line(fmt::format(
        R"({{"kind":"incident","t":"{}","incident":"{}","number":{},"state":"{}","lon":{:.7f},"lat":{:.7f}{}}})",
        now().text(), name_of(incident.kind), n, is_on ? "begins" : "ends", at.longitude_deg, at.latitude_deg,
        incident.street == no_index ? "" : fmt::format(R"(,"street":"{}")", model_.street_ids[incident.street])));
  }
}

// With its first reading a device says where it stands and what it is called.
void Day::introduce(const Device& device, std::string& reading) const {
  const twin::Position at = model_.frame.position_of(device.at);
  fmt::format_to(std::back_inserter(reading), R"(,"lon":{:.7f},"lat":{:.7f})", at.longitude_deg, at.latitude_deg);
  const Label& label = labels[static_cast<size_t>(device.kind)];
  std::string ko = label.ko, en = label.en;
  if (device.street != no_index && !model_.street_names_ko[device.street].empty()) {
    ko = model_.street_names_ko[device.street] + " " + ko;
    en += " at " + model_.street_names_en[device.street];
  }
  const std::string number = std::to_string(device.number + 1);
  fmt::format_to(std::back_inserter(reading), R"(,"name":{{"ko":"{} {}","en":"{} {}"}})", ko, number, en, number);
}

void Day::speak_device(Device& device, size_t index, Writer& writer, Truth* truth) {
  const int64_t local = local_s();
  const std::vector<Measured> measured = measure(model_, device, traffic_, weather_, standing_mm_, incidents_,
                                                 options_.faults, started_s_ + options_.utc_offset_s, local);
  if (measured.empty()) return;
  const std::string_view kind = name_of(device.kind);
  const std::string sender = std::to_string(device.number + 1);
  std::string reading = fmt::format(R"("id":"{}")", sender);
  if (device.kind == DeviceKind::signal) {
    constexpr std::string_view lights[] = {"green", "amber", "red"};
    fmt::format_to(std::back_inserter(reading), R"(,"light":"{}","duration":{:.0f})",
                   lights[static_cast<size_t>(measured[0].said)], measured[1].said);
    device.total = 1;
  } else {
    for (const Measured& one : measured) {
      fmt::format_to(std::back_inserter(reading), R"(,"{}":)", one.name);
      append_fixed(reading, one.said, one.decimals);
    }
  }
  if (introduced_[index] == 0) {
    introduced_[index] = 1;
    introduce(device, reading);
  }
  if (truth != nullptr) {
    std::string line = fmt::format(R"({{"kind":"reading","t":"{}","device":"{}/{}")", writer.time(), kind, sender);
    for (const Measured& one : measured) {
      fmt::format_to(std::back_inserter(line), R"(,"{}":)", one.name);
      append_fixed(line, one.truth, 6);
    }
    truth->line(line + "}");
  }
  Chance delivery(model_.seed, Purpose::delivery, {static_cast<int64_t>(device.kind), device.number, local, 1});
  const bool is_late = delivery.happens(options_.faults.late_share),
             is_twice = delivery.happens(options_.faults.duplicate_share);
  if (is_late && device.kind != DeviceKind::signal) {
    late_.emplace(utc_s_ + 20 + delivery.below(280),
                  std::pair{device.kind, sender + "\n" + std::string(writer.time()) + "\n" + reading});
    return;
  }
  for (int n = 0; n < (is_twice ? 2 : 1); ++n) {
    writer.add(kind, sender, reading);
    ++readings_sent_;
  }
}

// Who is on a bridge says how high: the ground below says something else.
void Day::append_deck(const Sighting& seen, std::string& reading) const {
  if (seen.edge == no_index) return;
  const float deck_m = model_.street_of(seen.edge).deck_m;
  if (!std::isnan(deck_m)) fmt::format_to(std::back_inserter(reading), R"(,"height":{:.1f})", deck_m);
}

void Day::speak_vehicles(Writer& writer, Truth* truth) {
  writer.bundle(true);
  const bool exact = options_.faults.noise == 0;
  for (uint32_t number = 0; number < traffic_.vehicles(); ++number) {
    const bool is_driving = traffic_.is_driving(number);
    // One that parks says so once.
    if (!is_driving && was_driving_[number] == 0) continue;
    const bool is_new = was_driving_[number] == 0;
    was_driving_[number] = is_driving ? 1 : 0;
    const Sighting seen = traffic_.vehicle(number);
    Point at = seen.at;
    if (!exact) {
      // Errors of satellites move slowly.
      const uint64_t key = Chance(model_.seed, Purpose::noise, {1'000, number}).bits();
      const double t = static_cast<double>(utc_s_) / 23;
      at = at + Point{smooth_noise(key, t), smooth_noise(key + 1, t)} * (sender_noise_m * options_.faults.noise);
    }
    const twin::Position where = model_.frame.position_of(at);
    std::string reading;
    fmt::format_to(std::back_inserter(reading),
                   R"("id":"{}","lon":{:.7f},"lat":{:.7f},"speed":{:.1f},"heading":{:.0f},"state":"{}")", number + 1,
                   where.longitude_deg, where.latitude_deg, seen.speed_mps * 3.6, heading_deg(seen.along),
                   is_driving ? "driving" : "parked");
    append_deck(seen, reading);
    if (is_new) reading += traffic_.is_cruising(number) ? R"(,"category":"taxi")" : R"(,"category":"car")";
    writer.add("vehicle", {}, reading);
    ++readings_sent_;
    if (number % vehicles_each_gateway == vehicles_each_gateway - 1 && asks_by_device_) {
      writer.flush("vehicle", fmt::format("gateway-{}", number / vehicles_each_gateway));
    }
    if (truth != nullptr) {
      const twin::Position true_at = model_.frame.position_of(seen.at);
      truth->line(fmt::format(
          R"({{"kind":"vehicle","t":"{}","vehicle":{},"lon":{:.7f},"lat":{:.7f},"speed_mps":{:.2f},"street":"{}"}})",
          writer.time(), number + 1, true_at.longitude_deg, true_at.latitude_deg, seen.speed_mps,
          seen.edge == no_index ? "" : model_.street_ids[seen.edge / 2]));
    }
  }
  writer.bundle(false);
}

void Day::speak_pedestrians(Writer& writer, Truth* truth) {
  writer.bundle(true);
  for (uint32_t number = 0; number < traffic_.pedestrians(); ++number) {
    const bool is_walking = traffic_.is_walking(number);
    // Each other second is enough for who walks.
    if ((!is_walking && was_walking_[number] == 0) || (is_walking && (utc_s_ + number) % 2 != 0)) continue;
    was_walking_[number] = is_walking ? 1 : 0;
    const Sighting seen = traffic_.pedestrian(number);
    const twin::Position where = model_.frame.position_of(seen.at);
    std::string reading =
        fmt::format(R"("id":"{}","lon":{:.7f},"lat":{:.7f},"speed":{:.1f},"heading":{:.0f})", number + 1,
                    where.longitude_deg, where.latitude_deg, seen.speed_mps * 3.6, heading_deg(seen.along));
    append_deck(seen, reading);
    writer.add("pedestrian", {}, reading);
    ++readings_sent_;
    if (truth != nullptr) {
      truth->line(fmt::format(R"({{"kind":"pedestrian","t":"{}","pedestrian":{},"lon":{:.7f},"lat":{:.7f}}})",
                              writer.time(), number + 1, where.longitude_deg, where.latitude_deg));
    }
  }
  writer.bundle(false);
}

std::vector<Message> Day::speak(Bundling bundling, Truth* truth) {
  const std::string time = now().text();
  asks_by_device_ = bundling == Bundling::device;
  Writer writer(bundling, time);
  apply_incidents(truth);
  if (truth != nullptr) {
    for (const Traffic::TripEvent& event : traffic_.events()) {
      const Person& who = traffic_.driver(event.vehicle);
      truth->line(fmt::format(R"({{"kind":"trip","t":"{}","vehicle":{},"state":"{}","person":{},"from":{},"to":{}}})",
                              time, event.vehicle + 1, event.is_start ? "begins" : "ends", who.number,
                              static_cast<int64_t>(event.from), static_cast<int64_t>(event.to)));
    }
  }
  for (const uint32_t index : due_[static_cast<size_t>(local_s() % wheel_s)])
    speak_device(devices_[index], index, writer, truth);
  while (!late_.empty() && late_.begin()->first <= utc_s_) {
    const auto& [kind, text] = late_.begin()->second;
    const size_t first = text.find('\n'), second = text.find('\n', first + 1);
    writer.add(name_of(kind), std::string_view(text).substr(0, first), std::string_view(text).substr(second + 1),
               std::string_view(text).substr(first + 1, second - first - 1));
    ++readings_sent_;
    late_.erase(late_.begin());
  }
  speak_vehicles(writer, truth);
  speak_pedestrians(writer, truth);
  return writer.take();
}

std::vector<Message> Day::step(Bundling bundling, Truth* truth) {
  move();
  return speak(bundling, truth);
}

}  // namespace cityloom::rehearsal

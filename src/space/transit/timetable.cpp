// Packing by small integers, and time zones by absl.
#include "space/transit/timetable.hpp"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr std::string_view magic = "CLTT1\n";

void put(std::string& to, uint64_t number) {
  while (number >= 0x80) {
    to += static_cast<char>(number | 0x80);
    number >>= 7;
  }
  to += static_cast<char>(number);
}
void put_signed(std::string& to, int64_t number) {
  put(to, (static_cast<uint64_t>(number) << 1) ^ static_cast<uint64_t>(number >> 63));
}
void put_text(std::string& to, std::string_view text) {
  put(to, text.size());
  to += text;
}

// Reads what was put; past the end it gives zeros and remembers.
struct Source {
  std::string_view bytes;
  bool is_broken = false;

  uint64_t number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    is_broken = true;
    return 0;
  }
  int64_t signed_number() {
    const uint64_t value = number();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  // A count of things of at least one byte each.
  size_t count() {
    const uint64_t value = number();
    if (value <= bytes.size()) return static_cast<size_t>(value);
    is_broken = true;
    return 0;
  }
  std::string text() {
    const size_t size = count();
    std::string made(bytes.substr(0, size));
    bytes.remove_prefix(size);
    return made;
  }
};

void put_days(std::string& to, const std::vector<DayNumber>& days) {
  put(to, days.size());
  for (const DayNumber day : days) put_signed(to, day);
}
std::vector<DayNumber> take_days(Source& from) {
  std::vector<DayNumber> days(from.count());
  for (DayNumber& day : days) day = static_cast<DayNumber>(from.signed_number());
  return days;
}

// The start of a service day: noon less 12 hours, which is not always midnight.
absl::Time service_start(DayNumber day, const absl::TimeZone& zone) {
  const absl::CivilDay date = absl::CivilDay(1970, 1, 1) + day;
  return absl::FromCivil(absl::CivilHour(date) + 12, zone) - absl::Hours(12);
}

}  // namespace

DayNumber day_number(int year, int month, int day) {
  return static_cast<DayNumber>(absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1));
}

base::Result<DayNumber> parse_service_date(std::string_view text) {
  const bool is_digits = text.size() == 8 && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (is_digits) {
    const int year = std::stoi(std::string(text.substr(0, 4))), month = std::stoi(std::string(text.substr(4, 2))),
              day = std::stoi(std::string(text.substr(6, 2)));
    const absl::CivilDay date(year, month, day);
    if (date.month() == month && date.day() == day && year >= 1900) return day_number(year, month, day);
  }
  return fail(Code::invalid, "\"" + excerpt(text) + "\" is no date such as 20260131");
}

std::string date_text(DayNumber day) {
  const absl::CivilDay date = absl::CivilDay(1970, 1, 1) + day;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", static_cast<int>(date.year()), date.month(), date.day());
  return text.data();
}

base::Result<int32_t> parse_service_time(std::string_view text) {
  std::array<int32_t, 3> parts{};
  size_t part = 0, digits = 0;
  bool is_time = !text.empty() && text.size() <= 10;
  for (const char letter : text) {
    if (letter == ' ') continue;
    if (letter == ':' && digits > 0 && part < 2) {
      ++part;
      digits = 0;
    } else if (letter >= '0' && letter <= '9' && digits < 3) {
      parts[part] = parts[part] * 10 + (letter - '0');
      ++digits;
    } else {
      is_time = false;
    }
  }
  const int32_t seconds = parts[0] * 3'600 + parts[1] * 60 + parts[2];
  is_time = is_time && part == 2 && digits > 0 && parts[1] < 60 && parts[2] < 60 && seconds <= service_time_s_max;
  if (!is_time) return fail(Code::invalid, "\"" + excerpt(text) + "\" is no time such as 25:10:00");
  return seconds;
}

bool Service::runs_on(DayNumber day) const {
  if (std::binary_search(removed.begin(), removed.end(), day)) return false;
  if (std::binary_search(added.begin(), added.end(), day)) return true;
  // 1970-01-01 was a Thursday.
  const int weekday = ((day + 3) % 7 + 7) % 7;
  return day >= first && day <= last && (weekdays >> weekday & 1) != 0;
}

std::string TimetableIndex::encode() const {
  std::string to(magic);
  put_text(to, time_zone);
  put_signed(to, first_day);
  put_signed(to, last_day);
  put(to, services.size());
  for (const Service& service : services) {
    put(to, service.weekdays);
    put_signed(to, service.first);
    put_signed(to, service.last);
    put_days(to, service.added);
    put_days(to, service.removed);
  }
  put(to, trips.size());
  const TimetableTrip* before = nullptr;
  for (const TimetableTrip& trip : trips) {
    put_text(to, trip.id);
    // Neighbours are of one route mostly.
    const bool is_same_route = before != nullptr && before->route_id == trip.route_id;
    const bool is_same_sign = before != nullptr && before->headsign == trip.headsign;
    put(to, (is_same_route ? 1u : 0u) + (is_same_sign ? 2u : 0u));
    if (!is_same_route) put_text(to, trip.route_id);
    if (!is_same_sign) put_text(to, trip.headsign);
    put(to, trip.service);
    before = &trip;
  }
  put(to, stops.size());
  for (const Stop& stop : stops) {
    put_text(to, stop.entity_id);
    put(to, stop.children.size());
    for (const uint32_t child : stop.children) put(to, child);
    put(to, stop.block);
    put(to, stop.offset);
    put(to, stop.bytes);
  }
  put(to, blocks.size());
  for (const std::string& name : blocks) put_text(to, name);
  return to;
}

base::Result<TimetableIndex> TimetableIndex::decode(std::string_view bytes) {
  if (!bytes.starts_with(magic)) return fail(Code::corrupt, "The timetable is of no known kind");
  Source from{bytes.substr(magic.size())};
  TimetableIndex made;
  made.time_zone = from.text();
  made.first_day = static_cast<DayNumber>(from.signed_number());
  made.last_day = static_cast<DayNumber>(from.signed_number());
  made.services.resize(from.count());
  for (Service& service : made.services) {
    service.weekdays = static_cast<uint8_t>(from.number());
    service.first = static_cast<DayNumber>(from.signed_number());
    service.last = static_cast<DayNumber>(from.signed_number());
    service.added = take_days(from);
    service.removed = take_days(from);
  }
  const size_t trip_count = from.count();
  made.trips.reserve(trip_count);
  for (size_t i = 0; i < trip_count && !from.is_broken; ++i) {
    TimetableTrip trip;
    trip.id = from.text();
    const uint64_t same = from.number();
    trip.route_id = (same & 1) != 0 && i > 0 ? made.trips.back().route_id : from.text();
    trip.headsign = (same & 2) != 0 && i > 0 ? made.trips.back().headsign : from.text();
    trip.service = static_cast<uint32_t>(from.number());
    from.is_broken = from.is_broken || trip.service >= made.services.size();
    made.trips.push_back(std::move(trip));
  }
  made.stops.resize(from.is_broken ? 0 : from.count());
  for (Stop& stop : made.stops) {
    stop.entity_id = from.text();
    stop.children.resize(from.count());
    for (uint32_t& child : stop.children) child = static_cast<uint32_t>(from.number());
    stop.block = static_cast<uint32_t>(from.number());
    stop.offset = static_cast<uint32_t>(from.number());
    stop.bytes = static_cast<uint32_t>(from.number());
  }
  made.blocks.resize(from.is_broken ? 0 : from.count());
  for (std::string& name : made.blocks) name = from.text();
  if (from.is_broken) return fail(Code::corrupt, "The timetable's index is damaged");
  return made;
}

std::string pack_departures(const std::vector<StopDeparture>& departures) {
  std::string to;
  int32_t before = 0;
  for (const StopDeparture& departure : departures) {
    put_signed(to, departure.time_s - before);
    put(to, static_cast<uint64_t>(departure.trip) << 1 | (departure.is_approximate ? 1 : 0));
    before = departure.time_s;
  }
  return to;
}

base::Result<std::vector<StopDeparture>> unpack_departures(std::string_view bytes) {
  Source from{bytes};
  std::vector<StopDeparture> departures;
  int64_t time = 0;
  while (!from.bytes.empty()) {
    const int64_t step = from.signed_number();
    const uint64_t trip = from.number();
    const bool is_step = step >= -3 * service_time_s_max && step <= 3 * service_time_s_max;  // or the sum may overflow
    time += is_step ? step : 0;
    if (from.is_broken || !is_step || time < -service_time_s_max || time > 2 * service_time_s_max) {
      return fail(Code::corrupt, "A block of the timetable is damaged");
    }
    departures.push_back({static_cast<int32_t>(time), static_cast<uint32_t>(trip >> 1), (trip & 1) != 0});
  }
  return departures;
}

base::Result<std::vector<Departure>> departures_of(
    const TimetableIndex& index, const DepartureRequest& request,
    const std::function<base::Result<std::shared_ptr<const std::string>>(const std::string& name)>& block) {
  if (request.window_s <= 0 || request.window_s > departure_window_s_max || request.limit > departures_max) {
    return fail(Code::invalid, "the window is up to seven days, the limit up to 1000", "within");
  }
  const auto found = std::find_if(index.stops.begin(), index.stops.end(),
                                  [&](const auto& stop) { return stop.entity_id == request.stop_id; });
  if (found == index.stops.end()) return fail(Code::not_found, "the timetable has no such stop", request.stop_id);
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(index.time_zone, &zone)) {
    return fail(Code::unsupported, "this machine does not know the time zone " + excerpt(index.time_zone));
  }
  std::vector<uint32_t> stops = found->children;
  stops.push_back(static_cast<uint32_t>(found - index.stops.begin()));
  const absl::Time from = absl::FromUnixMicros(request.from.microseconds);
  const absl::Time to = from + absl::Seconds(request.window_s);
  const auto civil_day = [&](absl::Time time) {
    return static_cast<DayNumber>(absl::ToCivilDay(time, zone) - absl::CivilDay(1970, 1, 1));
  };
  std::vector<Departure> departures;
  for (const uint32_t number : stops) {
    if (number >= index.stops.size()) continue;
    const TimetableIndex::Stop& stop = index.stops[number];
    if (stop.bytes == 0) continue;
    if (stop.block >= index.blocks.size()) return fail(Code::corrupt, "The timetable's index is damaged");
    const auto bytes = block(index.blocks[stop.block]);
    if (!bytes) return bytes.error();
    if (stop.offset > (*bytes)->size() || stop.bytes > (*bytes)->size() - stop.offset) {
      return fail(Code::corrupt, "The timetable's index is damaged");
    }
    const auto all = unpack_departures(std::string_view(**bytes).substr(stop.offset, stop.bytes));
    if (!all) return all.error();
    if (all->empty()) continue;
    const int32_t latest = all->back().time_s;
    for (DayNumber day = civil_day(from) - latest / 86'400 - 1; day <= civil_day(to) + 1; ++day) {
      const absl::Time start = service_start(day, zone);
      const auto first = absl::ToInt64Seconds(absl::Ceil(from - start, absl::Seconds(1)));
      auto departure = std::lower_bound(all->begin(), all->end(), first,
                                        [](const StopDeparture& one, int64_t time) { return one.time_s < time; });
      for (; departure != all->end() && start + absl::Seconds(departure->time_s) < to; ++departure) {
        if (departure->trip >= index.trips.size()) return fail(Code::corrupt, "A block of the timetable is damaged");
        const TimetableTrip& trip = index.trips[departure->trip];
        if (!index.services[trip.service].runs_on(day)) continue;
        departures.push_back({{absl::ToUnixMicros(start + absl::Seconds(departure->time_s))},
                              day,
                              departure->time_s,
                              departure->is_approximate,
                              stop.entity_id,
                              &trip});
      }
    }
  }
  std::stable_sort(departures.begin(), departures.end(),
                   [](const Departure& a, const Departure& b) { return a.at < b.at; });
  if (departures.size() > request.limit) departures.resize(request.limit);
  return departures;
}

}  // namespace cityloom::space

// A timetable of public transport: departures by stop, packed, and the days on which they run.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"

namespace cityloom::space {

/// Days as numbers: since 1970-01-01.
using DayNumber = int32_t;
DayNumber day_number(int year, int month, int day);
/// "20190415"; nothing that is no date. Errors: invalid.
base::Result<DayNumber> parse_service_date(std::string_view text);
/// "2019-04-15".
std::string date_text(DayNumber day);

/// The latest time of a service day that is believed: ten days after its start.
inline constexpr int32_t service_time_s_max = 10 * 86'400;

/// "25:10:00" in seconds after the start of the service day (noon less 12 hours). Errors: invalid.
base::Result<int32_t> parse_service_time(std::string_view text);

/// The days on which trips of one service run.
struct Service {
  uint8_t weekdays = 0;  ///< bit 0 is Monday
  DayNumber first = 0, last = -1;
  std::vector<DayNumber> added, removed;  ///< sorted

  bool runs_on(DayNumber day) const;
};

struct TimetableTrip {
  std::string id, headsign, route_id;  ///< route_id: of the entity
  uint32_t service = 0;
};

/// One departure at one stop.
struct StopDeparture {
  int32_t time_s = 0;  ///< after the start of the service day; may pass 24 hours
  uint32_t trip = 0;
  bool is_approximate = false;  ///< between timepoints: interpolated
  bool operator==(const StopDeparture&) const = default;
};

/// What all blocks of a timetable share, and where each stop's departures lie. Held in memory once opened.
struct TimetableIndex {
  std::string time_zone;  ///< "Asia/Seoul"
  DayNumber first_day = 0, last_day = -1;
  std::vector<Service> services;
  std::vector<TimetableTrip> trips;
  struct Stop {
    std::string entity_id;
    std::vector<uint32_t> children;  ///< platforms of a station, as indexes of stops
    uint32_t block = 0;
    uint32_t offset = 0, bytes = 0;  ///< within it
  };
  std::vector<Stop> stops;
  std::vector<std::string> blocks;  ///< names of assets

  std::string encode() const;
  /// Errors: corrupt.
  static base::Result<TimetableIndex> decode(std::string_view bytes);
};

/// Departures of one stop, sorted by time, packed: about five bytes each.
std::string pack_departures(const std::vector<StopDeparture>& departures);
/// Errors: corrupt.
base::Result<std::vector<StopDeparture>> unpack_departures(std::string_view bytes);

/// What is asked of a timetable.
struct DepartureRequest {
  std::string stop_id;  ///< of the entity; a station stands for its platforms
  base::Instant from;
  int64_t window_s = 3'600;
  size_t limit = 20;
};

struct Departure {
  base::Instant at;
  DayNumber service_day = 0;
  int32_t time_s = 0;  ///< as the timetable says it, may pass 24:00
  bool is_approximate = false;
  std::string stop_id;
  const TimetableTrip* trip = nullptr;
};

inline constexpr int64_t departure_window_s_max = 7 * 86'400;
inline constexpr size_t departures_max = 1'000;

/// Answers from an index and its blocks. Any worker. Errors: not_found (stop), invalid (window, limit), corrupt, those
/// of `block`. Trips that last past midnight, calendar exceptions and changes of the clock are respected.
base::Result<std::vector<Departure>> departures_of(
    const TimetableIndex& index, const DepartureRequest& request,
    const std::function<base::Result<std::shared_ptr<const std::string>>(const std::string& name)>& block);

}  // namespace cityloom::space

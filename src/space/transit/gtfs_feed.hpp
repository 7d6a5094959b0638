// A GTFS feed read into memory: what its tables say, checked (room-internal).
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "space/byte_source.hpp"
#include "space/import_batch.hpp"
#include "space/transit/timetable.hpp"
#include "twin/geometry.hpp"

namespace cityloom::space {

struct GtfsStop {
  std::string id, code, name, description, zone, platform, parent, time_zone;
  int kind = 0;  ///< location_type
  std::string wheelchair;
  twin::Position position;
  bool has_position = false;
};

struct GtfsRoute {
  std::string id, agency, short_name, long_name, description, colour, text_colour;
  int kind = 3;                   ///< route_type
  std::vector<uint32_t> shapes;   ///< of its trips, each once, the most used first
  std::vector<uint32_t> pattern;  ///< stops of its longest trip
};

struct GtfsAgency {
  std::string id, name, url, time_zone, phone;
};

/// One row of stop_times, small. Time -1: not said.
struct GtfsStopTime {
  uint32_t trip = 0;
  uint32_t sequence = 0;
  uint32_t stop = 0;  ///< the upper bit: no departure for passengers
  int32_t time_s = -1;
};
static_assert(sizeof(GtfsStopTime) == 16);
inline constexpr uint32_t gtfs_no_departure = 1u << 31;
inline constexpr size_t gtfs_stop_times_max = 30'000'000;

/// Where the tables of a feed lie: in an archive or a folder.
struct GtfsTables {
  std::function<bool(std::string_view name)> has;
  std::function<base::Result<ByteSource>(std::string_view name)> open;  ///< of one that is there
};

/// Everything but the stop times.
struct GtfsFeed {
  std::vector<GtfsAgency> agencies;
  std::vector<GtfsStop> stops;
  std::vector<GtfsRoute> routes;
  std::vector<Service> services;
  std::vector<TimetableTrip> trips;  ///< route_id: as the feed has it
  std::vector<uint32_t> trip_routes, trip_shapes;
  std::vector<std::vector<twin::Position>> shapes;
  struct Frequency {
    uint32_t trip = 0;
    int32_t from_s = 0, to_s = 0, headway_s = 0;
  };
  std::vector<Frequency> frequencies;
  std::vector<GtfsStopTime> stop_times;  ///< sorted by trip and sequence, times filled in
  std::vector<bool> interpolated;        ///< of each stop time
  uint64_t stop_time_rows = 0;

  /// Reads all tables. Rows that make no sense are warned of. Errors: corrupt (a needed table is missing, a damaged
  /// archive), too_large, cancelled.
  base::Status read(const GtfsTables& tables, ImportBatch& batch);
};

}  // namespace cityloom::space

// A feed to entities and assets.
#include "space/transit/gtfs_import.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>

#include "space/entity_statement.hpp"
#include "space/osm_values.hpp"
#include "space/transit/gtfs_feed.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr size_t block_bytes = 4u << 20;
constexpr size_t departures_max = 60'000'000;  // with those of frequencies
constexpr size_t route_positions_max = 100'000;

std::string_view category_of(int route_type) {
  constexpr std::array<std::string_view, 8> names{"tram",  "subway",    "rail",       "bus",
                                                  "ferry", "cableTram", "aerialLift", "funicular"};
  if (route_type >= 0 && route_type < 8) return names[static_cast<size_t>(route_type)];
  if (route_type == 11) return "trolleybus";
  if (route_type == 12) return "monorail";
  if (route_type >= 100 && route_type < 200) return "rail";
  if (route_type >= 200 && route_type < 300) return "coach";
  if (route_type >= 400 && route_type < 500) return "subway";
  if (route_type >= 700 && route_type < 800) return "bus";
  if (route_type >= 900 && route_type < 1'000) return "tram";
  if (route_type >= 1'000 && route_type < 1'100) return "ferry";
  return "other";
}

class GtfsImport {
 public:
  GtfsImport(const ImportInput& input, ImportBatch& batch)
      : input_(input), batch_(batch), part_(source_part_of(batch.source())) {}

  Status run() {
    if (auto status = read(); !status) {
      base::Error error = status.error();
      if (error.where.empty()) error.where = input_.name;
      return error;
    }
    for (const GtfsStop& stop : feed_.stops) {
      if (auto status = add_stop(stop); !status) return status;
    }
    for (const GtfsRoute& route : feed_.routes) {
      if (auto status = add_route(route); !status) return status;
    }
    return add_timetable();
  }

 private:
  Status read() {
    std::error_code error;
    if (std::filesystem::is_directory(input_.path, error)) {
      const auto path_of = [&](std::string_view name) { return std::filesystem::path(input_.path) / name; };
      return feed_.read({[&](std::string_view name) { return std::filesystem::is_regular_file(path_of(name), error); },
                         [&](std::string_view name) { return ByteSource::open(path_of(name).string(), {}); }},
                        batch_);
    }
    auto archive = ZipArchive::open(input_.path, input_.bytes);
    if (!archive) return std::move(archive).error();
    return feed_.read({[&](std::string_view name) { return archive->find(name) != nullptr; },
                       [&](std::string_view name) {
                         return ImportInput{std::string(name), {}, {}, &*archive, archive->find(name)}.open();
                       }},
                      batch_);
  }

  std::string stop_id(std::string_view id) const {
    return "urn:ngsi-ld:TransitStop:" + id_part_of(part_ + "-" + std::string(id));
  }
  std::string route_id(std::string_view id) const {
    return "urn:ngsi-ld:TransitRoute:" + id_part_of(part_ + "-" + std::string(id));
  }

  Status add_stop(const GtfsStop& stop) {
    EntityStatement made(batch_, "TransitStop", part_ + "-" + stop.id, "stop " + stop.id);
    made.name(stop.name);
    if (stop.has_position) {
      made.geometry("location", twin::Geometry::point(stop.position));
    } else if (stop.parent.empty()) {
      batch_.warn("stop " + stop.id, "it has no position");
    }
    constexpr std::array<std::string_view, 5> kinds{"stop", "station", "entrance", "node", "boardingArea"};
    made.text("category", stop.kind >= 0 && stop.kind < 5 ? kinds[static_cast<size_t>(stop.kind)] : kinds[0]);
    made.text("stopCode", stop.code);
    made.text("description", stop.description);
    made.text("zone", stop.zone);
    made.text("platform", stop.platform);
    made.text("timeZone", stop.time_zone);
    if (stop.wheelchair == "1" || stop.wheelchair == "2") made.flag("wheelchairBoarding", stop.wheelchair == "1");
    if (!stop.parent.empty()) made.relationship("partOf", stop_id(stop.parent));
    return made.finish();
  }

  // The ways that its trips take, the most used first.
  twin::Geometry lines_of(const GtfsRoute& route) const {
    twin::Geometry lines;
    const auto add = [&](std::vector<twin::Position> line) {
      line.erase(std::unique(line.begin(), line.end()), line.end());
      if (line.size() < 2 || lines.positions.size() + line.size() > route_positions_max) return;
      lines.positions.insert(lines.positions.end(), line.begin(), line.end());
      lines.line_ends.push_back(static_cast<uint32_t>(lines.positions.size()));
    };
    for (const uint32_t shape : route.shapes) add(feed_.shapes[shape]);
    if (lines.line_ends.empty()) {
      std::vector<twin::Position> line;
      for (const uint32_t stop : route.pattern) {
        if (feed_.stops[stop].has_position) line.push_back(feed_.stops[stop].position);
      }
      add(std::move(line));
    }
    lines.kind = lines.line_ends.size() == 1 ? twin::GeometryKind::line_string : twin::GeometryKind::multi_line_string;
    return lines;
  }

  Status add_route(const GtfsRoute& route) {
    EntityStatement made(batch_, "TransitRoute", part_ + "-" + route.id, "route " + route.id);
    made.name(route.long_name.empty() ? route.short_name : route.long_name);
    made.text("shortName", route.short_name);
    twin::Geometry lines = lines_of(route);
    if (!lines.line_ends.empty()) made.geometry("location", std::move(lines));
    made.text("category", category_of(route.kind));
    made.text("description", route.description);
    if (route.colour.size() == 6) made.text("colour", "#" + route.colour);
    if (route.text_colour.size() == 6) made.text("textColour", "#" + route.text_colour);
    for (const GtfsAgency& agency : feed_.agencies) {
      const bool is_its = agency.id == route.agency || (route.agency.empty() && feed_.agencies.size() == 1);
      if (is_its) made.text("operator", agency.name);
    }
    return made.finish();
  }

  // All departures: stop, then time. Those of frequencies are written out.
  base::Result<std::vector<std::pair<uint32_t, StopDeparture>>> departures() {
    std::vector<std::pair<uint32_t, StopDeparture>> all;
    all.reserve(feed_.stop_times.size());
    std::sort(feed_.frequencies.begin(), feed_.frequencies.end(),
              [](const auto& a, const auto& b) { return a.trip != b.trip ? a.trip < b.trip : a.from_s < b.from_s; });
    auto frequency = feed_.frequencies.begin();
    int32_t trip_start_s = 0;
    uint64_t without_time = 0;
    for (size_t i = 0; i < feed_.stop_times.size(); ++i) {
      const GtfsStopTime& row = feed_.stop_times[i];
      const bool is_first = i == 0 || feed_.stop_times[i - 1].trip != row.trip;
      if (is_first) {
        trip_start_s = std::max(row.time_s, 0);
        while (frequency != feed_.frequencies.end() && frequency->trip < row.trip) ++frequency;
      }
      if (row.time_s < 0) ++without_time;
      if (row.time_s < 0 || (row.stop & gtfs_no_departure) != 0) continue;
      const bool is_repeated = frequency != feed_.frequencies.end() && frequency->trip == row.trip;
      if (!is_repeated) all.push_back({row.stop, {row.time_s, row.trip, feed_.interpolated[i]}});
      for (auto window = frequency; is_repeated && window != feed_.frequencies.end() && window->trip == row.trip;
           ++window) {
        for (int32_t start = window->from_s; start < window->to_s; start += window->headway_s) {
          all.push_back({row.stop, {start + row.time_s - trip_start_s, row.trip, true}});
          if (all.size() > departures_max) return fail(Code::too_large, "The timetable has too many departures");
        }
      }
    }
    if (without_time > 0) {
      batch_.warn("stop_times.txt",
                  std::to_string(without_time) + " rows have no time, and none around them: left out");
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      if (a.first != b.first) return a.first < b.first;
      return a.second.time_s != b.second.time_s ? a.second.time_s < b.second.time_s : a.second.trip < b.second.trip;
    });
    return all;
  }

  TimetableIndex index_of_feed() const {
    TimetableIndex index;
    index.time_zone = feed_.agencies.empty() ? "UTC" : feed_.agencies.front().time_zone;
    index.services = feed_.services;
    index.trips = feed_.trips;
    for (TimetableTrip& trip : index.trips) trip.route_id = route_id(trip.route_id);
    bool is_first = true;
    const auto reach = [&](DayNumber day) {
      index.first_day = is_first ? day : std::min(index.first_day, day);
      index.last_day = is_first ? day : std::max(index.last_day, day);
      is_first = false;
    };
    for (const Service& service : index.services) {
      if (service.weekdays != 0 && service.last >= service.first) {
        reach(service.first);
        reach(service.last);
      }
      for (const DayNumber day : service.added) reach(day);
    }
    absl::flat_hash_map<std::string, uint32_t> number_of;
    for (const GtfsStop& stop : feed_.stops) {
      number_of.emplace(stop.id, static_cast<uint32_t>(index.stops.size()));
      index.stops.push_back({stop_id(stop.id), {}, 0, 0, 0});
    }
    for (const GtfsStop& stop : feed_.stops) {
      const auto parent = number_of.find(stop.parent);
      if (parent != number_of.end()) index.stops[parent->second].children.push_back(number_of.at(stop.id));
    }
    return index;
  }

  Status add_timetable() {
    auto all = departures();
    if (!all) return std::move(all).error();
    TimetableIndex index = index_of_feed();
    std::string block;
    const auto put_block = [&]() -> Status {
      auto name = batch_.put_asset(block);
      if (!name) return std::move(name).error();
      index.blocks.push_back(std::move(*name));
      block.clear();
      return {};
    };
    for (size_t begin = 0; begin < all->size();) {
      std::vector<StopDeparture> of_stop;
      const uint32_t stop = (*all)[begin].first;
      for (; begin < all->size() && (*all)[begin].first == stop; ++begin) of_stop.push_back((*all)[begin].second);
      const std::string packed = pack_departures(of_stop);
      if (!block.empty() && block.size() + packed.size() > block_bytes) {
        if (auto status = put_block(); !status) return status;
      }
      TimetableIndex::Stop& entry = index.stops[stop];
      entry.block = static_cast<uint32_t>(index.blocks.size());
      entry.offset = static_cast<uint32_t>(block.size());
      entry.bytes = static_cast<uint32_t>(packed.size());
      block += packed;
    }
    if (!block.empty()) {
      if (auto status = put_block(); !status) return status;
    }
    auto name = batch_.put_asset(index.encode());
    if (!name) return std::move(name).error();
    return add_feed(index, *name, all->size());
  }

  Status add_feed(const TimetableIndex& index, const std::string& asset, size_t departure_count) {
    EntityStatement made(batch_, "TransitFeed", part_, "feed");
    std::string operators;
    for (const GtfsAgency& agency : feed_.agencies) operators += (operators.empty() ? "" : ", ") + agency.name;
    made.name(operators);
    if (!feed_.agencies.empty()) made.text("website", feed_.agencies.front().url);
    made.text("timeZone", index.time_zone);
    if (index.last_day >= index.first_day) {
      made.text("validFrom", date_text(index.first_day));
      made.text("validTo", date_text(index.last_day));
    }
    made.text("timetable", asset);
    made.number("stopCount", static_cast<double>(feed_.stops.size()));
    made.number("routeCount", static_cast<double>(feed_.routes.size()));
    made.number("tripCount", static_cast<double>(feed_.trips.size()));
    made.number("stopTimeCount", static_cast<double>(feed_.stop_time_rows));
    made.number("departureCount", static_cast<double>(departure_count));
    return made.finish();
  }

  const ImportInput& input_;
  ImportBatch& batch_;
  std::string part_;
  GtfsFeed feed_;
};

constexpr std::array<std::string_view, 4> needed_tables{"stops.txt", "routes.txt", "trips.txt", "stop_times.txt"};

std::string folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

}  // namespace

bool is_gtfs(std::string_view head) {
  if (!head.starts_with("PK")) return false;
  for (const char* name : {"agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt", "calendar.txt",
                           "calendar_dates.txt", "shapes.txt", "feed_info.txt", "fare_attributes.txt",
                           "frequencies.txt", "translations.txt", "pathways.txt", "levels.txt"}) {
    if (head.find(name) != std::string_view::npos) return true;
  }
  return false;
}

std::vector<CityFile> with_feed_folders(std::vector<CityFile> files, const std::string& city) {
  std::map<std::string, size_t> needed_in;
  for (const CityFile& file : files) {
    const std::string folder = folder_of(file.name);
    const std::string_view name = std::string_view(file.name).substr(folder.empty() ? 0 : folder.size() + 1);
    needed_in[folder] += std::count(needed_tables.begin(), needed_tables.end(), name) > 0 ? 1u : 0u;
  }
  std::vector<CityFile> taken;
  std::set<std::string> known;
  for (CityFile& file : files) {
    const std::string folder = folder_of(file.name);
    const bool is_of_feed = needed_in[folder] == needed_tables.size() && file.name.ends_with(".txt");
    if (!is_of_feed) {
      taken.push_back(std::move(file));
    } else if (known.insert(folder).second) {
      // Where the first and so largest of its tables stood.
      std::filesystem::path path = std::filesystem::path(city) / folder;
      if (!path.has_filename()) path = path.parent_path();
      taken.push_back({folder.empty() ? path.filename().string() : folder, path.string(), file.bytes});
    }
  }
  return taken;
}

Status import_gtfs(const ImportInput& input, ImportBatch& batch) {
  return GtfsImport(input, batch).run();
}

}  // namespace cityloom::space

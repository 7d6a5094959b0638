// Table by table.
#include "space/transit/gtfs_feed.hpp"
#include "base/table_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>

#include "space/earth.hpp"
#include "space/formats/csv_import.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr uint32_t none = 0xFFFFFFFF;
constexpr size_t rows_max = 20'000'000;  // of any other table

/// One row by the names of its columns.
class Row {
 public:
  Row(const std::map<std::string, size_t, std::less<>>& columns, const std::vector<std::string>& cells)
      : columns_(columns), cells_(cells) {}
  std::string_view operator[](std::string_view name) const {
    const auto found = columns_.find(name);
    if (found == columns_.end() || found->second >= cells_.size()) return {};
    std::string_view text = cells_[found->second];
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
  }
  std::string text(std::string_view name) const { return excerpt((*this)[name], 2'000); }
  int number(std::string_view name, int otherwise) const {
    const std::string_view text = (*this)[name];
    int value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    return read.ec == std::errc{} && !text.empty() ? value : otherwise;
  }

 private:
  const std::map<std::string, size_t, std::less<>>& columns_;
  const std::vector<std::string>& cells_;
};

/// Reads the tables of one feed.
class FeedReader {
 public:
  FeedReader(GtfsFeed& feed, const GtfsTables& tables, ImportBatch& batch)
      : feed_(feed), tables_(tables), batch_(batch) {}

  Status run() {
    for (const char* needed : {"stops.txt", "routes.txt", "trips.txt", "stop_times.txt"}) {
      if (!tables_.has(needed)) {
        return fail(Code::corrupt, "The feed is no GTFS: it has no " + std::string(needed));
      }
    }
    const std::pair<const char*, void (FeedReader::*)(const Row&, const std::string&)> tables[] = {
        {"agency.txt", &FeedReader::agency},
        {"stops.txt", &FeedReader::stop},
        {"routes.txt", &FeedReader::route},
        {"calendar.txt", &FeedReader::calendar},
        {"calendar_dates.txt", &FeedReader::calendar_date},
        {"shapes.txt", &FeedReader::shape},
        {"trips.txt", &FeedReader::trip},
        {"frequencies.txt", &FeedReader::frequency},
        {"stop_times.txt", &FeedReader::stop_time}};
    for (const auto& [name, take] : tables) {
      if (auto status = read(name, take); !status) return status;
    }
    finish_services();
    finish_shapes();
    finish_stop_times();
    finish_routes();
    return {};
  }

 private:
  Status read(const char* name, void (FeedReader::*take)(const Row&, const std::string&)) {
    if (!tables_.has(name)) return {};
    auto opened = tables_.open(name);
    if (!opened) return std::move(opened).error();
    auto table = base::TableReader::open([&](char* to, size_t size) { return opened->read(to, size); }, {',', ""});
    if (!table) return std::move(table).error();
    std::vector<std::string> cells;
    auto more = table->next(cells);
    if (!more) return std::move(more).error();
    std::map<std::string, size_t, std::less<>> columns;
    for (size_t i = 0; i < cells.size(); ++i) columns.emplace(cells[i], i);
    for (size_t row = 0; *more; ++row) {
      if (row > (std::string_view(name) == "stop_times.txt" ? gtfs_stop_times_max : rows_max)) {
        return fail(Code::too_large, "A table of the feed has too many rows", name);
      }
      more = table->next(cells);
      if (!more) return fail(Code::corrupt, more.error().what, std::string(name) + ", " + more.error().where);
      if (!*more) return {};
      (this->*take)(Row(columns, cells), std::string(name) + " line " + std::to_string(table->line()));
      if (row % 10'000 == 0 && batch_.is_cancelled()) return fail(Code::cancelled, "The import was stopped");
    }
    return {};
  }

  void agency(const Row& row, const std::string&) {
    feed_.agencies.push_back({row.text("agency_id"), row.text("agency_name"), row.text("agency_url"),
                              row.text("agency_timezone"), row.text("agency_phone")});
  }

  void stop(const Row& row, const std::string& where) {
    GtfsStop stop{row.text("stop_id"),
                  row.text("stop_code"),
                  row.text("stop_name"),
                  row.text("stop_desc"),
                  row.text("zone_id"),
                  row.text("platform_code"),
                  row.text("parent_station"),
                  row.text("stop_timezone"),
                  row.number("location_type", 0),
                  row.text("wheelchair_boarding"),
                  {}};
    const auto latitude = table_number_of(row["stop_lat"]), longitude = table_number_of(row["stop_lon"]);
    if (latitude && longitude) {
      const auto made = twin::Position::make(*longitude, *latitude);
      if (made) stop.position = *made;
      stop.has_position = made.ok();
      if (!made) batch_.warn(where, made.error().what);
    }
    if (!stop_of_.emplace(stop.id, static_cast<uint32_t>(feed_.stops.size())).second) {
      return batch_.warn(where, "another stop has the id " + excerpt(stop.id));
    }
    feed_.stops.push_back(std::move(stop));
  }

  void route(const Row& row, const std::string& where) {
    GtfsRoute route{row.text("route_id"),
                    row.text("agency_id"),
                    row.text("route_short_name"),
                    row.text("route_long_name"),
                    row.text("route_desc"),
                    row.text("route_color"),
                    row.text("route_text_color"),
                    row.number("route_type", 3),
                    {},
                    {}};
    if (!route_of_.emplace(route.id, static_cast<uint32_t>(feed_.routes.size())).second) {
      return batch_.warn(where, "another route has the id " + excerpt(route.id));
    }
    feed_.routes.push_back(std::move(route));
  }

  uint32_t service_of(std::string_view id) {
    const auto [found, is_new] = service_of_.emplace(std::string(id), static_cast<uint32_t>(feed_.services.size()));
    if (is_new) feed_.services.emplace_back();
    return found->second;
  }

  void calendar(const Row& row, const std::string& where) {
    const auto first = parse_service_date(row["start_date"]), last = parse_service_date(row["end_date"]);
    if (!first || !last) return batch_.warn(where, (first ? last : first).error().what);
    Service& service = feed_.services[service_of(row["service_id"])];
    service.first = *first;
    service.last = *last;
    size_t bit = 0;
    for (const char* day : {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}) {
      if (row[day] == "1") service.weekdays = static_cast<uint8_t>(service.weekdays | 1u << bit);
      ++bit;
    }
  }

  void calendar_date(const Row& row, const std::string& where) {
    const auto day = parse_service_date(row["date"]);
    if (!day) return batch_.warn(where, day.error().what);
    Service& service = feed_.services[service_of(row["service_id"])];
    const int kind = row.number("exception_type", 0);
    if (kind == 1)
      service.added.push_back(*day);
    else if (kind == 2)
      service.removed.push_back(*day);
    else
      batch_.warn(where, "exception_type is neither 1 nor 2");
  }

  void shape(const Row& row, const std::string& where) {
    const auto latitude = table_number_of(row["shape_pt_lat"]), longitude = table_number_of(row["shape_pt_lon"]);
    const auto made = latitude && longitude ? twin::Position::make(*longitude, *latitude)
                                            : base::Result<twin::Position>(fail(Code::invalid, "it has no position"));
    if (!made) return batch_.warn(where, made.error().what);
    const auto [found, is_new] = shape_of_.emplace(row.text("shape_id"), static_cast<uint32_t>(feed_.shapes.size()));
    if (is_new) {
      feed_.shapes.emplace_back();
      shape_orders_.emplace_back();
    }
    feed_.shapes[found->second].push_back(*made);
    shape_orders_[found->second].push_back(row.number("shape_pt_sequence", 0));
  }

  void trip(const Row& row, const std::string& where) {
    const auto route = route_of_.find(std::string(row["route_id"]));
    if (route == route_of_.end()) return batch_.warn(where, "route " + row.text("route_id") + " is not in the feed");
    if (!trip_of_.emplace(std::string(row["trip_id"]), static_cast<uint32_t>(feed_.trips.size())).second) {
      return batch_.warn(where, "another trip has the id " + row.text("trip_id"));
    }
    const auto shape = shape_of_.find(std::string(row["shape_id"]));
    feed_.trips.push_back(
        {row.text("trip_id"), row.text("trip_headsign"), row.text("route_id"), service_of(row["service_id"])});
    feed_.trip_routes.push_back(route->second);
    feed_.trip_shapes.push_back(shape == shape_of_.end() ? none : shape->second);
  }

  void frequency(const Row& row, const std::string& where) {
    const auto trip = trip_of_.find(std::string(row["trip_id"]));
    const auto from = parse_service_time(row["start_time"]), to = parse_service_time(row["end_time"]);
    const int headway = row.number("headway_secs", 0);
    if (trip == trip_of_.end() || !from || !to || headway < 1 || headway > service_time_s_max) {
      return batch_.warn(where, "the frequency makes no sense");
    }
    feed_.frequencies.push_back({trip->second, *from, *to, headway});
  }

  void stop_time(const Row& row, const std::string& where) {
    ++feed_.stop_time_rows;
    // Rows of one trip follow each other mostly.
    const std::string_view trip_id = row["trip_id"];
    if (trip_id != last_trip_id_) {
      const auto trip = trip_of_.find(std::string(trip_id));
      last_trip_id_ = trip_id;
      last_trip_ = trip == trip_of_.end() ? none : trip->second;
    }
    const auto stop = stop_of_.find(std::string(row["stop_id"]));
    if (last_trip_ == none || stop == stop_of_.end()) {
      return batch_.warn(where, last_trip_ == none ? "trip " + excerpt(trip_id) + " is not in the feed"
                                                   : "stop " + row.text("stop_id") + " is not in the feed");
    }
    GtfsStopTime made{last_trip_, static_cast<uint32_t>(std::max(row.number("stop_sequence", 0), 0)), stop->second, -1};
    std::string_view time = row["departure_time"];
    if (time.empty()) time = row["arrival_time"];
    if (!time.empty()) {
      const auto read = parse_service_time(time);
      if (!read) batch_.warn(where, read.error().what);
      if (read) made.time_s = *read;
    }
    if (row["pickup_type"] == "1") made.stop |= gtfs_no_departure;
    feed_.stop_times.push_back(made);
  }

  void finish_services() {
    for (Service& service : feed_.services) {
      std::sort(service.added.begin(), service.added.end());
      std::sort(service.removed.begin(), service.removed.end());
    }
  }

  void finish_shapes() {
    for (size_t i = 0; i < feed_.shapes.size(); ++i) {
      const std::vector<int>& orders = shape_orders_[i];
      if (std::is_sorted(orders.begin(), orders.end())) continue;
      std::vector<size_t> places(orders.size());
      for (size_t k = 0; k < places.size(); ++k) places[k] = k;
      std::stable_sort(places.begin(), places.end(), [&](size_t a, size_t b) { return orders[a] < orders[b]; });
      std::vector<twin::Position> sorted;
      for (const size_t place : places) sorted.push_back(feed_.shapes[i][place]);
      feed_.shapes[i] = std::move(sorted);
    }
    shape_orders_.clear();
  }

  // Sorted by trip; times between timepoints by the way between the stops.
  void finish_stop_times() {
    auto& times = feed_.stop_times;
    std::stable_sort(times.begin(), times.end(), [](const GtfsStopTime& a, const GtfsStopTime& b) {
      return a.trip != b.trip ? a.trip < b.trip : a.sequence < b.sequence;
    });
    feed_.interpolated.assign(times.size(), false);
    for (size_t begin = 0; begin < times.size();) {
      size_t end = begin;
      while (end < times.size() && times[end].trip == times[begin].trip) ++end;
      interpolate(begin, end);
      times[end - 1].stop |= gtfs_no_departure;  // where a trip ends nobody boards
      begin = end;
    }
  }

  double way_m(size_t from, size_t to) const {
    const GtfsStop& a = feed_.stops[feed_.stop_times[from].stop & ~gtfs_no_departure];
    const GtfsStop& b = feed_.stops[feed_.stop_times[to].stop & ~gtfs_no_departure];
    // A little for each stop, so that stops at one place still follow each other.
    return 1 + (a.has_position && b.has_position ? length_of(ecef_of(a.position) - ecef_of(b.position)) : 0);
  }

  void interpolate(size_t begin, size_t end) {
    auto& times = feed_.stop_times;
    size_t known = none;
    for (size_t i = begin; i < end; ++i) {
      if (times[i].time_s < 0) continue;
      if (known != none && i - known > 1) {
        double whole = 0, gone = 0;
        for (size_t k = known; k < i; ++k) whole += way_m(k, k + 1);
        for (size_t k = known + 1; k < i; ++k) {
          gone += way_m(k - 1, k);
          const double share = gone / whole;
          times[k].time_s =
              times[known].time_s + static_cast<int32_t>(std::lround(share * (times[i].time_s - times[known].time_s)));
          feed_.interpolated[k] = true;
        }
      }
      known = i;
    }
  }

  void finish_routes() {
    std::vector<std::map<uint32_t, uint32_t>> uses(feed_.routes.size());
    for (size_t trip = 0; trip < feed_.trips.size(); ++trip) {
      if (feed_.trip_shapes[trip] != none) ++uses[feed_.trip_routes[trip]][feed_.trip_shapes[trip]];
    }
    for (size_t route = 0; route < feed_.routes.size(); ++route) {
      std::vector<std::pair<uint32_t, uint32_t>> sorted(uses[route].begin(), uses[route].end());
      std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
      for (const auto& [shape, count] : sorted) feed_.routes[route].shapes.push_back(shape);
    }
    for (size_t begin = 0; begin < feed_.stop_times.size();) {
      size_t end = begin;
      const uint32_t trip = feed_.stop_times[begin].trip;
      while (end < feed_.stop_times.size() && feed_.stop_times[end].trip == trip) ++end;
      GtfsRoute& route = feed_.routes[feed_.trip_routes[trip]];
      if (route.shapes.empty() && end - begin > route.pattern.size()) {
        route.pattern.clear();
        for (size_t i = begin; i < end; ++i) route.pattern.push_back(feed_.stop_times[i].stop & ~gtfs_no_departure);
      }
      begin = end;
    }
  }

  GtfsFeed& feed_;
  const GtfsTables& tables_;
  ImportBatch& batch_;
  absl::flat_hash_map<std::string, uint32_t> stop_of_, route_of_, service_of_, trip_of_, shape_of_;
  std::vector<std::vector<int>> shape_orders_;
  std::string last_trip_id_;
  uint32_t last_trip_ = none;
};

}  // namespace

Status GtfsFeed::read(const GtfsTables& tables, ImportBatch& batch) {
  return FeedReader(*this, tables, batch).run();
}

}  // namespace cityloom::space

// A model of a real city, from the roads, signals and buildings that its record holds.
#include <algorithm>
#include <cmath>
#include <map>

#include "rehearsal/model.hpp"
#include "space/road_graph.hpp"

namespace cityloom::rehearsal {
namespace {

using twin::Attribute;

constexpr double lane_width_m = 3.2;
constexpr double signal_reach_m = 30;  // from a mapped signal to the junctions that it is of
constexpr double door_reach_m = 250;   // from a building to its street

/// Streets by the cells that they pass, to find the nearest.
class StreetGrid {
 public:
  explicit StreetGrid(const CityModel& model) : model_(model) {
    for (uint32_t street = 0; street < model.streets.size(); ++street) {
      const double long_m = static_cast<double>(model.streets[street].length_m);
      for (double at = 0;; at = std::min(long_m, at + cell_m / 2)) {
        std::vector<uint32_t>& cell = cells_[key(model.point_on(street * 2, at))];
        if (cell.empty() || cell.back() != street) cell.push_back(street);
        if (at >= long_m) break;
      }
    }
  }

  void find(Place& place) const {
    double best_m = door_reach_m;
    for (int dy = -2; dy <= 2; ++dy) {
      for (int dx = -2; dx <= 2; ++dx) {
        const auto cell = cells_.find(key(place.at + Point{dx * cell_m, dy * cell_m}));
        if (cell == cells_.end()) continue;
        for (const uint32_t street : cell->second) look(place, street, best_m);
      }
    }
  }

 private:
  static constexpr double cell_m = 100;
  static std::pair<int, int> key(Point at) {
    return {static_cast<int>(std::floor(at.x / cell_m)), static_cast<int>(std::floor(at.y / cell_m))};
  }
  void look(Place& place, uint32_t street, double& best_m) const {
    const Street& one = model_.streets[street];
    if (one.speed_mps > 25) return;  // no doors on motorways
    double before_m = 0;
    for (uint32_t n = 1; n < one.points; ++n) {
      const Point from = model_.points[one.first_point + n - 1], step = model_.points[one.first_point + n] - from;
      const double square = dot(step, step);
      const double share = square > 0 ? std::clamp(dot(place.at - from, step) / square, 0.0, 1.0) : 0;
      const double far_m = length(place.at - (from + step * share));
      if (far_m < best_m) {
        best_m = far_m;
        place.street = street;
        place.along_share =
            static_cast<float>((before_m + share * std::sqrt(square)) / static_cast<double>(one.length_m));
      }
      before_m += std::sqrt(square);
    }
  }

  const CityModel& model_;
  std::map<std::pair<int, int>, std::vector<uint32_t>> cells_;
};

/// A text of a language map, by a plain search: `"ko":"..."`.
std::string in_language(const std::string& json, std::string_view language) {
  const std::string key = "\"" + std::string(language) + "\":\"";
  const size_t at = json.find(key);
  if (at == std::string::npos) return {};
  const size_t end = json.find('"', at + key.size());
  const std::string text = json.substr(at + key.size(), end == std::string::npos ? end : end - at - key.size());
  return text.find('\\') == std::string::npos ? text : std::string();
}

Use use_of(const std::string& category) {
  for (size_t use = 0; use < use_count; ++use) {
    if (category == category_of(static_cast<Use>(use))) return static_cast<Use>(use);
  }
  if (category == "commercial" || category == "supermarket") return Use::shop;
  return category == "factory" ? Use::factory : Use::house;
}

/// Who lives and works in a building, by its use and its floors: a guess, and marked as one by whoever uses it.
void guess_people(Place& place, double floors_m2) {
  const auto whole = [](double number) { return static_cast<uint16_t>(std::clamp(number, 1.0, 60'000.0)); };
  switch (place.use) {
    case Use::house:
    case Use::villa:
    case Use::apartments:
      place.residents = whole(floors_m2 / 40);
      break;
    case Use::school:
    case Use::kindergarten:
    case Use::university:
      place.places = whole(floors_m2 / 10);
      place.jobs = whole(floors_m2 / 120);
      break;
    default:
      place.jobs = whole(floors_m2 / 40);
  }
}

class RecordReader {
 public:
  RecordReader(const thread::Thread& thread, CityModel& model)
      : snapshot_(thread.snapshot()), v_(space::Vocabulary::find(thread.terms())), model_(model) {}

  base::Status read() {
    auto graph = space::RoadGraph::fold(snapshot_, v_);
    if (!graph) return graph.error();
    if (base::Status status = streets(*graph); !status) return status;
    if (base::Status status = names(); !status) return status;
    if (base::Status status = signals(); !status) return status;
    return buildings();
  }

 private:
  base::Status streets(const space::RoadGraph& graph);
  base::Status names();
  base::Status signals();
  base::Status buildings();

  thread::Snapshot snapshot_;
  space::Vocabulary v_;
  CityModel& model_;
  std::map<std::string, uint32_t> street_of_id_;
};

base::Status RecordReader::streets(const space::RoadGraph& graph) {
  const auto is_used = [](const space::GraphSegment& segment) {
    // Drives and tracks are nobody's way through a town.
    return segment.speed_mps >= 4.5 && segment.length_m() > 2;
  };
  size_t used = 0;
  double east = 0, north = 0;
  for (const space::GraphSegment& segment : graph.segments) {
    if (!is_used(segment)) continue;
    ++used;
    east += segment.positions.front().longitude_deg;
    north += segment.positions.front().latitude_deg;
  }
  if (used == 0) {
    return base::fail(base::Code::not_found, "the record holds no roads for cars", "",
                      "import a city first, by --city DIR");
  }
  model_.frame = PlaneFrame({east / static_cast<double>(used), north / static_cast<double>(used), 0});
  std::vector<uint32_t> junctions(graph.nodes.size(), no_index);
  const auto junction = [&](uint32_t node, Point at) {
    if (junctions[node] == no_index) {
      junctions[node] = static_cast<uint32_t>(model_.junctions.size());
      model_.junctions.emplace_back().at = at;
    }
    return junctions[node];
  };
  for (const space::GraphSegment& segment : graph.segments) {
    if (!is_used(segment)) continue;
    Street& street = model_.streets.emplace_back();
    street.first_point = static_cast<uint32_t>(model_.points.size());
    street.points = static_cast<uint32_t>(segment.positions.size());
    double length_m = 0;
    for (const twin::Position& position : segment.positions) {
      const Point at = model_.frame.point_of(position);
      if (model_.points.size() > street.first_point) length_m += length(at - model_.points.back());
      model_.points.push_back(at);
    }
    street.start = junction(segment.start_node, model_.points[street.first_point]);
    street.end = junction(segment.end_node, model_.points.back());
    street.length_m = static_cast<float>(std::max(1.0, length_m));
    street.speed_mps = static_cast<float>(segment.speed_mps);
    street.lanes = segment.speed_mps > 15 ? 3 : segment.speed_mps > 12.6 ? 2 : 1;
    street.is_oneway = segment.is_oneway;
    street.half_width_m = static_cast<float>(street.lanes * lane_width_m * (segment.is_oneway ? 0.5 : 1));
    street_of_id_[segment.id] = static_cast<uint32_t>(model_.streets.size() - 1);
    model_.street_ids.push_back(segment.id);
  }
  model_.street_names_ko.resize(model_.streets.size());
  model_.street_names_en.resize(model_.streets.size());
  return {};
}

base::Status RecordReader::names() {
  twin::Query query;
  query.types.any_of = {{v_.road_segment}};
  return snapshot_.each(query, [&](const twin::EntityRecord& record) {
    const auto found = street_of_id_.find(std::string(record.id()));
    if (found == street_of_id_.end()) return true;
    record.each_attribute({}, [&](const Attribute& attribute) {
      const auto* json = std::get_if<twin::Json>(&attribute.value);
      const auto* count = std::get_if<int64_t>(&attribute.value);
      Street& street = model_.streets[found->second];
      if (attribute.name == v_.name && json != nullptr) {
        std::string ko = in_language(json->text, "ko"), en = in_language(json->text, "en");
        if (ko.empty()) ko = in_language(json->text, "@none");
        model_.street_names_en[found->second] = en.empty() ? ko : en;
        model_.street_names_ko[found->second] = std::move(ko);
      } else if (attribute.name == v_.lane_count && count != nullptr && *count > 0 && *count < 17) {
        street.lanes = static_cast<uint8_t>(street.is_oneway ? *count : std::max<int64_t>(1, *count / 2));
        street.half_width_m = static_cast<float>(static_cast<double>(*count) * lane_width_m / 2);
      }
      return true;
    });
    return true;
  });
}

base::Status RecordReader::signals() {
  std::map<std::pair<int, int>, std::vector<uint32_t>> cells;
  const auto key = [](Point at) {
    return std::pair{static_cast<int>(std::floor(at.x / signal_reach_m)),
                     static_cast<int>(std::floor(at.y / signal_reach_m))};
  };
  std::vector<int> arms(model_.junctions.size());
  for (const Street& street : model_.streets) {
    ++arms[street.start];
    ++arms[street.end];
  }
  for (uint32_t n = 0; n < model_.junctions.size(); ++n) {
    if (arms[n] >= 3) cells[key(model_.junctions[n].at)].push_back(n);
  }
  twin::Query query;
  query.types.any_of = {{v_.traffic_signal}};
  return snapshot_.each(query, [&](const twin::EntityRecord& record) {
    record.each_attribute({}, [&](const Attribute& attribute) {
      const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
      if (attribute.name != v_.location || geometry == nullptr || geometry->positions.empty()) return true;
      const Point at = model_.frame.point_of(geometry->positions.front());
      for (int n = 0; n < 9; ++n) {
        const auto cell = cells.find(key(at + Point{(n % 3 - 1) * signal_reach_m, (n / 3 - 1) * signal_reach_m}));
        if (cell == cells.end()) continue;
        for (const uint32_t junction : cell->second) {
          if (length(model_.junctions[junction].at - at) < signal_reach_m)
            model_.junctions[junction].has_signals = true;
        }
      }
      return true;
    });
    return true;
  });
}

base::Status RecordReader::buildings() {
  const StreetGrid grid(model_);
  twin::Query query;
  query.types.any_of = {{v_.building}};
  return snapshot_.each(query, [&](const twin::EntityRecord& record) {
    Place place;
    double height_m = 6, area = 0;
    std::string category;
    record.each_attribute({}, [&](const Attribute& attribute) {
      if (const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
          geometry != nullptr && attribute.name == v_.location && geometry->positions.size() > 2) {
        Ring ring;
        const size_t end = geometry->line_ends.empty() ? geometry->positions.size() : geometry->line_ends.front();
        for (size_t n = 0; n + 1 < end; ++n) ring.push_back(model_.frame.point_of(geometry->positions[n]));
        Point sum;
        for (const Point& corner : ring) sum = sum + corner;
        place.at = sum * (1 / static_cast<double>(std::max<size_t>(1, ring.size())));
        area = std::abs(area_m2(ring));
      }
      if (attribute.name == v_.height) height_m = twin::as_number(attribute.value);
      const auto* text = std::get_if<std::string>(&attribute.value);
      if (text != nullptr && attribute.name == v_.category) category = *text;
      return true;
    });
    if (area < 12) return true;
    place.use = use_of(category);
    guess_people(place, area * std::clamp(std::round(height_m / 3.2), 1.0, 100.0));
    grid.find(place);
    model_.places.push_back(place);
    return true;
  });
}

}  // namespace

base::Result<CityModel> CityModel::of_record(const thread::Thread& thread, uint64_t seed) {
  CityModel model;
  model.seed = seed;
  model.is_invented = false;
  RecordReader reader(thread, model);
  if (base::Status status = reader.read(); !status) return status.error();
  model.finish();
  return model;
}

}  // namespace cityloom::rehearsal

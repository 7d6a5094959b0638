// The common half of both ways to a model: junctions, signals, what is connected, sums of people.
#include "rehearsal/model.hpp"

#include <algorithm>
#include <cmath>

namespace cityloom::rehearsal {
namespace {

constexpr int64_t amber_s = 3, all_red_s = 1;

/// Junctions reachable from one along edges, forwards or backwards.
std::vector<char> reached(const CityModel& model, uint32_t from, bool backwards) {
  std::vector<std::vector<uint32_t>> in;
  if (backwards) {
    in.resize(model.junctions.size());
    for (uint32_t edge = 0; edge < model.edge_count(); ++edge) {
      if (model.is_open(edge)) in[model.head(edge)].push_back(model.tail(edge));
    }
  }
  std::vector<char> seen(model.junctions.size());
  std::vector<uint32_t> waiting{from};
  seen[from] = 1;
  const auto visit = [&](uint32_t node) {
    if (seen[node] == 0) {
      seen[node] = 1;
      waiting.push_back(node);
    }
  };
  while (!waiting.empty()) {
    const uint32_t node = waiting.back();
    waiting.pop_back();
    if (backwards) {
      for (const uint32_t before : in[node]) visit(before);
    } else {
      const Junction& junction = model.junctions[node];
      for (uint32_t n = 0; n < junction.edges; ++n) visit(model.head(model.edges_out[junction.first_edge + n]));
    }
  }
  return seen;
}

}  // namespace

uint32_t workers_in(const Place& place) {
  return place.residents * 52U / 100;
}

uint32_t pupils_in(const Place& place) {
  return place.residents * 13U / 100;
}

Point CityModel::point_on(uint32_t edge, double along_m) const {
  const Street& street = street_of(edge);
  double left_m = std::clamp(edge % 2 == 0 ? along_m : static_cast<double>(street.length_m) - along_m, 0.0,
                             static_cast<double>(street.length_m));
  for (uint32_t n = 1; n < street.points; ++n) {
    const Point from = points[street.first_point + n - 1], to = points[street.first_point + n];
    const double part_m = length(to - from);
    if (left_m <= part_m || n + 1 == street.points) {
      return from + (to - from) * (part_m > 0 ? std::min(1.0, left_m / part_m) : 0);
    }
    left_m -= part_m;
  }
  return points[street.first_point];
}

Point CityModel::direction_on(uint32_t edge, double along_m) const {
  const Street& street = street_of(edge);
  double left_m = edge % 2 == 0 ? along_m : static_cast<double>(street.length_m) - along_m;
  Point along{1, 0};
  for (uint32_t n = 1; n < street.points; ++n) {
    const Point step = points[street.first_point + n] - points[street.first_point + n - 1];
    const double part_m = length(step);
    if (part_m > 0) along = step;
    if (left_m <= part_m) break;
    left_m -= part_m;
  }
  along = unit_of(along);
  return edge % 2 == 0 ? along : along * -1;
}

Light CityModel::light(uint32_t edge, int64_t second) const {
  const Junction& junction = junctions[head(edge)];
  if (!junction.has_signals) return Light::green;
  const int64_t half_s = junction.cycle_s / 2;
  int64_t at_s = (second + junction.offset_s) % junction.cycle_s;
  if (signal_groups[edge] == 1) at_s = (at_s + half_s) % junction.cycle_s;
  if (at_s < half_s - amber_s - all_red_s) return Light::green;
  return at_s < half_s - all_red_s ? Light::amber : Light::red;
}

void CityModel::finish() {
  std::vector<uint32_t> counts(junctions.size() + 1);
  for (uint32_t edge = 0; edge < edge_count(); ++edge) {
    if (is_open(edge)) ++counts[tail(edge)];
  }
  uint32_t first = 0;
  for (size_t n = 0; n < junctions.size(); ++n) {
    junctions[n].first_edge = first;
    junctions[n].edges = 0;
    first += counts[n];
  }
  edges_out.assign(first, 0);
  for (uint32_t edge = 0; edge < edge_count(); ++edge) {
    if (!is_open(edge)) continue;
    Junction& junction = junctions[tail(edge)];
    edges_out[junction.first_edge + junction.edges++] = edge;
  }
  set_signals();
  keep_connected();
  sum_up();
}

// Doors on streets from which not everything can be reached, or that cannot be reached, are nobody's goal.
void CityModel::keep_connected() {
  if (junctions.empty()) return;
  std::vector<char> connected;
  size_t most = 0;
  // The middle of a city is connected; a few starts find it.
  for (size_t n = 0; n < std::min<size_t>(8, junctions.size()); ++n) {
    const auto start = static_cast<uint32_t>(n * 7'919 % junctions.size());
    std::vector<char> both = reached(*this, start, false);
    const std::vector<char> back = reached(*this, start, true);
    size_t count = 0;
    for (size_t i = 0; i < both.size(); ++i)
      count += static_cast<size_t>(both[i] = static_cast<char>(both[i] & back[i]));
    if (count > most) {
      most = count;
      connected = std::move(both);
    }
    if (most * 2 > junctions.size()) break;
  }
  for (Place& place : places) {
    if (place.street == no_index) continue;
    const Street& street = streets[place.street];
    if (connected[street.start] == 0 || connected[street.end] == 0) place.street = no_index;
  }
}

void CityModel::set_signals() {
  signal_groups.assign(edge_count(), 0);
  std::vector<Point> axis(junctions.size());
  for (uint32_t edge = 0; edge < edge_count(); ++edge) {
    Junction& junction = junctions[head(edge)];
    const Street& street = street_of(edge);
    junction.radius_m = std::max(junction.radius_m, street.half_width_m + 3.5F);
    const Point along = direction_on(edge, static_cast<double>(street.length_m));
    Point& first = axis[head(edge)];
    if (first == Point{}) first = along;
    signal_groups[edge] = std::abs(dot(first, along)) > 0.7 ? 0 : 1;
    if (junction.has_signals && junction.cycle_s == 0) {
      Chance chance(seed, Purpose::signals, {static_cast<int64_t>(head(edge))});
      junction.cycle_s = static_cast<uint16_t>(80 + 10 * chance.below(5));
      junction.offset_s = static_cast<uint16_t>(chance.below(junction.cycle_s));
    }
  }
}

void CityModel::sum_up() {
  uint32_t residents = 0, workers = 0, pupils = 0, jobs = 0, seats = 0;
  for (std::vector<uint32_t>* sums : {&residents_until, &workers_until, &pupils_until, &jobs_until, &seats_until}) {
    sums->reserve(places.size());
  }
  for (const Place& place : places) {
    residents_until.push_back(residents += place.residents);
    workers_until.push_back(workers += workers_in(place));
    pupils_until.push_back(pupils += pupils_in(place));
    jobs_until.push_back(jobs += place.jobs);
    seats_until.push_back(seats += place.places);
  }
}

}  // namespace cityloom::rehearsal

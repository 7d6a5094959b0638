// libosmium assembles the rings; its problem reporter tells us why it could not.
#include "space/osm_area.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <osmium/area/assembler.hpp>
#include <osmium/area/problem_reporter.hpp>
#include <osmium/osm/area.hpp>
#include <string>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

std::string text_of(osmium::Location location) {
  if (!location.is_defined()) return "an unknown place";
  char text[64];
  std::snprintf(text, sizeof text, "%.6f, %.6f", static_cast<double>(location.x()) / 1e7,
                static_cast<double>(location.y()) / 1e7);
  return text;
}

// Keeps the first reason of each kind that matters.
class Reasons final : public osmium::area::ProblemReporter {
 public:
  void report_intersection(osmium::object_id_type way1, osmium::Location, osmium::Location, osmium::object_id_type way2,
                           osmium::Location, osmium::Location, osmium::Location at) override {
    if (way1 == way2) {
      say("its outline crosses itself at " + text_of(at));
    } else {
      say("its ways " + std::to_string(way1) + " and " + std::to_string(way2) + " cross at " + text_of(at));
    }
  }
  void report_ring_not_closed(const osmium::NodeRef& end, const osmium::Way*) override {
    say("its ring is open at node/" + std::to_string(end.ref()));
  }
  void report_invalid_location(osmium::object_id_type, osmium::object_id_type node) override {
    say("node/" + std::to_string(node) + " is not in the file");
  }
  const std::string& reason() const { return reason_; }

 private:
  void say(std::string reason) {
    if (reason_.empty()) reason_ = std::move(reason);
  }
  std::string reason_;
};

// The sum of cross products: twice the area, positive when counter-clockwise. Around the first position, since
// degrees far from zero would cancel.
double signed_double_area(const twin::Position* first, size_t count) {
  double sum = 0;
  for (size_t i = 1; i + 1 < count; ++i) {
    sum += (first[i].longitude_deg - first[0].longitude_deg) * (first[i + 1].latitude_deg - first[0].latitude_deg) -
           (first[i + 1].longitude_deg - first[0].longitude_deg) * (first[i].latitude_deg - first[0].latitude_deg);
  }
  return sum;
}

void append_ring(const osmium::NodeRefList& ring, bool counter_clockwise, twin::Geometry& to) {
  const size_t start = to.positions.size();
  for (const osmium::NodeRef& node : ring) to.positions.push_back({node.lon(), node.lat()});
  if ((signed_double_area(&to.positions[start], ring.size()) > 0) != counter_clockwise) {
    std::reverse(to.positions.begin() + static_cast<long>(start), to.positions.end());
  }
  // Every ring starts at its smallest position, so that the same area reads the same in every version of a file.
  to.positions.pop_back();
  const auto begin = to.positions.begin() + static_cast<long>(start);
  const auto smallest = std::min_element(begin, to.positions.end(), [](const auto& a, const auto& b) {
    return std::pair(a.longitude_deg, a.latitude_deg) < std::pair(b.longitude_deg, b.latitude_deg);
  });
  std::rotate(begin, smallest, to.positions.end());
  to.positions.push_back(to.positions[start]);
  to.line_ends.push_back(static_cast<uint32_t>(to.positions.size()));
}

base::Result<twin::Geometry> geometry_of(const osmium::memory::Buffer& buffer, const Reasons& reasons) {
  twin::Geometry geometry{twin::GeometryKind::polygon, {}, {}, {}};
  for (const auto& area : buffer.select<osmium::Area>()) {
    for (const auto& outer : area.outer_rings()) {
      append_ring(outer, true, geometry);
      for (const auto& inner : area.inner_rings(outer)) append_ring(inner, false, geometry);
      geometry.polygon_ends.push_back(static_cast<uint32_t>(geometry.line_ends.size()));
    }
  }
  if (geometry.positions.empty()) {
    return fail(Code::invalid, reasons.reason().empty() ? "its outline encloses no area" : reasons.reason());
  }
  if (geometry.polygon_ends.size() == 1) {
    geometry.polygon_ends.clear();
  } else {
    geometry.kind = twin::GeometryKind::multi_polygon;
  }
  if (auto status = geometry.check(); !status) return status.error();
  return geometry;
}

template <class... Input>
base::Result<twin::Geometry> assemble(const Input&... input) {
  Reasons reasons;
  osmium::area::AssemblerConfig config;
  config.problem_reporter = &reasons;
  config.ignore_invalid_locations = false;
  osmium::memory::Buffer buffer(1024, osmium::memory::Buffer::auto_grow::yes);
  try {
    osmium::area::Assembler assembler(config);
    assembler(input..., buffer);
  } catch (const std::exception& exception) {
    return fail(Code::invalid, std::string("its outline cannot be read: ") + exception.what());
  }
  return geometry_of(buffer, reasons);
}

base::Error too_many_positions() {
  return fail(Code::too_large, "it has more than " + std::to_string(area_positions_max) + " nodes");
}

// Calls visit(first, count) for each ring.
template <class Visit>
void each_ring(const twin::Geometry& area, Visit visit) {
  size_t start = 0;
  for (uint32_t end : area.line_ends) {
    visit(&area.positions[start], end - start);
    start = end;
  }
}

// Where the horizontal line at this latitude crosses the edges, from west to east.
std::vector<double> crossings_at(const twin::Geometry& area, double latitude_deg) {
  std::vector<double> crossings;
  each_ring(area, [&](const twin::Position* ring, size_t count) {
    for (size_t i = 0; i + 1 < count; ++i) {
      const twin::Position &a = ring[i], &b = ring[i + 1];
      if ((a.latitude_deg > latitude_deg) == (b.latitude_deg > latitude_deg)) continue;
      crossings.push_back(a.longitude_deg + (latitude_deg - a.latitude_deg) / (b.latitude_deg - a.latitude_deg) *
                                                (b.longitude_deg - a.longitude_deg));
    }
  });
  std::sort(crossings.begin(), crossings.end());
  return crossings;
}

}  // namespace

base::Result<twin::Geometry> area_of(const osmium::Way& way) {
  if (way.nodes().size() > area_positions_max) return too_many_positions();
  if (way.nodes().size() < 4) return fail(Code::invalid, "its outline has fewer than three corners");
  for (const osmium::NodeRef& node : way.nodes()) {
    if (!node.location().valid())
      return fail(Code::invalid, "node/" + std::to_string(node.ref()) + " is not in the file");
  }
  if (!way.ends_have_same_location()) {
    return fail(Code::invalid, "its ring is open at node/" + std::to_string(way.nodes().back().ref()));
  }
  return assemble(way);
}

base::Result<twin::Geometry> area_of(const osmium::Relation& relation, const std::vector<const osmium::Way*>& members) {
  size_t count = 0;
  for (const osmium::Way* way : members) count += way->nodes().size();
  if (count > area_positions_max) return too_many_positions();
  return assemble(relation, members);
}

twin::Position position_within(const twin::Geometry& area) {
  const twin::Box box = twin::bounds_of(area);
  // Slightly off the middle: corners like to lie on it.
  const double latitude_deg = box.south_deg + (box.north_deg - box.south_deg) * 0.5012345;
  const std::vector<double> crossings = crossings_at(area, latitude_deg);
  double widest = -1, longitude_deg = (box.west_deg + box.east_deg) / 2;
  for (size_t i = 0; i + 1 < crossings.size(); i += 2) {
    if (crossings[i + 1] - crossings[i] <= widest) continue;
    widest = crossings[i + 1] - crossings[i];
    longitude_deg = (crossings[i] + crossings[i + 1]) / 2;
  }
  return {longitude_deg, latitude_deg};
}

bool contains(const twin::Geometry& area, const twin::Position& position) {
  const std::vector<double> crossings = crossings_at(area, position.latitude_deg);
  const auto west_of = std::lower_bound(crossings.begin(), crossings.end(), position.longitude_deg);
  return (west_of - crossings.begin()) % 2 == 1;
}

double square_degrees_of(const twin::Geometry& area) {
  double sum = 0;
  each_ring(area, [&](const twin::Position* ring, size_t count) { sum += signed_double_area(ring, count) / 2; });
  return std::abs(sum);
}

}  // namespace cityloom::space

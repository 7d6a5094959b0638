// One list of names serves both ways of looking terms up.
#include "space/vocabulary.hpp"

#include <string>
#include <utility>

namespace cityloom::space {
namespace {

using Member = twin::Term Vocabulary::*;
using V = Vocabulary;

constexpr std::string_view default_vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";

constexpr std::pair<Member, std::string_view> default_names[] = {{&V::building, "Building"},
                                                                 {&V::building_part, "BuildingPart"},
                                                                 {&V::road_segment, "RoadSegment"},
                                                                 {&V::turn_restriction, "TurnRestriction"},
                                                                 {&V::traffic_signal, "TrafficSignal"},
                                                                 {&V::crossing, "Crossing"},
                                                                 {&V::point_of_interest, "PointOfInterest"},
                                                                 {&V::water, "Water"},
                                                                 {&V::green_space, "GreenSpace"},
                                                                 {&V::name, "name"},
                                                                 {&V::height, "height"},
                                                                 {&V::height_source, "heightSource"},
                                                                 {&V::min_height, "minHeight"},
                                                                 {&V::levels, "levels"},
                                                                 {&V::category, "category"},
                                                                 {&V::address, "address"},
                                                                 {&V::source, "source"},
                                                                 {&V::provided_by, "providedBy"},
                                                                 {&V::part_of, "partOf"},
                                                                 {&V::roof_shape, "roofShape"},
                                                                 {&V::roof_height, "roofHeight"},
                                                                 {&V::roof_direction, "roofDirection"},
                                                                 {&V::body, "body"},
                                                                 {&V::lod, "lod"},
                                                                 {&V::surface_types, "surfaceTypes"},
                                                                 {&V::appearance, "appearance"},
                                                                 {&V::road_class, "roadClass"},
                                                                 {&V::lane_count, "laneCount"},
                                                                 {&V::oneway, "oneway"},
                                                                 {&V::maximum_allowed_speed, "maximumAllowedSpeed"},
                                                                 {&V::start_node, "startNode"},
                                                                 {&V::end_node, "endNode"},
                                                                 {&V::length, "length"},
                                                                 {&V::bridge, "bridge"},
                                                                 {&V::tunnel, "tunnel"},
                                                                 {&V::motor_vehicle, "motorVehicle"},
                                                                 {&V::restriction, "restriction"},
                                                                 {&V::from, "from"},
                                                                 {&V::via, "via"},
                                                                 {&V::to, "to"}};

constexpr std::pair<Member, std::string_view> plain_names[] = {{&V::location, "https://uri.etsi.org/ngsi-ld/location"},
                                                               {&V::metre, "MTR"},
                                                               {&V::kilometre_per_hour, "KMH"},
                                                               {&V::degree, "DD"}};

}  // namespace

base::Result<Vocabulary> Vocabulary::intern(twin::TermTable& table) {
  Vocabulary made;
  for (const auto& [member, name] : default_names) {
    auto term = table.intern(std::string(default_vocabulary) + std::string(name));
    if (!term) return std::move(term).error();
    made.*member = *term;
  }
  for (const auto& [member, name] : plain_names) {
    auto term = table.intern(name);
    if (!term) return std::move(term).error();
    made.*member = *term;
  }
  return made;
}

Vocabulary Vocabulary::find(const twin::TermTable& table) {
  Vocabulary found;
  for (const auto& [member, name] : default_names) {
    found.*member = table.find(std::string(default_vocabulary) + std::string(name));
  }
  for (const auto& [member, name] : plain_names) found.*member = table.find(name);
  return found;
}

}  // namespace cityloom::space

// The names under which an imported city stands in the record.
#pragma once

#include "base/result.hpp"
#include "twin/term.hpp"

namespace cityloom::space {

/// Terms of the entity types, attributes and units of docs/api.md, "Entities of an imported city". A value.
struct Vocabulary {
  // Types.
  twin::Term building, building_part, road_segment, turn_restriction, traffic_signal, crossing, point_of_interest,
      water, green_space;
  // Attributes.
  twin::Term name, location, height, height_source, min_height, levels, category, address, source, provided_by, part_of,
      roof_shape, roof_height, roof_direction, body, lod, surface_types, appearance;
  twin::Term road_class, lane_count, oneway, maximum_allowed_speed, start_node, end_node, length, bridge, tunnel,
      motor_vehicle, restriction, from, via, to;
  // Units.
  twin::Term metre, kilometre_per_hour, degree;

  /// For writers: interns what is new. Errors: those of TermTable::intern.
  static base::Result<Vocabulary> intern(twin::TermTable& table);

  /// For readers: what nobody has written yet is Term::unknown(). Cost: some 40 lookups.
  static Vocabulary find(const twin::TermTable& table);
};

}  // namespace cityloom::space

// One thing under the ground, as its entity says it, with the uncertainty that its accuracy class stands for.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "twin/entity.hpp"
#include "twin/term.hpp"

namespace cityloom::space {

/// What makes a thing dangerous to who digs; the worst first.
enum class Hazard : uint8_t { gas, high_voltage, oil, heating, high_pressure, electricity, none };

/// "gas", "highVoltage", "oil", "heating", "highPressure", "electricity", "".
std::string_view name_of(Hazard hazard);

/// How far a position can be off. NaN: not known.
struct Accuracy {
  double horizontal_m = std::numeric_limits<double>::quiet_NaN();
  double vertical_m = std::numeric_limits<double>::quiet_NaN();
};

/// What an accuracy class stands for at this depth: PAS 128's detection classes (B1: 150 mm or 15 % of the depth, B2:
/// 250 mm or 40 %, B3: 500 mm in plan only; A: 50 and 25 mm) and the Korean rule for surveyed underground facilities
/// (20 cm in plan, 30 cm in depth) for KR:measured and KR:detected. Others promise nothing.
Accuracy accuracy_of(std::string_view accuracy_class, double depth_m);

/// Terms of docs/api.md, "Under the ground", as readers need them. A value.
struct UndergroundTerms {
  std::vector<twin::Term>
      types;  ///< Pipe, Cable, Tunnel, Basement, UndergroundStructure, Pump, Valve, WaterNetworkNode
  twin::Term road_segment, tunnel;
  twin::Term name, network, depth, depth_min, depth_max, diameter, width, height, material, installed_at, owner,
      owner_phone, pressure, voltage, accuracy_class, horizontal_accuracy, vertical_accuracy, status, level_max;
  twin::Term metre, millimetre, centimetre, kilopascal, bar, volt, kilovolt;

  /// What nobody has written yet is Term::unknown(). Cost: some 40 lookups.
  static UndergroundTerms find(const twin::TermTable& table);
};

/// Numbers are NaN and texts empty where the entity does not say them.
struct Buried {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  std::string id, type;
  std::string name_json;  ///< `name` as JSON: a text or a language map
  std::string network, material, installed_at, owner, owner_phone, accuracy_class, status;
  double depth_min_m = unknown, depth_max_m = unknown;  ///< from the ground to the top of it
  double diameter_m = unknown, width_m = unknown, height_m = unknown;
  double pressure_kpa = unknown, voltage_v = unknown;
  Accuracy accuracy;  ///< stated, else by class
  Hazard hazard = Hazard::none;
  twin::Geometry location;
  bool has_heights = false;  ///< every position of `location` has one: of the axis (lines) or the floor (areas)
  bool is_node = false;      ///< of a network, as which tanks above the ground count too: its height is of its floor

  /// From its axis or middle to its top and to its side; 0 where nothing says how large it is.
  double half_height_m() const;
  double half_width_m() const;
  /// From top to bottom; NaN where nothing says it.
  double size_m() const;
};

/// Reads an entity of the types above (a node of a water network only if it has heights: its pipes say the rest), or a
/// RoadSegment in a tunnel. Nothing if it has no place or is none of them.
std::optional<Buried> read_buried(const twin::EntityRecord& record, const UndergroundTerms& terms,
                                  const twin::TermTable& table);

}  // namespace cityloom::space

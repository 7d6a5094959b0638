// Hours of sunlight at windows, and whether they are enough by a rule of the building law.
#pragma once

#include <functional>
#include <vector>

#include "base/result.hpp"
#include "model/sun/day.hpp"
#include "model/sun/exposure.hpp"

namespace cityloom::model::sun {

/// Enough is so much in one piece within some hours, or so much altogether within others. As it stands here it is that
/// of Korea's Enforcement Decree of the Building Act, article 86, on the winter solstice.
struct SunlightRule {
  double piece_from_h = 9, piece_to_h = 15, piece_h = 2;
  double total_from_h = 8, total_to_h = 16, total_h = 4;
};

/// What a window gets.
struct Sunlight {
  double piece_h = 0;  ///< the longest piece within the rule's hours
  double total_h = 0;  ///< altogether within the rule's hours
  bool is_enough = false;
};

/// Of stretches of light in a day (local hours, ascending, each from and to).
Sunlight judge(const std::vector<std::pair<double, double>>& stretches, const SunlightRule& rule);

/// Of each part of surfaces, on the day of a case with the terrain as it is raised. Errors: invalid (as steps_of; a
/// rule that ends before it begins), cancelled.
base::Result<std::vector<Sunlight>> sunlight(const GridFile& raised, const DayCase& it, const std::vector<Part>& parts,
                                             const SunlightRule& rule, const std::function<bool(double)>& goes_on = {});

/// The best window of each building on one storey is what a household there has; here, of each building: its worst
/// storey's best façade part. Buildings without façades have none.
struct BuildingSunlight {
  Sunlight light;
  bool has_facade = false;
};
std::vector<BuildingSunlight> by_building(size_t buildings, const std::vector<Part>& parts,
                                          const std::vector<Sunlight>& lights);

}  // namespace cityloom::model::sun

// The day is taken in its steps: a part is lit for the whole of a step or not at all.
#include "model/sun/sunlight_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace cityloom::model::sun {

using base::Code;
using base::fail;

Sunlight judge(const std::vector<std::pair<double, double>>& stretches, const SunlightRule& rule) {
  Sunlight found;
  double piece = 0, piece_end = -1;
  for (const auto& [from, to] : stretches) {
    found.total_h += std::max(0.0, std::min(to, rule.total_to_h) - std::max(from, rule.total_from_h));
    const double begin = std::max(from, rule.piece_from_h), end = std::min(to, rule.piece_to_h);
    if (!(end > begin)) continue;
    piece = std::abs(begin - piece_end) < 1e-6 ? piece + (end - begin) : end - begin;
    piece_end = end;
    found.piece_h = std::max(found.piece_h, piece);
  }
  // Steps are sums of fractions.
  found.is_enough = found.piece_h >= rule.piece_h - 1e-6 || found.total_h >= rule.total_h - 1e-6;
  return found;
}

base::Result<std::vector<Sunlight>> sunlight(const GridFile& raised, const DayCase& it, const std::vector<Part>& parts,
                                             const SunlightRule& rule, const std::function<bool(double)>& goes_on) {
  if (!(rule.piece_from_h < rule.piece_to_h && rule.total_from_h < rule.total_to_h && rule.piece_h >= 0 &&
        rule.total_h >= 0))
    return fail(Code::invalid, "the rule's hours end before they begin", "rule");
  const auto steps = steps_of(it);
  if (!steps) return steps.error();
  std::vector<Direction> directions;
  for (const DayStep& step : *steps) directions.push_back({step.sun.azimuth_deg, 90 - step.sun.zenith_deg});
  const auto lit = exposure(raised, it.site, parts, directions, goes_on);
  if (!lit) return lit.error();
  std::vector<Sunlight> found(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    std::vector<std::pair<double, double>> stretches;
    for (size_t k = 0; k < steps->size(); ++k) {
      if ((*lit)[k][i]) stretches.emplace_back((*steps)[k].from_h, (*steps)[k].to_h);
    }
    found[i] = judge(stretches, rule);
  }
  return found;
}

std::vector<BuildingSunlight> by_building(size_t buildings, const std::vector<Part>& parts,
                                          const std::vector<Sunlight>& lights) {
  // Of each building and height, the best façade part; storeys as 3 m, since walls begin on different ground.
  std::map<std::pair<size_t, int64_t>, Sunlight> best;
  const auto better = [](const Sunlight& a, const Sunlight& b) {
    return std::tuple(a.is_enough, std::max(a.piece_h * 2, a.total_h)) >
           std::tuple(b.is_enough, std::max(b.piece_h * 2, b.total_h));
  };
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].kind != Part::Kind::facade) continue;
    const auto [at, is_new] = best.try_emplace({parts[i].building, std::llround(parts[i].height_m / 3)}, lights[i]);
    if (!is_new && better(lights[i], at->second)) at->second = lights[i];
  }
  std::vector<BuildingSunlight> found(buildings);
  for (const auto& [key, light] : best) {
    BuildingSunlight& building = found[key.first];
    if (!building.has_facade || better(building.light, light)) building.light = light;
    building.has_facade = true;
  }
  return found;
}

}  // namespace cityloom::model::sun

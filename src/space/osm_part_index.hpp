// Which building a building part belongs to: the smallest whose outline holds the part.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <string>
#include <string_view>
#include <vector>

#include "twin/geometry.hpp"

namespace cityloom::space {

/// Places within parts. Add all, finish, then adopt by each building. One worker.
class OsmPartIndex {
 public:
  /// Adds a part by a place within it.
  void add(const twin::Position& place);
  /// Ends adding: sorts.
  void finish();
  bool empty() const { return parts_.empty(); }

  /// The building takes the parts whose place lies in its outline, unless a smaller building has.
  void adopt(std::string_view building_id, const twin::Geometry& outline);

  /// The building that took the part with this place, or "".
  std::string_view building_of(const twin::Position& place) const;

 private:
  struct Part {
    twin::Position place;
    std::string building_id;
    double square_degrees = 0;
  };
  std::vector<Part> parts_;  // by latitude, then longitude
};

}  // namespace cityloom::space

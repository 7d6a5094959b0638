// Where the record knows water, as masks of terrain tiles.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "twin/geometry.hpp"

namespace cityloom::space {

/// The areas of all Water entities of one moment. Never changes; any worker.
class WaterAreas {
 public:
  WaterAreas() = default;
  /// Of geometries, only areas count. Those past `water_positions_max` corners in all are left out.
  explicit WaterAreas(std::vector<twin::Geometry> geometries);

  bool empty() const { return areas_.empty(); }
  uint64_t version() const { return version_; }  ///< equal exactly when the areas are, about

  /// One byte if all of the box is land (0) or water (255), else `side` by `side` of them, from the north-west.
  /// Cost: what the areas that touch the box have of corners, and rows.
  std::string mask(const twin::Box& box, uint32_t side) const;

 private:
  struct Area {
    twin::Box box;
    twin::Geometry geometry;
  };
  std::vector<Area> areas_;
  uint64_t version_ = 0;
};

inline constexpr size_t water_positions_max = 5'000'000;

}  // namespace cityloom::space

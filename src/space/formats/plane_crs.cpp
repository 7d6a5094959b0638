// Swapping axes where their system names north first.
#include "space/formats/plane_crs.hpp"

namespace cityloom::space {

base::Result<PlaneCrs> PlaneCrs::open(std::string_view definition) {
  PlaneCrs crs;
  std::string name(definition);
  if (name.find("CRS84") != std::string::npos) return crs;
  auto system = CoordinateSystem::open(definition, MissingGrids::approximate);
  if (!system) return std::move(system).error();
  crs.is_north_first_ = system->is_north_first();
  crs.has_vertical_ = system->name().find(" + ") != std::string::npos;
  crs.system_ = std::move(*system);
  return crs;
}

base::Result<twin::Position> PlaneCrs::position(double x, double y, double z) const {
  if (!system_) return twin::Position::make(x, y, z);
  return system_->to_wgs84(is_north_first_ ? RawPosition{y, x, z} : RawPosition{x, y, z});
}

std::string PlaneCrs::note() const {
  if (!system_ || system_->missing_grids().empty()) return {};
  std::string list;
  for (const std::string& grid : system_->missing_grids()) list += (list.empty() ? "" : ", ") + grid;
  return system_->name() + " needs correction grids that are not installed (" + list +
         "): places may be off by metres, heights by tens of metres";
}

}  // namespace cityloom::space

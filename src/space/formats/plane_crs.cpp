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
  if (system->lacks_heights()) {
    auto geoid = CoordinateSystem::open("EPSG:4326+5773", MissingGrids::refuse);
    if (geoid) crs.egm96_ = std::move(*geoid);
  }
  crs.system_ = std::move(*system);
  return crs;
}

base::Result<twin::Position> PlaneCrs::position(double x, double y, double z) const {
  if (!system_) return twin::Position::make(x, y, z);
  auto made = system_->to_wgs84(is_north_first_ ? RawPosition{y, x, z} : RawPosition{x, y, z});
  if (!made || !egm96_ || !made->has_height()) return made;
  return egm96_->to_wgs84({made->latitude_deg, made->longitude_deg, made->height_m});
}

std::string PlaneCrs::note() const {
  if (system_ && system_->lacks_heights()) return heights_note(*system_, egm96_.has_value());
  if (!system_ || system_->missing_grids().empty()) return {};
  std::string list;
  for (const std::string& grid : system_->missing_grids()) list += (list.empty() ? "" : ", ") + grid;
  return system_->name() + " needs correction grids that are not installed (" + list + "): places may be off by metres";
}

}  // namespace cityloom::space

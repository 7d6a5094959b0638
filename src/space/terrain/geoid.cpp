#include "space/terrain/geoid.hpp"

#include <algorithm>
#include <cmath>

namespace cityloom::space {
namespace {
constexpr double lattice_deg = 1.0 / 64;
}

base::Result<VerticalShift> VerticalShift::egm96() {
  auto system = CoordinateSystem::open("EPSG:4326+5773", MissingGrids::refuse);
  if (!system) return std::move(system).error();
  return VerticalShift(std::move(*system));
}

base::Status VerticalShift::along(double latitude_deg, double west_deg, double step_east_deg,
                                  std::vector<double>& shifts_m) const {
  std::fill(shifts_m.begin(), shifts_m.end(), 0.0);
  if (!system_ || shifts_m.empty()) return {};
  latitude_deg = std::clamp(latitude_deg, -90.0, 90.0);
  const auto shift_at = [&](double longitude_deg) -> base::Result<double> {
    // The same place in the system, at its height 0: where does that lie?
    auto raw = system_->from_wgs84({std::clamp(longitude_deg, -180.0, 180.0), latitude_deg, 0});
    if (!raw) return raw.error();
    raw->third = 0;
    const auto position = system_->to_wgs84(*raw);
    if (!position) return position.error();
    return position->height_m;
  };
  double known_from = std::floor(west_deg / lattice_deg) * lattice_deg;
  auto left = shift_at(known_from);
  auto right = shift_at(known_from + lattice_deg);
  for (size_t column = 0; column < shifts_m.size(); ++column) {
    const double longitude_deg = west_deg + step_east_deg * static_cast<double>(column);
    while (longitude_deg > known_from + lattice_deg) {
      known_from = std::max(known_from + lattice_deg, std::floor(longitude_deg / lattice_deg) * lattice_deg);
      left = shift_at(known_from);
      right = shift_at(known_from + lattice_deg);
    }
    if (!left) return left.error();
    if (!right) return right.error();
    const double part = (longitude_deg - known_from) / lattice_deg;
    shifts_m[column] = *left + part * (*right - *left);
  }
  return {};
}

}  // namespace cityloom::space

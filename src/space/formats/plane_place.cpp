// Shift, turn, and the local frame.
#include "space/formats/plane_place.hpp"

#include <cmath>

namespace cityloom::space {

PlanePlace PlanePlace::of_placement(const Placement& placement, double origin_x, double origin_y, double metres) {
  const double angle = placement.rotation_deg * radians_per_degree;
  return PlanePlace({}, LocalFrame({placement.longitude_deg, placement.latitude_deg, placement.height_m}),
                    {origin_x, origin_y, std::sin(angle), std::cos(angle)}, metres);
}

base::Result<twin::Position> PlanePlace::position(double x, double y, double z) const {
  if (!frame_) return crs_.position(x, y, z);
  const double east = (x - turn_.x) * metres_, north = (y - turn_.y) * metres_;
  constexpr double extent_m_max = 1'000'000;
  if (!(std::abs(east) < extent_m_max && std::abs(north) < extent_m_max)) {
    return base::fail(base::Code::invalid, "it lies more than 1000 km from the model's origin");
  }
  // Clockwise seen from above.
  twin::Position made = frame_->position_of_local(
      {east * turn_.cosine + north * turn_.sine, north * turn_.cosine - east * turn_.sine, 0});
  made.height_m = std::isnan(z) ? z : frame_->origin().height_m + z;
  return twin::Position::make(made.longitude_deg, made.latitude_deg, made.height_m);
}

}  // namespace cityloom::space
